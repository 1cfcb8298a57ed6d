import { entries, extractApi, reportFolder } from './extract.js';

for (const subpath of entries.keys()) extractApi(subpath, reportFolder);

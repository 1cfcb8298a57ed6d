import * as embed from './embed-files.js';

/** What a page fetches, as load-embed-files.browser.ts says. Elsewhere it is there. */
export const loadEmbedFiles = async () => embed;

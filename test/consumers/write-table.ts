import { readFileSync, writeFileSync } from 'node:fs';
import { writeSection } from '../runtimes/table.js';
import { toTable } from './matrix.js';

// npx tsx test/consumers/write-table.ts    writes the table of consumers into the README

const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, writeSection(readFileSync(readme, 'utf8'), toTable(), 'consumers'));

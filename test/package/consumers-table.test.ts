import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONSUMERS, toTable } from '../consumers/matrix.js';
import { readSection } from '../runtimes/table.js';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the table of consumers in the README', () => {
  it('is what the tests put the package through, by the versions that are installed for them', () => {
    expect(readSection(read('README.md'), 'consumers'), 'npx tsx test/consumers/write-table.ts').toBe(
      toTable(),
    );
  });

  it('has no row that no test shows', () => {
    const tests = readdirSync(join(root, 'test/consumers')).filter((file) => file.endsWith('.test.ts'));
    const text = tests.map((file) => read(`test/consumers/${file}`)).join('\n');
    const shown = [...text.matchAll(/titleOf\('(\w+)'\)/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual(Object.keys(CONSUMERS).sort());
  });
});

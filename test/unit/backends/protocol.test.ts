import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = 'src/backends/PROTOCOL.md';

/** The rows of all tables, without heads and the lines below them. */
const rows = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.endsWith('| Shown by |'));

describe('each row of the protocol', () => {
  it('is read', () => {
    expect(rows.length).toBeGreaterThan(40);
  });

  it.each(rows)('names a test that shows it: %s', (row) => {
    const [, title = '', path = ''] =
      /\| \[(.+)\]\(\.\.\/\.\.\/(test\/[^)]+\.test\.ts)\) \|$/.exec(row) ?? [];
    expect(path, 'the last column is a link to a test').not.toBe('');
    expect(readFileSync(path, 'utf8')).toContain(title);
  });
});

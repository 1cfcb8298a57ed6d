import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COLUMNS, type Column, RUNTIMES, type Runtime } from '../runtimes/matrix.js';
import { failures, noResult, type Result } from '../runtimes/result.js';
import { readSection, toReport, writeSection } from '../runtimes/table.js';

const columns = Object.keys(COLUMNS) as Column[];
const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** A row of the table, without the bars. */
function rowsOf(table: string): string[][] {
  const lines = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return lines.map((cells) => cells.slice(1, -1));
}

describe('the table of runtimes in the README', () => {
  const [head, , ...rows] = rowsOf(readSection(readme));

  it('has the columns and the runtimes of the matrix', () => {
    expect(head).toEqual(['', ...Object.values(COLUMNS)]);
    expect(rows.map(([name]) => name)).toEqual(RUNTIMES.map(({ name }) => name));
  });

  it('has a dash where a runtime lacks something, and nowhere else', () => {
    const expected = RUNTIMES.map(({ name, lacks }) => [
      name,
      ...columns.map((column) => (lacks[column] === undefined ? 'yes' : '–')),
    ]);
    expect(rows).toEqual(expected);
  });

  it('is replaced as a whole, and nothing around it', () => {
    const again = writeSection(writeSection(readme, '| one |'), readSection(readme));
    expect(again).toBe(readme);
  });
});

describe('a run on a runtime', () => {
  const runtime: Runtime = {
    name: 'Edge 1',
    kind: 'workerd',
    lacks: { cjs: null, save: /no file system/ },
  };
  const nothing = Object.fromEntries(columns.map((column) => [column, null]));
  const result = (problems: Partial<Record<Column, string | null>>): Result => ({
    runtime,
    version: '1.2.3',
    problems: {
      ...nothing,
      cjs: 'not run',
      save: 'there is no file system',
      ...problems,
    } as Result['problems'],
  });

  it('passes where all works but what is lacking', () => {
    expect(failures(result({}))).toEqual([]);
  });

  it('fails where something does not work, and says what', () => {
    const broken = result({ sse: 'Error: served by polling' });
    expect(failures(broken)).toEqual([['sse', 'Error: served by polling']]);
    expect(toReport([broken])).toContain('\n\nEdge 1, SSE: Error: served by polling');
    const [, , row] = rowsOf(toReport([broken]));
    expect(row?.join()).toBe('Edge 1 (1.2.3),yes,yes,FAILS,yes,yes,–,yes,yes,yes,–,yes');
  });

  it('fails where what is lacking works, or fails for another reason', () => {
    expect(failures(result({ save: null }))).toHaveLength(1);
    expect(failures(result({ save: 'TypeError: undefined is not a function' }))).toHaveLength(1);
  });

  it('fails where the runtime is missing', () => {
    const missing = failures(noResult(runtime, new Error('missing: edge')));
    expect(missing).toContainEqual(['generate', 'missing: edge']);
    expect(missing).toHaveLength(columns.length - 1);
    expect(toReport([noResult(runtime, new Error('missing: edge'))]).match(/missing: edge/g)).toHaveLength(1);
  });
});

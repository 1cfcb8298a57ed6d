import { COLUMNS, type Column, RUNTIMES, type Runtime } from './matrix.js';
import { failures, type Result } from './result.js';

const columns = Object.keys(COLUMNS) as Column[];

/** Works, is not there to be had, or fails. */
function cells(result: Result): readonly string[] {
  const failed = new Map(failures(result));
  return columns.map((column) => {
    if (failed.has(column)) return 'FAILS';
    return result.runtime.lacks[column] === undefined ? 'yes' : '–';
  });
}

/** The table in Markdown. */
function toTable(results: readonly Result[], nameOf: (result: Result) => string): string {
  const head = ['', ...Object.values(COLUMNS)];
  const rows = results.map((result) => [nameOf(result), ...cells(result)]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** As the README has it: a new patch version of a runtime changes nothing in it. */
export function toReadme(results: readonly Result[]): string {
  return toTable(results, ({ runtime }) => runtime.name);
}

/** As a person reads it, with what failed. */
export function toReport(results: readonly Result[]): string {
  const table = toTable(results, ({ runtime, version }) => `${runtime.name} (${version})`);
  const problems = results.flatMap((result) =>
    [...byProblem(failures(result))].map(
      ([problem, titles]) => `${result.runtime.name}, ${titles.join(', ')}: ${problem}`,
    ),
  );
  return [table, ...(problems.length > 0 ? ['', ...problems] : [])].join('\n');
}

/** What is missing altogether fails everywhere for one reason, which is told once. */
function byProblem(failed: readonly (readonly [Column, string])[]): Map<string, string[]> {
  const titles = new Map<string, string[]>();
  for (const [column, problem] of failed) {
    titles.set(problem, [...(titles.get(problem) ?? []), COLUMNS[column]]);
  }
  return titles;
}

type Section = 'runtimes' | 'consumers';

/** What stands between the markers. */
export function readSection(readme: string, section: Section = 'runtimes'): string {
  return split(readme, section)[1].trim();
}

export function writeSection(readme: string, text: string, section: Section = 'runtimes'): string {
  const [before, , after] = split(readme, section);
  return `${before}\n\n${text}\n\n${after}`;
}

function split(readme: string, section: Section): [string, string, string] {
  const marker = `<!-- ${section}:begin -->`;
  const [begin, end] = [readme.indexOf(marker), readme.indexOf(`<!-- ${section}:end -->`)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no ${marker} … end`);
  const from = begin + marker.length;
  return [readme.slice(0, from), readme.slice(from, end), readme.slice(end)];
}

/** Those of the matrix whose names begin so, or all. */
export function chosen(names: readonly string[]): readonly Runtime[] {
  const isWanted = ({ name }: Runtime, wanted: string) => name.toLowerCase().startsWith(wanted.toLowerCase());
  const unknown = names.find((wanted) => !RUNTIMES.some((runtime) => isWanted(runtime, wanted)));
  if (unknown !== undefined) {
    throw new Error(`no runtime ${unknown}; there are ${RUNTIMES.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0
    ? RUNTIMES
    : RUNTIMES.filter((runtime) => names.some((wanted) => isWanted(runtime, wanted)));
}

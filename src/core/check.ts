import { didYouMean } from './nearest.js';
import { isRecord } from './record.js';

/** What is wrong with a value, as the end of a sentence that begins with its name; undefined where nothing is. */
export type Check = (value: unknown) => string | undefined;

/** Makes the error for what is wrong at a path. */
export type Refusal = (path: string, problem: string, hint?: string) => Error;

/** For a field that may be left out. */
export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

export function oneOf(...choices: readonly string[]): Check {
  const wanted = choices.map((choice) => `'${choice}'`).join(' or ');
  return (value) => (choices.includes(value as string) ? undefined : `must be ${wanted}`);
}

export const text: Check = (value) =>
  typeof value === 'string' && /\S/.test(value) ? undefined : 'must be a string that is not empty';

/** Throws what `refuse` makes of the first thing wrong with an object that has these fields and no others. */
export function checkFields(
  whole: string,
  noun: 'field' | 'option',
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  refuse: Refusal,
  prefix = '',
): void {
  if (!isRecord(value)) throw refuse(whole, `${whole} must be an object`);
  const names = Object.keys(checks);
  // A misspelt name is missing as well: that it is unknown is the better news.
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const path = prefix + unknown;
    throw refuse(path, `there is no ${noun} ${JSON.stringify(path)}`, didYouMean(unknown, names));
  }
  for (const [name, check] of Object.entries(checks)) {
    const problem = check(value[name]);
    if (problem !== undefined) throw refuse(prefix + name, `${prefix}${name} ${problem}`);
  }
}

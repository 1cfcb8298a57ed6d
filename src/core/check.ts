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
  // First, since a misspelt name is missing as well: that it is unknown says more.
  checkNames(whole, noun, value, Object.keys(checks), refuse, prefix);
  for (const [name, check] of Object.entries(checks)) {
    const problem = check(value[name]);
    if (problem !== undefined) throw refuse(prefix + name, `${prefix}${name} ${problem}`);
  }
}

/** Throws what `refuse` makes of anything but an object, or of a field that is not among `names`. */
export function checkNames(
  whole: string,
  noun: 'field' | 'option',
  value: unknown,
  names: readonly string[],
  refuse: Refusal,
  prefix = '',
): asserts value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw refuse(whole, `${whole} must be an object`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const path = prefix + unknown;
  throw refuse(path, `there is no ${noun} ${JSON.stringify(path)}`, didYouMean(unknown, names));
}

export function wholeNumber(least: number, most: number): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}, not ${describe(value)}`;
}

/** A value that was refused, as a message quotes it. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  return value === null || typeof value === 'number' ? String(value) : typeof value;
}

// For the dialects whose inputs have parts within parts. soraGateway's has four plain fields: the default backend
// does without, so that zod is not in the bundle of an application that uses no other. A schema is made only when
// something is checked: a call when the module loads would keep it, and zod, in every bundle.
import * as z from 'zod/mini';
import type { Refusal } from '../core/check.js';
import { didYouMean } from '../core/nearest.js';
import { isRecord } from '../core/record.js';
import { type Bytes, bytes as checkBytes } from './bytes.js';
import { refuseInput, refuseOptionOf } from './input.js';

type Schema = z.ZodMiniType<unknown, unknown>;
type Made<T> = () => z.ZodMiniType<T, unknown>;

/** An object with these fields and no other. Every check of ours ends a sentence that begins with the field. */
export function strict<Shape extends Record<string, Schema>>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? didYouMean(String(issue.keys[0]), Object.keys(shape))
        : 'must be an object',
  });
}

const TEXT = 'must be a string that is not empty';
/** A string with something in it. */
export const text = () => z.string(TEXT).check(z.regex(/\S/, TEXT));

/** An object with any fields. */
export const object = () => z.custom<Record<string, unknown>>(isRecord, 'must be an object');

export const bytes = () => z.custom<Bytes>((value) => checkBytes(value) === undefined, checkBytes(undefined));

/**
 * The input of a call, checked.
 *
 * @throws InputError that names the field by its path, such as `scenes.0.duration`.
 */
export function parseInput<T>(schema: Made<T>, input: unknown): T {
  return parse(schema, input, 'input', 'field', refuseInput);
}

/**
 * The options of a backend, checked.
 *
 * @throws ConfigurationError that names the option.
 */
export function parseOptions<T>(backend: string, schema: Made<T>, options: unknown): T {
  return parse(schema, options, 'options', 'option', refuseOptionOf(backend));
}

function parse<T>(schema: Made<T>, value: unknown, whole: string, noun: string, refuse: Refusal): T {
  const result = z.safeParse(schema(), value);
  if (result.success) return result.data;
  const { issues } = result.error;
  // A misspelt name is missing as well: that it is unknown is the better news.
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) {
    const path = [...unknown.path, unknown.keys[0]].join('.');
    throw refuse(path, `there is no ${noun} ${JSON.stringify(path)}`, unknown.message);
  }
  const path = issues[0]?.path.join('.') || whole;
  throw refuse(path, `${path} ${issues[0]?.message}`);
}

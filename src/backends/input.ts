import * as z from 'zod/mini';
import { didYouMean } from '../core/nearest.js';
import { isRecord } from '../core/record.js';
import { ConfigurationError, InputError } from '../errors.js';

type Schema = z.ZodMiniType<unknown, unknown>;

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

/**
 * The input of a call, checked.
 *
 * @throws InputError that names the field by its path, such as `scenes.0.duration`.
 */
export function checkInput<T>(schema: z.ZodMiniType<T, unknown>, input: unknown): T {
  return check(
    schema,
    input,
    'input',
    'field',
    (field, problem, hint) => new InputError(field, problem, { hint }),
  );
}

/**
 * The options of a backend, checked.
 *
 * @throws ConfigurationError that names the option.
 */
export function checkOptions<T>(backend: string, schema: z.ZodMiniType<T, unknown>, options: unknown): T {
  return check(
    schema,
    options,
    'options',
    'option',
    (option, problem, hint) => new ConfigurationError(option, `${backend}: ${problem}`, { hint }),
  );
}

function check<T>(
  schema: z.ZodMiniType<T, unknown>,
  value: unknown,
  whole: string,
  noun: string,
  error: (path: string, problem: string, hint?: string) => Error,
): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const { issues } = result.error;
  // A misspelt name is missing as well: that it is unknown is the better news.
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) {
    const path = [...unknown.path, unknown.keys[0]].join('.');
    throw error(path, `there is no ${noun} ${JSON.stringify(path)}`, unknown.message);
  }
  const path = issues[0]?.path.join('.') || whole;
  throw error(path, `${path} ${issues[0]?.message}`);
}

/** @throws InputError that names the variants there are. */
export function checkVariant(variant: string, variants: readonly string[]): void {
  if (variants.includes(variant)) return;
  throw new InputError('variant', `there is no variant ${JSON.stringify(String(variant).slice(0, 100))}`, {
    hint: `Choose from ${variants.join(', ')}.`,
  });
}

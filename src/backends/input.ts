import { describe, type Refusal } from '../core/check.js';
import { ConfigurationError, InputError } from '../errors.js';

/** Of the input of a call, before anything is sent. */
export const refuseInput: Refusal = (field, problem, hint) => new InputError(field, problem, { hint });

/** Of the options of a backend. */
export function refuseOptionOf(backend: string): Refusal {
  return (option, problem, hint) => new ConfigurationError(option, `${backend}: ${problem}`, { hint });
}

/** @throws InputError that names the variants there are. */
export function checkVariant(variant: string, variants: readonly string[]): void {
  if (variants.includes(variant)) return;
  throw new InputError('variant', `there is no variant ${describe(variant)}`, {
    hint: `Choose from ${variants.join(', ')}.`,
  });
}

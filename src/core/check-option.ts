import { aboutJob, ConfigurationError } from '../errors.js';
import { type Check, checkNames, type Refusal, wholeNumber } from './check.js';
import { MAX_TIMER_MS } from './deadlines.js';

export const wrongOption: Refusal = (option, problem, hint) =>
  new ConfigurationError(option, problem, { hint });

export function checkOption(name: string, value: unknown, check: Check): void {
  const problem = check(value);
  if (problem !== undefined) throw wrongOption(name, `${name} ${problem}`);
}

/**
 * An option of a call that there is not would be ignored, and may be the key that keeps from paying twice. A `signal`
 * that is none would end the call by a TypeError, once something had been sent.
 */
export function checkCall(options: object, names: readonly string[] = [], jobId?: string): void {
  const refuse: Refusal = (...wrong) => aboutJob(wrongOption(...wrong), jobId);
  checkNames('options', 'option', options, ['signal', ...names], refuse);
  const signal = options.signal as Partial<AbortSignal> | null | undefined;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw refuse('signal', 'signal must be an AbortSignal');
}

/** Before the wait for the end, which a download may begin with. */
export function checkDownload(options: { readonly onProgress?: unknown }, jobId: string): void {
  checkCall(options, ['variant', 'output', 'onProgress'], jobId);
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw aboutJob(wrongOption('onProgress', 'onProgress must be a function'), jobId);
}

/** A whole number of milliseconds given to one call. */
export function checkDelayMs(name: string, value: number | undefined, jobId?: string): number | undefined {
  try {
    if (value !== undefined) checkOption(name, value, wholeNumber(1, MAX_TIMER_MS));
  } catch (error) {
    throw aboutJob(error, jobId);
  }
  return value;
}

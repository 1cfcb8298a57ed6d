import { aboutJob, ConfigurationError } from '../errors.js';
import { type Check, checkNames, optional, type Refusal, wholeNumber } from './check.js';
import { MAX_TIMER_MS } from './deadlines.js';

export const wrongOption: Refusal = (option, problem, hint) =>
  new ConfigurationError(option, problem, { hint });

export function checkOption(name: string, value: unknown, check: Check, jobId?: string): void {
  const problem = check(value);
  if (problem !== undefined) throw aboutJob(wrongOption(name, `${name} ${problem}`), jobId);
}

/**
 * An option of a call that there is not would be ignored, and may be the key that keeps from paying twice. A `signal`
 * that is none would end the call by a TypeError, once something had been sent.
 */
export function checkCall(options: object, jobId?: string, ...names: readonly string[]): void {
  checkNames('options', 'option', options, ['signal', ...names], (...wrong) =>
    aboutJob(wrongOption(...wrong), jobId),
  );
  checkOption('signal', options.signal, optional(abortSignal), jobId);
}

/** Before the wait for the end, which a download may begin with. */
export function checkDownload(options: object, jobId: string): void {
  checkCall(options, jobId, 'variant', 'output', 'range', 'onProgress');
}

/** A whole number of milliseconds given to one call. */
export function checkDelayMs(name: string, value: number | undefined, jobId?: string): number | undefined {
  checkOption(name, value, optional(wholeNumber(1, MAX_TIMER_MS)), jobId);
  return value;
}

/** Of any realm. */
const abortSignal: Check = (value) =>
  typeof (value as Partial<AbortSignal> | null)?.addEventListener === 'function'
    ? undefined
    : 'must be an AbortSignal';

import { randomHex } from './job.js';
import type { MockServiceOptions } from './options.js';

/**
 * Writes ids of digits as JSON numbers, all of their digits kept, where the options say so. On the text: a number of
 * JavaScript would round them.
 */
export function idWriter({ numericIds }: MockServiceOptions): (json: string) => string {
  return numericIds === true
    ? (json) => json.replace(/"(jobId|id|request_id)":"([1-9]\d*)"/g, '"$1":$2')
    : (json) => json;
}

/** Nineteen digits: a JSON number that a double does not hold. */
export function newNumber(): string {
  return String(2n ** 62n + BigInt(`0x${randomHex(7)}`));
}

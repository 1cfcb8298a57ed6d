import { type Check, optional } from '../core/check.js';
import { InputError } from '../errors.js';
import type { KeyOptions } from './jobs.js';
import { isJobKey } from './read-record.js';

const MAX_METADATA_BYTES = 4_096;

const key: Check = (value) =>
  isJobKey(value) ? undefined : 'must be 1 to 255 printable ASCII characters, without spaces';

/** Any text, since whose a job is may be an address or a path. */
const group: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(value)
    ? undefined
    : 'must be a string of 1 to 255 characters, without control characters';

/**
 * The key by itself.
 *
 * @throws InputError
 */
export function checkKey(value: unknown): string {
  refuse('key', key, value);
  return value as string;
}

export function checkGroup(value: unknown): void {
  refuse('group', optional(group), value);
}

/**
 * What a caller gives with a submit; its metadata as they are stored.
 *
 * @throws InputError that names the option.
 */
export function readKeyOptions(given: KeyOptions): KeyOptions {
  refuse('key', optional(key), given.key);
  refuse('idempotencyKey', optional(key), given.idempotencyKey);
  checkGroup(given.group);
  return { ...given, metadata: readMetadata(given.metadata) };
}

function readMetadata(metadata: unknown): unknown {
  if (metadata === undefined) return undefined;
  let json: string | undefined;
  try {
    json = JSON.stringify(metadata);
  } catch (cause) {
    throw new InputError('metadata', 'metadata must be what JSON can hold', { cause });
  }
  if (json === undefined) throw new InputError('metadata', 'metadata must be what JSON can hold');
  const size = new TextEncoder().encode(json).length;
  if (size > MAX_METADATA_BYTES)
    throw new InputError('metadata', `metadata are ${size} bytes as JSON, more than ${MAX_METADATA_BYTES}`);
  return JSON.parse(json);
}

function refuse(name: string, check: Check, value: unknown): void {
  const problem = check(value);
  if (problem !== undefined) throw new InputError(name, `${name} ${problem}`);
}

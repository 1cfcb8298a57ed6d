import { textOf } from './fields.js';
import { showJson } from './json.js';
import type { JobUpdate } from './model.js';

/**
 * What a server may quote a credential in, without it: its reason for a failure, and a word that it calls the status by.
 * Of all other updates nothing is looked at, as there may be many.
 */
export function cleanUpdate(update: JobUpdate, redact: (text: string) => string): JobUpdate {
  const { status, unknownStatus, error, errorCode, message } = update;
  if (status !== 'failed' && unknownStatus === undefined) return update;
  const clean = (value: unknown) => {
    const words = wordsOf(value);
    return words && redact(words);
  };
  return {
    ...update,
    error: clean(error),
    errorCode: clean(errorCode),
    message: clean(message),
    unknownStatus: clean(unknownStatus),
  };
}

/** A backend of the caller's may give what the server sent as it is, such as an object with the reason in it. */
function wordsOf(value: unknown): string | undefined {
  if (typeof value === 'string' || value === undefined || value === null) return value ?? undefined;
  const { code, message } = value as { readonly code?: unknown; readonly message?: unknown };
  return textOf(message) ?? textOf(code) ?? textOf(showJson(value));
}

import type { JobUpdate } from './model.js';

/**
 * What a server may quote a credential in, without it: its reason for a failure, and a word that it calls the status by.
 * Of all other updates nothing is looked at, as there may be many.
 */
export function cleanUpdate(update: JobUpdate, redact: (text: string) => string): JobUpdate {
  const { status, unknownStatus, error, errorCode, message } = update;
  if (status !== 'failed' && unknownStatus === undefined) return update;
  return {
    ...update,
    error: error && redact(error),
    errorCode: errorCode && redact(errorCode),
    message: message && redact(message),
    unknownStatus: unknownStatus && redact(unknownStatus),
  };
}

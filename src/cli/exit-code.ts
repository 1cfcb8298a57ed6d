import { InputError, isVideoError, type VideoErrorCode } from '../index.js';

/** What the command tells the shell; listed in `reelwire --help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, network: 3, auth: 4, interrupted: 130 } as const;

/** Takes the exit code of the command that ran. */
export type Exit = (code: number) => void;

const BY_CODE: Partial<Record<VideoErrorCode, number>> = {
  configuration: EXIT.usage,
  'invalid-input': EXIT.usage,
  network: EXIT.network,
  'request-timeout': EXIT.network,
  'submit-outcome-unknown': EXIT.network,
  'job-timeout': EXIT.network,
  unauthorized: EXIT.auth,
  forbidden: EXIT.auth,
};

export function exitCodeOf(error: unknown): number {
  if (!isVideoError(error)) return EXIT.failed;
  // What cannot be a secret is a mistake of who gave it, and no delivery that is not believed.
  if ('reason' in error && error.reason === 'bad-secret') return EXIT.usage;
  return BY_CODE[error.code] ?? EXIT.failed;
}

/** There is nothing to go on with: the job failed, or there is none. */
export function isOver(error: unknown): boolean {
  if (error instanceof InputError) return error.field === 'jobId';
  return isVideoError(error) && (error.code === 'job-failed' || error.code === 'not-found');
}

/** Whether the same job may be taken up again after this. */
export function goesOn(error: unknown): boolean {
  return isVideoError(error) && !isOver(error);
}

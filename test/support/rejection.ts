import { isVideoError, type VideoError } from '../../src/errors.js';

/** What a promise, or a function's, rejected with. */
export async function rejection(work: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** The same, where only an error of ours will do. */
export async function errorOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<VideoError> {
  const error = await rejection(work);
  if (isVideoError(error)) return error;
  throw new Error('rejected with no VideoError', { cause: error });
}

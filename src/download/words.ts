import { ApiError, DownloadError, InputError } from '../errors.js';

const HINTS = {
  'download-expired': 'The server may keep a video only for some time.',
  'download-not-ready': 'Download again later, or give a larger timeouts.notReadyMs.',
  'download-not-video': 'Check that baseUrl and backend fit the server.',
  'download-incomplete': 'Check the network, then download again.',
};

/** `what` goes on from "the video of job …". */
export function noVideo(
  code: keyof typeof HINTS,
  jobId: string,
  what: string,
  cause?: unknown,
): DownloadError {
  const { status, requestId } = cause instanceof ApiError ? cause : {};
  return new DownloadError(code, `the video of job ${jobId} ${what}`, {
    jobId,
    status,
    requestId,
    cause,
    hint: HINTS[code],
  });
}

/** After so many bytes, of so many where that is known. */
export function brokenOff(
  jobId: string,
  got: { readonly bytes: number; readonly of: number | undefined },
  cause: unknown,
  clean: (text: string) => string,
): DownloadError {
  const why = cause instanceof Error ? cause.message : (cause ?? 'the connection ended early');
  const of = got.of === undefined ? '' : ` of ${got.of}`;
  const what = `broke off after ${got.bytes}${of} bytes: ${clean(String(why))}`;
  return noVideo('download-incomplete', jobId, what, cause instanceof Error ? cause : undefined);
}

export function notVideo(jobId: string, what: string): DownloadError {
  return noVideo('download-not-video', jobId, `is not what the server sent, but ${what}`);
}

export function wrongHash(jobId: string): DownloadError {
  return noVideo(
    'download-incomplete',
    jobId,
    'does not have the SHA-256 that the server gave: it was damaged on the way, or the server is wrong',
  );
}

export function beyondEnd(jobId: string): InputError {
  return new InputError('range', `the video of job ${jobId} has no byte where range begins`, {
    jobId,
    status: 416,
  });
}

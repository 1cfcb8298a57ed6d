import { describe, expect, it } from 'vitest';
import {
  ApiError,
  ConfigurationError,
  DownloadError,
  InputError,
  InvalidResponseError,
  JobFailedError,
  JobStoreError,
  NetworkError,
  SubmitOutcomeUnknownError,
  VideoError,
} from '../../../src/errors.js';
import { noSuchJob } from '../../../src/relay/answer.js';
import { toldOf } from '../../../src/relay/failures.js';
import { RelayRefusal } from '../../../src/relay/refusal.js';

const SECRET = 'sk-proj-4f3a2b1c9d8e7f6a of https://api.example.com/v1/gen_abc123';
const ids = { key: 'own', jobId: 'gen_abc123' };

function api(status: number, more: object = {}) {
  return new ApiError(`POST https://api.example.com answered ${status}: ${SECRET}`, {
    ...{ status, serverMessage: `About gen_abc123: ${SECRET}`, details: { SECRET } },
    ...more,
  });
}

const CASES: readonly [string, unknown, number, string, boolean, number?][] = [
  ['a key that is not taken', api(401), 502, 'The video server refused', true],
  ['a key that may not', api(403), 502, 'The video server refused', true],
  ['a server that fails', api(500), 502, 'The video server refused', true],
  ['a proxy that fails', api(504), 502, 'The video server refused', true],
  ['a redirect', api(307), 502, 'The video server refused', true],
  ['a conflict', api(409), 502, 'The video server refused', true],
  ['a server that is busy', api(503, { retryAfterMs: 7_000 }), 503, 'The video server is busy', true, 7_000],
  ['a server that is busy and says no more', api(503), 503, 'The video server is busy', true],
  ['too many calls', api(429, { retryAfterMs: 7_000 }), 429, 'Too many requests', false, 7_000],
  ['too many calls, and no more words', api(429), 429, 'Too many requests', false, 1_000],
  ['an input that is refused', api(400), 400, 'About own: … of …', false],
  ['no credits', api(402), 402, 'About own: … of …', false],
  ['no such job', api(404), 404, 'About own: … of …', false],
  ['too large an input', api(413), 413, 'About own: … of …', false],
  ['an input that cannot be', api(422), 422, 'About own: … of …', false],
  ['a refusal without words', api(400, { serverMessage: undefined }), 400, 'The video server refused', false],
  ['no connection', new NetworkError('network', SECRET), 502, 'The video server cannot be reached', true],
  ['no answer', new NetworkError('request-timeout', SECRET), 502, 'The video server cannot be reached', true],
  ['a web page', new InvalidResponseError(SECRET), 502, 'The video server cannot be reached', true],
  ['an input of ours', new InputError('prompt', 'prompt is missing'), 400, 'prompt is missing', false],
  ['a wrong option of ours', new ConfigurationError('auth', SECRET), 500, 'Internal error', true],
  ['a store that cannot write', new JobStoreError(SECRET), 503, 'The server is busy', true, 5_000],
  ['a bus that is away', new VideoError('bus', SECRET), 503, 'The server is busy', true, 5_000],
  ['a client that is closed', new VideoError('closed', SECRET), 503, 'The server is busy', true, 5_000],
  [
    'a video that is not there',
    new DownloadError('download-not-ready', SECRET),
    404,
    'Video not available yet',
    false,
  ],
  ['a video that is gone', new DownloadError('download-expired', SECRET), 410, 'The video is gone', false],
  [
    'a video that breaks off',
    new DownloadError('download-incomplete', SECRET),
    502,
    'The video cannot be had from the video server',
    true,
  ],
  [
    'a job that failed',
    new JobFailedError('gen_abc123', 'moderated'),
    404,
    'job own failed: moderated',
    false,
  ],
  ['what is no error of ours', new TypeError(SECRET), 500, 'Internal error', true],
  ['what is no error', SECRET, 500, 'Internal error', true],
  ['nothing', undefined, 500, 'Internal error', true],
  ['a refusal of the application', new RelayRefusal(402, 'Top up first'), 402, 'Top up first', false],
  [
    'one that says how long to wait',
    new RelayRefusal(429, 'Five a day', { retryAfterMs: 9 }),
    429,
    'Five a day',
    false,
    9,
  ],
  ['a job that is not there', noSuchJob(), 404, 'No such job', false],
];

describe('a page is told', () => {
  it.each(CASES)('of %s no more than it may know', (_, error, status, words, isOurs, retryAfterMs) => {
    expect(toldOf(error, ids)).toEqual({
      isOurs,
      answer: { status, retryAfterMs, body: { error: words } },
    });
  });

  it('of a submit whose outcome is unknown by which id it may ask for it', () => {
    const error = new SubmitOutcomeUnknownError(SECRET);
    const body = { error: 'Nobody knows whether the job was made', jobId: 'own' };
    expect(toldOf(error, ids).answer).toEqual({ status: 502, body });
    const busy = new SubmitOutcomeUnknownError(SECRET, {
      status: 503,
      cause: api(503, { retryAfterMs: 7_000 }),
    });
    expect(toldOf(busy, ids).answer).toEqual({ status: 503, retryAfterMs: 7_000, body });
    // The same body is another input now.
    expect(toldOf(new InputError('key', SECRET), ids).answer).toEqual({ status: 502, body });
  });
});

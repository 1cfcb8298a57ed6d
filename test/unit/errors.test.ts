import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import {
  ApiError,
  ConfigurationError,
  DownloadError,
  InputError,
  InvalidResponseError,
  isVideoError,
  JobFailedError,
  JobTimeoutError,
  NetworkError,
  SubmitOutcomeUnknownError,
  VideoError,
  WebhookVerificationError,
} from '../../src/errors.js';

const every = [
  new ConfigurationError('baseUrl', 'm'),
  new InputError('script', 'm'),
  new ApiError('m', { status: 500 }),
  new NetworkError('network', 'm'),
  new SubmitOutcomeUnknownError('m'),
  new InvalidResponseError('m'),
  new JobFailedError('job-1', 'out of memory'),
  new JobTimeoutError('job-1', 1_000),
  new DownloadError('download-incomplete', 'm'),
  new WebhookVerificationError('stale', 'm'),
];

it('every error is a VideoError with a literal name of its own', () => {
  const names = every.map(({ name }) => name);
  expect(names).toEqual([
    'ConfigurationError',
    'InputError',
    'ApiError',
    'NetworkError',
    'SubmitOutcomeUnknownError',
    'InvalidResponseError',
    'JobFailedError',
    'JobTimeoutError',
    'DownloadError',
    'WebhookVerificationError',
  ]);
  for (const error of every) expect(error).toBeInstanceOf(VideoError);
});

it('the guard knows an error of another copy of the package', async () => {
  const path = new URL('../../src/errors.ts?second-copy', import.meta.url).href;
  const copy: typeof import('../../src/errors.js') = await import(/* @vite-ignore */ path);
  const theirs = new copy.InputError('script', 'm');
  expect(theirs).not.toBeInstanceOf(VideoError);
  expect(isVideoError(theirs)).toBe(true);
});

it.each([undefined, null, 'closed', new Error('m'), { code: 'closed' }])('the guard refuses %o', (value) => {
  expect(isVideoError(value)).toBe(false);
});

it.each([
  [400, 'bad-request'],
  [401, 'unauthorized'],
  [402, 'payment-required'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [409, 'conflict'],
  [418, 'http-error'],
  [429, 'rate-limited'],
  [500, 'server-error'],
  [503, 'server-error'],
])('an answer of %i has the code %s', (status, code) => {
  expect(new ApiError('m', { status }).code).toBe(code);
});

it('the words of a server stay on one line and cannot colour a terminal', () => {
  const { message } = new JobFailedError('job-1', 'bad\n\u001b[31m2026-01-01 root logged in');
  expect(message).toBe('job job-1 failed: bad\\u{a}\\u{1b}[31m2026-01-01 root logged in');
});

it('a job error tells how to go on, and inspecting it shows the job', () => {
  const error = new JobTimeoutError('job-1', 1_000);
  expect(error.hint).toContain('client.subscribe("job-1")');
  expect(inspect(error)).toContain("jobId: 'job-1'");
});

it('optional fields that are not known are absent', () => {
  expect(Object.keys(new VideoError('closed', 'm'))).toEqual(
    expect.not.arrayContaining(['jobId', 'hint', 'status']),
  );
});

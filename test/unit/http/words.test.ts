import { describe, expect, it } from 'vitest';
import { ApiError, NetworkError, type VideoError } from '../../../src/errors.js';
import { askCredentials } from '../../../src/http/credentials.js';
import { formPayload } from '../../../src/http/form.js';
import { namedIn } from '../../../src/http/named-in.js';
import { networkError, outcomeUnknown, timeoutError, unreadable } from '../../../src/http/words.js';

const context = { call: 'POST https://host/api/generate', jobId: 'job-1' };
const answer = (status: number) => ({ status, headers: new Headers() });

describe('a success that cannot be read', () => {
  it.each([
    ['{"a":', 'more than 64 MiB, which was refused', true],
    ['', 'an empty body', undefined],
    [' \n', 'an empty body', undefined],
    ['<html>Gone</html>', 'a web page: ', undefined],
    ['{"a":', 'what is not JSON, or not all of it: ', undefined],
  ] as const)('of %j is told as %s', (text, what, isTooLarge) => {
    const came = { headers: new Headers(), text };
    const error = unreadable(answer(200), { ...context, came }, isTooLarge);
    expect(error).toMatchObject({
      code: 'invalid-response',
      jobId: 'job-1',
      hint: 'Check that baseUrl is the API itself, and that backend fits it.',
    });
    expect(error.message).toContain(`${context.call} answered 200 with ${what}`);
    expect(error.isTooLarge).toBe(isTooLarge);
  });
});

describe('what may name a job in an answer that cannot be read', () => {
  const named = (text: string, jobId?: string) => namedIn({ jobId, came: { headers: new Headers(), text } });

  it('is told likeliest first, five at most, and none twice', () => {
    const others = Array.from({ length: 9 }, (_, index) => `"user_id":${index}`);
    expect(named(`{${others},"id":"c","jobId" : "a","job_id":"b\\/c","jobId" : "a"`)).toBe(
      '; it has "jobId" : "a", "job_id":"b\\/c", "id":"c", "user_id":0, "user_id":1',
    );
  });

  it('is no secret, no query of a URL, and nothing where the job is known', () => {
    expect(named('{"secret_id":"s3cret","session_id":"s3cret"}')).toBe('');
    expect(named('{"id":"https://host/jobs/a?sig=s3cret"}')).toBe('; it has "id":"https://host/jobs/a?…"');
    expect(named('{"id":"a"', 'a')).toBe('');
  });

  it('is found in two bytes a character', () => {
    expect(named([...'{"id":"a"}'].join('\0'))).toBe('; it has "id":"a"');
  });
});

describe('what fetch rejected with', () => {
  it('is told by its code where it has one', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(networkError(new TypeError('fetch failed', { cause }), context)).toMatchObject({
      code: 'network',
      message: `${context.call} failed: ECONNREFUSED`,
      jobId: 'job-1',
    });
  });

  it('is told in its words where it has none, whatever was thrown, cut and without queries', () => {
    expect(networkError('odd', context).message).toBe(`${context.call} failed: odd`);
    const error = networkError(new TypeError(`no https://host/a?sig=secret ${'x'.repeat(600)}`), context);
    expect(error.message).toContain('failed: no https://host/a?… x');
    expect(error.message).not.toContain('secret');
    expect(error.message.length).toBeLessThan(600);
    expect(error.cause).toBeUndefined();
    const plain = new TypeError('Load failed');
    expect(networkError(plain, context)).toMatchObject({
      cause: plain,
      hint: expect.stringContaining('CORS'),
    });
  });

  it('is a timeout where the time was over', () => {
    expect(timeoutError(30_000, context)).toMatchObject({
      code: 'request-timeout',
      message: `${context.call} got no whole answer within 30000 ms`,
      hint: expect.stringContaining('timeouts.requestMs'),
    });
  });
});

describe('a submit whose outcome is unknown', () => {
  const refused = new ApiError('answered 503', { status: 503, hint: 'Wait.' } as never);
  const told = (doubt: VideoError, last = doubt, keys: Parameters<typeof outcomeUnknown>[3] = undefined) =>
    outcomeUnknown(doubt, last, context, keys);

  it('is told with what left it open, and what came after that', () => {
    expect(told(refused)).toMatchObject({
      code: 'submit-outcome-unknown',
      status: 503,
      cause: refused,
      message: `${context.call} was sent, and may have made a job or not: answered 503`,
    });
    const last = new NetworkError('network', 'it went away');
    expect(told(refused, last).message).toMatch(
      /answered 503; then, with the same idempotencyKey: it went away$/,
    );
  });

  it.each([
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      /^Check whether baseUrl is to begin with http: or https:\. Sending it again/,
    ],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /^Check whether baseUrl is to begin with http:/],
    ['ECONNRESET', /^Sending it again may be paid for twice/],
  ])('of %s says what to look at, and never to try again', (code, hint) => {
    const cause = new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
    expect(told(networkError(cause, context)).hint).toMatch(hint);
  });

  it.each([
    ['given', 'Wait. Call generate again with the same idempotencyKey: it makes no second job.'],
    ['none', 'Wait. Sending it again may be paid for twice: look for the job on the server first.'],
    [
      undefined,
      'Wait. Sending it again may be paid for twice: look for the job on the server first. Where it honours an idempotencyKey, give one from the first try on.',
    ],
  ] as const)('where the key is %s says what to do', (keys, hint) => {
    expect(told(refused, refused, keys).hint).toBe(hint);
  });

  it('says that a page is told the same for three things, and only where there is no code', () => {
    const bare = new NetworkError('network', 'failed', { cause: new TypeError('Failed to fetch') });
    expect(told(bare, bare, 'none').hint).toMatch(
      /^In a browser, .*client\.diagnose\(\) tells which\. Sending/,
    );
    const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const coded = new NetworkError('network', 'failed', { cause });
    expect(told(coded, coded, 'none').hint).toMatch(/^Sending it again/);
    const quiet = new ApiError('answered 500', { status: 500 });
    expect(told(quiet, quiet, 'given').hint).toMatch(/^Call generate again/);
  });
});

describe('credentials', () => {
  const settings = (given: object) =>
    ({ baseUrl: new URL('https://host'), backend: {}, ...given }) as unknown as Parameters<
      typeof askCredentials
    >[0];

  it.each([[null], ['a: b'], [7]])('of headers that are %j are refused', async (headers) => {
    await expect(askCredentials(settings({ headers: () => headers }))).rejects.toMatchObject({
      code: 'configuration',
      option: 'headers',
      message: expect.stringContaining('headers must give an object of names and values'),
    });
  });

  it('of a list that holds no pairs are refused, and the list is not shown', async () => {
    const asked = askCredentials(settings({ headers: ['secret'] }));
    await expect(asked).rejects.toMatchObject({ option: 'headers.undefined' });
    await expect(asked).rejects.not.toThrow(/secret/);
  });

  it('of a Headers object, a map and an object are the same', async () => {
    for (const headers of [new Headers({ 'X-Key': 'k' }), new Map([['X-Key', 'k']]), { 'X-Key': 'k' }])
      expect((await askCredentials(settings({ headers }))).headers).toEqual({ 'x-key': 'k' });
  });

  it('go by the header and the scheme of the backend, bare where it has none', async () => {
    const auth = { type: 'bearer', token: 't0k' };
    const sent = async (credential?: object) =>
      (await askCredentials(settings({ auth, backend: { credential } }))).headers;
    expect(await sent()).toEqual({ authorization: 'Bearer t0k' });
    expect(await sent({ header: 'Authorization', scheme: 'Key' })).toEqual({ authorization: 'Key t0k' });
    expect(await sent({ header: 'X-API-Key' })).toEqual({ 'x-api-key': 't0k' });
  });
});

describe('a form', () => {
  it('is written by hand for a fetch that is not the platform’s, and refused where what is no Blob is to be a file', async () => {
    /** Has all that a Blob has, and is none. */
    class OtherBlob {
      readonly size = 3;
      readonly type = 'image/png';
      arrayBuffer = async () => Uint8Array.of(1, 2, 3).buffer;
      text = async () => '';
    }
    const fields = [{ name: 'a', value: '1\n2' }];
    expect((await formPayload(fields, false)).body).toBeInstanceOf(FormData);
    const written = await formPayload(fields, true);
    expect(new TextDecoder().decode(written.body as Uint8Array)).toContain('name="a"\r\n\r\n1\r\n2\r\n');
    const boundary = /^multipart\/form-data; boundary=(----reelwire[a-z\d]{10,})$/.exec(
      written.contentType ?? '',
    )?.[1];
    expect(boundary).toBeDefined();
    expect((await formPayload(fields, true)).contentType).not.toBe(written.contentType);
    const native = [{ name: 'f', value: new Blob([Uint8Array.of(1)]) }];
    expect((await formPayload(native, false)).body).toBeInstanceOf(FormData);
    const other = formPayload(
      [{ name: 'f', value: new OtherBlob() as unknown as Blob, filename: 'x.png' }],
      false,
    );
    await expect(other).rejects.toMatchObject({
      code: 'invalid-input',
      hint: 'Give its bytes as a Uint8Array.',
    });
  });
});

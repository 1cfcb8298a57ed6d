import { expect, it, vi } from 'vitest';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { resolveOptions, toWebSocketUrl } from '../../../src/client/resolve-options.js';
import { ConfigurationError } from '../../../src/errors.js';

const backend = { generate() {}, status() {} } as unknown as AnyBackend;
const baseUrl = 'http://localhost:3001';

function resolve(options: Record<string, unknown>) {
  return resolveOptions({ baseUrl, ...options } as never, () => backend);
}

function refusal(options: Record<string, unknown>): ConfigurationError {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
  }
  throw new Error('the options were taken');
}

it('every option but the base URL has the documented default', () => {
  expect(resolve({})).toMatchObject({
    backend,
    transports: ['websocket', 'sse', 'polling'],
    polling: { intervalMs: 5_000, concurrency: 6 },
    timeouts: {
      requestMs: 30_000,
      connectMs: 10_000,
      headStartMs: 300,
      silenceMs: 30_000,
      jobMs: 1_800_000,
      notReadyMs: 60_000,
    },
    retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 },
  });
});

it.each([
  ['missing', undefined],
  ['relative in Node', '/api'],
  ['not http', 'ftp://example.com'],
  ['no text', 7],
  ['one with a password', 'https://me:secret@example.com'],
])('a base URL that is %s is refused', (_what, value) => {
  const error = refusal({ baseUrl: value });
  expect(error.option).toBe('baseUrl');
  expect(error.hint).toBeTruthy();
  expect(error.message).not.toContain('secret');
});

it('says how to go on where the variable of the base URL is not set while a site is built', () => {
  expect(refusal({ baseUrl: undefined }).hint).toContain('make the client at its first use');
});

it('a relative base URL is taken below the page in a browser', () => {
  vi.stubGlobal('location', { href: 'https://app.example.com/videos/' });
  try {
    expect(resolve({ baseUrl: '/api' }).baseUrl.href).toBe('https://app.example.com/api');
  } finally {
    vi.unstubAllGlobals();
  }
});

it.each([
  [{ baseURL: 'x' }, 'baseURL', 'baseUrl'],
  [{ transport: [] }, 'transport', 'transports'],
  [{ timeouts: { requestMS: 1 } }, 'timeouts.requestMS', 'requestMs'],
  [{ polling: { intervalMS: 1 } }, 'polling.intervalMS', 'intervalMs'],
  [{ retry: { attempt: 1 } }, 'retry.attempt', 'attempts'],
])('an unknown option is named, with the nearest right one: %o', (options, name, nearest) => {
  const error = refusal(options);
  expect(error.option).toBe(name);
  expect(error.hint).toContain(JSON.stringify(nearest));
});

it.each([
  [{ timeouts: { jobMs: Number.POSITIVE_INFINITY } }, 'timeouts.jobMs'],
  [{ timeouts: { requestMs: 0 } }, 'timeouts.requestMs'],
  [{ timeouts: { silenceMs: 2 ** 31 } }, 'timeouts.silenceMs'],
  [{ timeouts: 5 }, 'timeouts'],
  [{ polling: { intervalMs: Number.NaN } }, 'polling.intervalMs'],
  [{ polling: { concurrency: 1.5 } }, 'polling.concurrency'],
  [{ retry: { attempts: '3' } }, 'retry.attempts'],
  [{ retry: { minDelayMs: 50, maxDelayMs: 10 } }, 'retry.maxDelayMs'],
  [{ transports: [] }, 'transports'],
  [{ transports: ['websockets'] }, 'transports'],
  [{ transports: ['sse', 'sse'] }, 'transports'],
  [{ auth: { type: 'bearer', token: '' } }, 'auth.token'],
  [{ auth: { type: 'basic', username: 'me' } }, 'auth'],
  [{ auth: { type: 'digest' } }, 'auth.type'],
  [{ headers: 'x' }, 'headers'],
  [{ fetch: {} }, 'fetch'],
  [{ WebSocket: {} }, 'WebSocket'],
  [{ backend: {} }, 'backend'],
  [{ webSocketUrl: 'ftp://example.com' }, 'webSocketUrl'],
])('an option out of range is refused by its name: %o', (options, name) => {
  expect(refusal(options).option).toBe(name);
});

it.each(['', undefined])('a token that is not there is told as a variable that is not set: %j', (token) => {
  expect(refusal({ auth: { type: 'bearer', token } }).hint).toBe('Check that its variable is set.');
});

it('an unknown transport is told which was probably meant', () => {
  expect(refusal({ transports: ['websockets'] }).hint).toContain('"websocket"');
});

it.each([[{ type: 'basic', username: 'me', password: 12345 }], ['12345'], [['12345']]])(
  'a refused credential is not in the message: %j',
  (auth) => {
    const error = refusal({ auth });
    expect(JSON.stringify(error) + error.message).not.toContain('12345');
  },
);

it.each([
  ['http://h:1/x', 'ws://h:1/x'],
  ['https://h/x#part', 'wss://h/x'],
  ['wss://h/x?token=1', 'wss://h/x?token=1'],
  ['/socket', 'ws://localhost:3001/socket'],
])('a WebSocket URL %s is taken as %s', (given, taken) => {
  expect(toWebSocketUrl(given, new URL(baseUrl)).href).toBe(taken);
});

it('the options given are not kept: changing them later changes nothing', () => {
  const transports = ['sse'];
  const settings = resolve({ transports });
  transports.push('polling');
  expect(settings.transports).toEqual(['sse']);
});

it('asks as many jobs within a shorter interval by asking more at once, unless told how many', () => {
  const concurrency = (polling: object) => resolve({ polling }).polling.concurrency;
  expect(concurrency({})).toBe(6);
  expect(concurrency({ intervalMs: 60_000 })).toBe(6);
  expect(concurrency({ intervalMs: 1_000 })).toBe(30);
  expect(concurrency({ intervalMs: 10 })).toBe(60);
  expect(concurrency({ intervalMs: 10, concurrency: 2 })).toBe(2);
});

it.each([
  ['timeouts', 'requestMs', 1],
  ['timeouts', 'connectMs', 1],
  ['timeouts', 'headStartMs', 0],
  ['timeouts', 'silenceMs', 1],
  ['timeouts', 'jobMs', 1],
  ['timeouts', 'notReadyMs', 0],
  ['timeouts', 'missingMs', 0],
  ['polling', 'intervalMs', 1],
  ['polling', 'concurrency', 1],
  ['retry', 'attempts', 1],
  ['retry', 'minDelayMs', 0],
  ['retry', 'maxDelayMs', 0],
])('takes the least of %s.%s, %i, and nothing less', (group, name, least) => {
  const given = (value: number) => ({
    [group]: { ...(name === 'maxDelayMs' && { minDelayMs: 0 }), [name]: value },
  });
  expect(resolve(given(least))).toMatchObject(given(least));
  expect(refusal(given(least - 1))).toMatchObject({ option: `${group}.${name}` });
});

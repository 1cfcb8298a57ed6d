import { expect, it, onTestFinished } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { createRelay, RelayRefusal } from '../../../src/relay/index.js';

function clientWith(jobs = memoryJobs()) {
  const client = new VideoClient({ baseUrl: 'http://localhost:1', jobs });
  onTestFinished(() => client.close());
  return client;
}

const given = { authenticate: () => ({ id: 'ada' }), inputOf: () => ({ walletAddress: '0x1', script: 's' }) };

it('a relay needs a client that keeps records', () => {
  const client = new VideoClient({ baseUrl: 'http://localhost:1' });
  onTestFinished(() => client.close());
  expect(() => createRelay({ ...given, client })).toThrow(
    expect.objectContaining({
      code: 'configuration',
      option: 'client',
      hint: expect.stringContaining('jobs'),
    }),
  );
});

it.each([
  ['client', { client: {} }],
  ['authenticate', { authenticate: undefined }],
  ['inputOf', { inputOf: 'body' }],
  ['authorize', { authorize: true }],
  ['basePath', { basePath: 'videos' }],
  ['basePath', { basePath: '/a b' }],
  ['basePath', { basePath: '/a?b' }],
  ['allowedOrigins', { allowedOrigins: ['app.example.com'] }],
  ['allowedOrigins', { allowedOrigins: 'https://app.example.com' }],
  ['allowedOrigins', { allowedOrigins: async () => [] }],
  ['limits.sockets', { limits: { sockets: -1 } }],
  ['limits', { limits: Promise.resolve({ sockets: 1 }) }],
  ['limits', { limits: async () => ({ sockets: 1 }) }],
  ['limits', { limits: null }],
  ['logger', { logger: {} }],
  ['authentificate', { authentificate: () => undefined }],
])('a wrong %s is refused by name', (option, wrong) => {
  expect(() => createRelay({ ...given, client: clientWith(), ...wrong } as never)).toThrow(
    expect.objectContaining({ code: 'configuration', option }),
  );
});

it('every option that may be left out may be given as undefined', () => {
  const relay = createRelay({
    ...{ ...given, client: clientWith(), authorize: undefined, webhooks: undefined, limits: undefined },
    ...{ allowedOrigins: undefined, basePath: undefined, logger: undefined },
  });
  expect(relay.stats).toEqual({ sockets: 0, streams: 0, jobs: 0, isDraining: false });
});

it('making a relay starts nothing', () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  createRelay({ ...given, client: clientWith() });
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
});

it('a refusal of the application says its status, its words and how long to wait', () => {
  expect(new RelayRefusal(429, 'Five a day', { retryAfterMs: 1_000 })).toMatchObject({
    ...{
      name: 'RelayRefusal',
      code: 'rate-limited',
      status: 429,
      message: 'Five a day',
      retryAfterMs: 1_000,
    },
  });
  expect(new RelayRefusal(402, 'Out of credits')).toMatchObject({ code: 'payment-required' });
  expect(new RelayRefusal(403, 'Not yours')).toMatchObject({ code: 'forbidden' });
});

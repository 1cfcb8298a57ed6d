import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import { isVideoError } from '../../../src/errors.js';
import { rejection } from '../../support/rejection.js';
import { client, json, serve } from './support.js';

const retry = { attempts: 1, minDelayMs: 1, maxDelayMs: 1 };
const openAI = (baseUrl: string, options = {}) =>
  new VideoClient({ baseUrl, backend: openAIVideos(), retry, transports: ['polling'], ...options });

describe('an answer that is nested 60,000 levels deep', () => {
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  it.each<[number, string, object]>([
    [200, `{"x":${deep}}`, { code: 'invalid-response' }],
    [404, `{"error":"no such job","x":${deep}}`, { code: 'not-found', serverMessage: 'no such job' }],
    [401, `${'{"error":'.repeat(60_000)}1${'}'.repeat(60_000)}`, { code: 'unauthorized' }],
  ])(
    'of %i is an error of the table, with the status, that can be stringified',
    async (status, body, expected) => {
      const server = await serve((_seen, response) => response.writeHead(status).end(body));
      const error = await rejection(openAI(server.url).status('j'));
      expect(error).toMatchObject({ ...expected, status, jobId: 'j' });
      expect(JSON.stringify(error).length).toBeLessThan(10_000);
      expect(isVideoError(await rejection(openAI(server.url).generate({ prompt: 'x' })))).toBe(true);
    },
  );

  it('loses neither id nor status that stand beside it', async () => {
    const server = await serve((_seen, response) =>
      response.end(`{"id":"j","x":${deep},"status":"completed"}`),
    );
    const snapshot = await openAI(server.url).status('j');
    expect(snapshot).toMatchObject({ id: 'j', status: 'completed' });
    expect(() => JSON.stringify(snapshot)).not.toThrow();
  });
});

describe('an error about a job', () => {
  it.each<[string, (baseUrl: string) => Promise<unknown>]>([
    [
      'of a token function that throws, on status',
      (url) => openAI(url, { auth: { type: 'bearer', token: thrower } }).status('j'),
    ],
    [
      'of a token function that throws, on download',
      (url) => openAI(url, { auth: { type: 'bearer', token: thrower } }).download('j'),
    ],
    ['of a variant that there is not', (url) => openAI(url).download('j', { variant: 'x' as 'video' })],
    ['of a bad timeoutMs', async (url) => openAI(url).subscribe('j').completed({ timeoutMs: -1 })],
    ['of a job made without reels', (url) => builder(url).download('j', { variant: 'reels' })],
    ['of a signed URL with a password in it', (url) => builder(url).download('j')],
  ])('%s has its id', async (_, call) => {
    const server = await serve((_seen, response) =>
      json(response, 200, {
        ...{ jobId: 'j', status: 'completed', reelsGenerated: false },
        s3Upload: { enabled: true, standard: { signedUrl: 'http://user:pw@127.0.0.1/x' } },
      }),
    );
    const error = await rejection(call(server.url));
    expect(isVideoError(error)).toBe(true);
    expect(error).toMatchObject({ jobId: 'j' });
  });

  const thrower = () => {
    throw new Error('vault away');
  };
  const builder = (baseUrl: string) => new VideoClient({ baseUrl, backend: vidBuilder(), retry });
});

describe('what to do about a refusal', () => {
  it('401 behind a redirect to another origin: credentials do not go there', async () => {
    const api = await serve((_seen, response) => response.writeHead(401).end());
    const front = await serve(({ url }, response) =>
      response.writeHead(301, { location: api.url + url }).end(),
    );
    const auth = { type: 'bearer', token: 'a-token-of-ours' } as const;
    for (const call of [openAI(front.url, { auth }).status('j'), openAI(front.url, { auth }).download('j')]) {
      expect(await rejection(call)).toMatchObject({
        status: 401,
        hint: expect.stringContaining(`set baseUrl`),
      });
    }
    expect(await rejection(openAI(front.url, { auth }).status('j'))).toMatchObject({
      hint: expect.stringContaining(new URL(api.url).origin),
    });
    expect(await rejection(openAI(front.url).status('j'))).toMatchObject({ hint: 'Check the auth option.' });
  });

  it('a submit that finds no route is not told to check a job id, and 413 says what is too large', async () => {
    const server = await serve((_seen, response, index) => response.writeHead(index === 0 ? 404 : 413).end());
    const [missing, large] = [
      await rejection(openAI(server.url).generate({ prompt: 'x' })),
      await rejection(openAI(server.url).generate({ prompt: 'x' })),
    ];
    expect(missing).toMatchObject({
      code: 'not-found',
      hint: expect.stringMatching(/no such route, or no such model.*baseUrl/),
    });
    expect(large).toMatchObject({ status: 413, hint: expect.stringContaining('too large') });
  });

  it.each([
    [
      { detail: [{ loc: ['body', 'prompt'], msg: 'Field required' }, { msg: 'and more' }] },
      'body.prompt: Field required; and more',
    ],
    [{ error: { message: 'no', code: 1102 } }, 'no'],
    ['<p>502&nbsp;Bad&nbsp;Gateway &amp; more</p>', '502 Bad Gateway & more'],
  ])('%j becomes words', async (body, serverMessage) => {
    const server = await serve((_seen, response) =>
      response.writeHead(400).end(typeof body === 'string' ? body : JSON.stringify(body)),
    );
    expect(await rejection(openAI(server.url).status('j'))).toMatchObject({ serverMessage });
  });

  it('a code that is a number is kept as a text', async () => {
    const server = await serve((_seen, response) => json(response, 429, { message: 'no money', code: 1102 }));
    expect(await rejection(openAI(server.url).status('j'))).toMatchObject({ serverCode: '1102' });
  });

  it('a request id of 5,000 characters is cut', async () => {
    const server = await serve((_seen, response) =>
      json(response, 400, {}, { 'x-request-id': 'r'.repeat(5_000) }),
    );
    expect(await rejection(openAI(server.url).status('j'))).toMatchObject({ requestId: 'r'.repeat(200) });
  });
});

it.each(['', '/', '/v1', '/v1/', '/api', '/api/v1'])(
  'baseUrl ending in "%s" leads to the one route',
  async (path) => {
    const server = await serve((_seen, response) => json(response, 200, { id: 'j', status: 'queued' }));
    await openAI(server.url + path).status('j');
    expect(server.seen[0]?.url).toBe(`${path.startsWith('/api') ? '/api' : ''}/v1/videos/j`);
  },
);

it.each([500, 400, 404])(
  'a status of %i that holds the job, failed, is its failure, at once',
  async (status) => {
    const error = { code: 500, message: 'out of memory' };
    const server = await serve((_seen, response) =>
      json(response, status, { id: 'j', status: 'failed', error }),
    );
    const client = openAI(server.url);
    expect(await client.status('j')).toMatchObject({ status: 'failed', error: 'out of memory' });
    expect(server.seen).toHaveLength(1);
    expect(await rejection(client.subscribe('j').completed())).toMatchObject({
      ...{ name: 'JobFailedError', reason: 'out of memory' },
    });
  },
);

it.each([401, 408, 425, 429])('a status of %i is never read as a failed job', async (status) => {
  const server = await serve((_seen, response) => json(response, status, { id: 'j', status: 'failed' }));
  expect(await rejection(openAI(server.url).status('j'))).toMatchObject({ name: 'ApiError', status });
});

it('refuses what cannot be JSON before anything is sent', async () => {
  const server = await serve((_seen, response) => json(response, 200, {}));
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const value of [circle, { big: 1n }]) {
    const request = { method: 'POST', url: '/x', body: { type: 'json', value } } as const;
    expect(await rejection(client(server.url).send(request, { repeat: 'submit' }))).toMatchObject({
      name: 'InputError',
    });
  }
  expect(server.seen).toHaveLength(0);
});

it('a redirect whose body never ends holds no connection', async () => {
  const server = await serve(({ url }, response) => {
    if (url.endsWith('/to')) return json(response, 200, { id: 'from', status: 'queued' });
    return response.writeHead(302, { location: '/v1/videos/to' }).write('x'.repeat(100_000));
  });
  await openAI(server.url).status('from');
  await expect.poll(server.underWay).toBe(0);
});

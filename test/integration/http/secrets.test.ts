import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import type { Auth } from '../../../src/core/settings.js';
import { rejection } from '../../support/rejection.js';
import { serve } from './support.js';

const TOKEN = 'sk-live/AbCd+efgh/0123456789==';

/** How servers write what they echo. */
const ECHOES: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'with slashes escaped, as PHP does': (text) => text.replaceAll('/', '\\/'),
  'with \\u escapes': (text) => text.replaceAll('+', '\\u002b').replaceAll('=', '\\u003D'),
  'percent-encoded': (text) => encodeURIComponent(text),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'escaped for a page': (text) => text.replaceAll('/', '&#x2F;').replaceAll('+', '&#43;'),
};

const shown = (error: unknown) =>
  [String(error), inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)].join('\n');

describe.each(Object.entries(ECHOES))('a token echoed %s', (_, escaped) => {
  const answers: Readonly<Record<string, [number, (echo: string) => string]>> = {
    'in the words of a 401': [401, (echo) => `{"error":"bad key ${echo}","hint":"not ${echo}"}`],
    'in code and details of a 400': [
      400,
      (echo) => `{"error":"no","code":"k ${echo}","seen":{"a":["${echo}"]}}`,
    ],
    'in the name of a detail': [400, (echo) => `{"error":"no","${echo}":1}`],
    'in a page of 403': [403, (echo) => `<html><body>key ${echo}</body></html>`],
    'at the cut of a long text': [403, (echo) => `${'x'.repeat(285)} ${echo}`],
    'in a 500 to a submit': [500, (echo) => `{"error":"crashed at ${echo}"}`],
    'in a 200 that is a text': [200, (echo) => `debug: authorization ${echo}`],
    'in a 200 that tells nothing': [200, (echo) => `{"received":{"header":"Bearer ${echo}"}}`],
  };

  it.each(Object.entries(answers))('%s is in no error and no log line', async (_name, [status, bodyOf]) => {
    const server = await serve((_seen, response) =>
      response.writeHead(status, { 'x-request-id': `r-${TOKEN}` }).end(bodyOf(escaped(TOKEN))),
    );
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const client = new VideoClient({
      ...{ baseUrl: server.url, backend: openAIVideos(), auth: { type: 'bearer', token: TOKEN } },
      ...{ retry: { attempts: 1, minDelayMs: 1, maxDelayMs: 1 }, transports: ['polling'] },
      timeouts: { notReadyMs: 50 },
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const errors = [
      await rejection(client.status('j')),
      await rejection(client.generate({ prompt: 'x' })),
      await client.download('j').catch((error: unknown) => error),
      await rejection(client.backend.list(undefined)),
      await rejection(client.subscribe('j').completed({ timeoutMs: 200 })),
    ];
    for (const text of [...errors.map(shown), ...lines]) {
      for (const form of Object.values(ECHOES)) expect(text).not.toContain(form(TOKEN));
      // Nor enough of it to be of use.
      expect(text).not.toContain('sk-live/AbCd+e');
    }
    expect(errors.map(String).join()).toContain('[redacted]');
  });
});

describe('other credentials', () => {
  const connect = (baseUrl: string, options: { auth?: Auth; headers?: Record<string, string> }) =>
    new VideoClient({ baseUrl, ...options, backend: openAIVideos(), retry: { attempts: 1 } });
  const basic: Auth = { type: 'basic', username: 'ann', password: 'correct horse 1' };

  it.each<[string, { auth?: Auth; headers?: Record<string, string> }, string]>([
    ['a basic password', { auth: basic }, 'correct horse 1'],
    ['a basic password, form-encoded', { auth: basic }, 'correct+horse+1'],
    ['user name and password', { auth: basic }, 'ann:correct horse 1'],
    ['the base64 of basic', { auth: basic }, btoa('ann:correct horse 1')],
    ['a header', { headers: { 'x-api-key': 'k-123456789' } }, 'k-123456789'],
    [
      'the token of an Authorization in headers',
      { headers: { Authorization: 'Bearer abcdefgh12' } },
      'abcdefgh12',
    ],
    [
      'the password of an Authorization in headers',
      { headers: { authorization: `Basic ${btoa('u:secret-77')}` } },
      'secret-77',
    ],
    ['the value of a cookie', { headers: { cookie: 'a=b; session=s3cr3t-value' } }, 's3cr3t-value'],
    ['a token of eight characters', { auth: { type: 'bearer', token: 'abcdefgh' } }, 'abcdefgh'],
  ])('%s is not quoted, of a refused download neither', async (_name, options, secret) => {
    const server = await serve((_seen, response) =>
      response.writeHead(402).end(JSON.stringify({ error: `not ${secret}!` })),
    );
    const client = connect(server.url, options);
    for (const error of [await rejection(client.status('j')), await rejection(client.download('j'))]) {
      expect(error).toMatchObject({ code: 'payment-required', jobId: 'j', serverMessage: 'not [redacted]!' });
      expect(shown(error)).not.toContain(secret);
    }
  });

  it('of eight characters are not quoted', async () => {
    const server = await serve((_seen, response) =>
      response.writeHead(402).end('{"error":"version abcdefgh"}'),
    );
    const error = await rejection(connect(server.url, { headers: { 'x-v': 'abcdefgh' } }).status('j'));
    expect(error).toMatchObject({ serverMessage: 'version [redacted]' });
  });

  it('of seven characters are words like any other', async () => {
    const server = await serve((_seen, response) =>
      response.writeHead(402).end('{"error":"version abcdefg"}'),
    );
    const error = await rejection(connect(server.url, { headers: { 'x-v': 'abcdefg' } }).status('j'));
    expect(error).toMatchObject({ serverMessage: 'version abcdefg' });
  });

  it('given before, and rotated since, are not quoted either', async () => {
    const tokens = ['first-token-1', 'second-token-2'];
    const server = await serve((_seen, response) =>
      response.writeHead(401).end('{"error":"first-token-1, then second-token-2"}'),
    );
    const client = connect(server.url, {
      auth: { type: 'bearer', token: () => tokens.shift() ?? 'third-token-3' },
    });
    expect(await rejection(client.status('j'))).toMatchObject({
      serverMessage: '[redacted], then [redacted]',
    });
  });

  it('in what a caller’s own fetch throws are not shown with the cause', async () => {
    const client = new VideoClient({
      ...{ baseUrl: 'http://127.0.0.1:9', auth: { type: 'bearer', token: TOKEN }, retry: { attempts: 1 } },
      fetch: async (_input, init) => {
        throw Object.assign(new Error(`failed: ${TOKEN}`), {
          code: 'E_OWN',
          config: { headers: init?.headers },
        });
      },
    });
    const error = await rejection(client.status('j'));
    expect(error).toMatchObject({
      code: 'network',
      jobId: 'j',
      cause: { code: 'E_OWN', message: 'failed: [redacted]' },
    });
    expect(shown(error)).not.toContain(TOKEN);
  });
});

it.each([
  ['the reason of a job that failed', { status: 'failed', error: `upstream refused Bearer ${TOKEN}` }],
  ['the code of that reason', { status: 'failed', error: { message: 'refused', code: TOKEN } }],
  ['a status that nobody knows', { status: `odd ${TOKEN}` }],
])('a token echoed in %s is in no error, no warning and no log line', async (_, said) => {
  for (const transport of ['polling', 'sse'] as const) {
    const server = await serve((seen, response) => {
      const body = JSON.stringify({ jobId: 'j', ...said });
      const isStream = seen.url?.includes('/events') === true;
      if (!isStream && transport === 'sse') return response.writeHead(503).end();
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      return isStream ? response.write(`data: ${body}\n\n`) : response.end(body);
    });
    const told: unknown[] = [];
    const line = (text: string) => void told.push(text);
    const client = new VideoClient({
      baseUrl: server.url,
      auth: { type: 'bearer', token: TOKEN },
      transports: [transport],
      polling: { intervalMs: 50 },
      logger: { debug: line, info: line, warn: line, error: line },
    });
    const job = client.subscribe('j');
    job.on('warning', (warning) => void told.push(warning));
    const error = await rejection(job.completed({ timeoutMs: 500 }));
    expect(JSON.stringify(told) + shown(error)).not.toContain(TOKEN);
    expect(JSON.stringify(told) + shown(error)).toContain('[redacted]');
    await client.close();
  }
});

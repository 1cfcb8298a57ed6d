import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express5 from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type Listening, listen } from '../../support/listen.js';

const secret = 'raw secret';
const body = '{"jobId":"żółw","status":"completed"}';
const signature = createHmac('sha256', secret).update(body).digest('hex');
const headers = { 'content-type': 'application/json', 'x-signature': signature };

function receiver(options: { maxBodyBytes?: number; allowedAddresses?: string[] } = {}) {
  const completed: string[] = [];
  const errors: unknown[] = [];
  const handler = createWebhookHandler({
    secret,
    onCompleted: ({ jobId }) => void completed.push(jobId),
    onError: (error) => errors.push(error),
    ...(options.allowedAddresses && { addressOf: (_, { remoteAddress }) => remoteAddress }),
    ...options,
  });
  return { completed, errors, receive: toNodeHandler(handler) };
}

const post = ({ url }: Listening, init: RequestInit = {}) =>
  fetch(url, { method: 'POST', headers, body, ...init });

describe.each<[string, typeof express5]>([
  ['Express 5', express5],
  ['Express 4', express4],
])('toNodeHandler in %s', (_, express) => {
  it('reads the body itself', async () => {
    const { receive, completed } = receiver();
    await using app = await listen(express().post('/', receive));
    expect((await post(app)).status).toBe(200);
    expect(completed).toEqual(['żółw']);
  });

  it('takes the bytes that express.raw() or a rawBody keeps', async () => {
    const { receive, completed } = receiver();
    const raw = express().post('/', express.raw({ type: '*/*' }), receive);
    const kept = express().use(
      express.json({
        verify(request, _response, bytes) {
          (request as { rawBody?: Buffer }).rawBody = bytes;
        },
      }),
    );
    await using first = await listen(raw);
    await using second = await listen(kept.post('/', receive));
    expect((await post(first)).status).toBe(200);
    expect((await post(second)).status).toBe(200);
    expect(completed).toEqual(['żółw']); // The second is a duplicate.
  });

  it('answers 500 with the hint after express.json(), and does not hang', async () => {
    const { receive, errors } = receiver();
    await using app = await listen(express().use(express.json()).post('/', receive));
    const answer = await post(app, { signal: AbortSignal.timeout(2_000) });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({
      error: 'parsed-body',
      hint: expect.stringContaining('Express'),
    });
    expect(errors).toMatchObject([{ reason: 'parsed-body' }]);
  });
});

describe('toNodeHandler in Fastify', () => {
  it('answers 500 with the hint where Fastify has parsed the body', async () => {
    const { receive } = receiver();
    const app = fastify();
    app.post('/', receive);
    await app.ready();
    await using listening = await listen(app.server);
    const answer = await post(listening, { signal: AbortSignal.timeout(2_000) });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ hint: expect.stringContaining('Fastify') });
  });

  it('takes the bytes of a parser that keeps them', async () => {
    const { receive, completed } = receiver();
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
    app.post('/', receive);
    await app.ready();
    await using listening = await listen(app.server);
    expect((await post(listening)).status).toBe(200);
    expect(completed).toEqual(['żółw']);
  });
});

describe('toNodeHandler over raw sockets', () => {
  const head = (length: number | string) =>
    `POST /a/b?c HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Signature: ${signature}\r\n${length}\r\n\r\n`;

  /** Writes the chunks one after the other and gives all that comes back. */
  async function converse(
    port: number,
    chunks: readonly (string | Uint8Array)[],
    gapMs = 5,
  ): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    const closed = new Promise<void>((resolve) =>
      socket.on('close', () => resolve()).on('error', () => resolve()),
    );
    for (const chunk of chunks) {
      socket.write(chunk);
      await sleep(gapMs);
    }
    await Promise.race([closed, sleep(1_000).then(() => socket.destroy())]);
    return answer;
  }

  it('puts characters together that are split between packets', async () => {
    const { receive, completed } = receiver();
    await using app = await listen(receive);
    const bytes = Buffer.from(body);
    const packets = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    const answer = await converse(app.port, [head(`Content-Length: ${bytes.length}`), ...packets], 1);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(completed).toEqual(['żółw']);
  });

  it('answers 413 to a body without a length that does not end', async () => {
    const { receive } = receiver({ maxBodyBytes: 1_000 });
    await using app = await listen(receive);
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`;
    const answer = await converse(app.port, [
      head('Transfer-Encoding: chunked'),
      ...new Array<string>(20).fill(chunk),
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('survives a sender that goes away in the middle of its body', async () => {
    const { receive, completed, errors } = receiver();
    await using app = await listen(receive);
    const socket = connect(app.port, '127.0.0.1');
    socket.write(head(`Content-Length: 1000`));
    socket.write('{"jobId"');
    await sleep(20);
    socket.destroy();
    await sleep(20);
    expect((await post(app)).status).toBe(200);
    expect([completed, errors]).toEqual([['żółw'], []]);
  });

  it('keeps the connection for the next delivery', async () => {
    const { receive } = receiver();
    await using app = await listen(receive);
    const bytes = Buffer.from(body);
    const one = Buffer.concat([Buffer.from(head(`Content-Length: ${bytes.length}`)), bytes]);
    const answer = await converse(app.port, [one, one]);
    expect(answer.match(/HTTP\/1.1 200 /g)).toHaveLength(2);
  });
});

it('gives the address of the socket to addressOf, and not X-Forwarded-For', async () => {
  const allowed = receiver({ allowedAddresses: ['127.0.0.0/8'] });
  await using open = await listen(allowed.receive);
  expect((await post(open)).status).toBe(200);
  const others = receiver({ allowedAddresses: ['203.0.113.0/24'] });
  await using closed = await listen(others.receive);
  const forged = { ...headers, 'x-forwarded-for': '203.0.113.1' };
  expect((await post(closed, { headers: forged })).status).toBe(403);
});

it.each(['TRACE', 'GET', 'HEAD', 'OPTIONS', 'PUT'])('answers 405 to %s', async (method) => {
  const { receive, errors } = receiver();
  await using app = await listen(receive);
  const request = httpRequest(app.url, { method }).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  expect([answer.statusCode, answer.headers.allow, errors]).toEqual([405, 'POST', []]);
});

it('receives large bodies whole', async () => {
  const { receive, completed } = receiver();
  await using app = await listen(receive);
  const send = createWebhookFactory({ secret, url: app.url });
  const large = await send.completed('large', { fields: { padding: '🐢'.repeat(200_000) } });
  expect((await fetch(large)).status).toBe(200);
  expect(completed).toEqual(['large']);
});

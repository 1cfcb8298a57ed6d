import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express5 from 'express';
import express4 from 'express4';
import serverless from 'serverless-http';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { signWebhook } from '../../../src/webhooks/sign.js';

const secret = 'raw secret';
const body = '{"jobId":"żółw","status":"completed"}';

function receiver() {
  const completed: string[] = [];
  const handler = createWebhookHandler({ secret, onCompleted: ({ jobId }) => void completed.push(jobId) });
  return { completed, receive: toNodeHandler(handler) };
}

/** What API Gateway gives a function. */
function events(headers: Readonly<Record<string, string>>): Record<string, object> {
  const v1 = {
    httpMethod: 'POST',
    path: '/webhook',
    headers,
    requestContext: {},
    body,
    isBase64Encoded: false,
  };
  const v2 = {
    version: '2.0',
    rawPath: '/webhook',
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'POST', path: '/webhook', sourceIp: '127.0.0.1' } },
    body,
    isBase64Encoded: false,
  };
  const base64 = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
  return { v1, v2, 'v1 in base64': { ...v1, ...base64 }, 'v2 in base64': { ...v2, ...base64 } };
}

describe.each<[string, typeof express5]>([
  ['Express 5', express5],
  ['Express 4', express4],
])('toNodeHandler in %s behind serverless-http, which leaves rawHeaders empty', (_, express) => {
  it.each(Object.keys(events({})))('receives an event of API Gateway %s', async (kind) => {
    const { receive, completed } = receiver();
    const signed = await signWebhook({ body, secret });
    const event = events({ ...signed, 'content-type': 'application/json' })[kind] ?? {};
    const answer = await serverless(express().post('/webhook', receive))(event, {});
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(completed).toEqual(['żółw']);
  });
});

it('receives a request that is no stream, has no socket, and says nothing of its headers as they came', async () => {
  const { receive, completed } = receiver();
  const signed = await signWebhook({ body, secret });
  const answer: number[] = [];
  const response = { headersSent: false, writeHead: (status: number) => answer.push(status), end: () => {} };
  for (const kept of [{ rawBody: Buffer.from(body) }, { body: body }]) {
    const request = { method: 'POST', url: '/webhook', headers: signed, ...kept };
    await receive(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  }
  const parsed = { method: 'POST', url: '/', headers: signed, body: JSON.parse(body) };
  await receive(parsed as unknown as IncomingMessage, response as unknown as ServerResponse);
  expect([answer, completed]).toEqual([[200, 200, 500], ['żółw']]);
});

it('reads text where somebody has set an encoding, and a body that parses itself when asked for', async () => {
  const { receive, completed } = receiver();
  const stream = Object.assign(new EventEmitter(), {
    ...{ method: 'POST', url: '/', headers: await signWebhook({ body, secret }), rawHeaders: [] },
    ...{ pause() {}, resume() {} },
  });
  Object.defineProperty(stream, 'body', {
    get() {
      throw new Error('no JSON');
    },
  });
  const answer: number[] = [];
  const response = { headersSent: false, writeHead: (status: number) => answer.push(status), end: () => {} };
  const received = receive(stream as unknown as IncomingMessage, response as unknown as ServerResponse);
  stream.emit('data', body);
  stream.emit('end');
  stream.emit('close');
  await received;
  expect([answer, completed]).toEqual([[200], ['żółw']]);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { recentDeliveries } from '../../../src/webhooks/deliveries.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { JobEvent, WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { PUBLISHED } from './support.js';

const { secret } = PUBLISHED;
const send = createWebhookFactory({ secret });
const gateway = createWebhookFactory({ secret: 'raw' });

function byteByByte(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      for (const byte of chunk) controller.enqueue(Uint8Array.of(byte));
    },
  });
}

function receiver(options: Partial<WebhookHandlerOptions> = {}) {
  const events: string[] = [];
  const errors: unknown[] = [];
  const told = (name: string) => (event: { jobId?: string; type: string }) => {
    events.push(`${name} ${event.type} ${event.jobId}`);
  };
  const handler = createWebhookHandler({
    secret,
    onCompleted: told('completed'),
    onFailed: told('failed'),
    onProgress: told('progress'),
    onLate: told('late'),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { handler, events, errors };
}

const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request('http://localhost/', {
    ...{ method: 'POST', body, duplex: 'half' },
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('createWebhookHandler', () => {
  afterEach(() => vi.useRealTimers());

  it('answers 200 and tells each event to the function for its type', async () => {
    const all: string[] = [];
    const { handler, events } = receiver({ onEvent: ({ type }) => all.push(type) });
    const answer = await handler(await send.processing('a'));
    expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
    await handler(await send.completed('a'));
    await handler(await send.failed('b'));
    await handler(await send.queued('c'));
    await handler(await send.signed('{"type":"batch.completed","data":{"id":"x"}}'));
    expect(events).toEqual([
      'progress job.processing a',
      'completed job.completed a',
      'failed job.failed b',
      'progress job.queued c',
    ]);
    expect(all).toEqual(['job.processing', 'job.completed', 'job.failed', 'job.queued', 'unknown']);
  });

  it('answers 405, 415, 413 and 400 to what is no delivery', async () => {
    const { handler, events } = receiver({ maxBodyBytes: 100 });
    const get = await handler(new Request('http://localhost/'));
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    for (const type of ['application/x-www-form-urlencoded', 'Multipart/form-data; boundary=json']) {
      expect((await handler(post('{}', { 'content-type': type }))).status).toBe(415);
    }
    expect((await handler(post('x'.repeat(101)))).status).toBe(413);
    expect((await handler(await send.signed('not JSON'))).status).toBe(400);
    expect((await handler(await send.signed(''))).status).toBe(400);
    expect(events).toEqual([]);
  });

  it.each([
    undefined,
    '',
    'text/plain',
    'application/octet-stream',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset="UTF-8"',
    'application/cloudevents+json',
    'application/vnd.api+json; ext="https://example.com"',
  ])('takes what is signed by either scheme with the content type %j', async (type) => {
    const both: [ReturnType<typeof createWebhookFactory>, string][] = [
      [send, secret],
      [gateway, 'raw'],
    ];
    for (const [factory, key] of both) {
      const { handler, events } = receiver({ secret: key });
      const request = await factory.completed('a');
      if (type === undefined) request.headers.delete('content-type');
      else request.headers.set('content-type', type);
      expect((await handler(request)).status).toBe(200);
      expect(events).toHaveLength(1);
    }
  });

  it('stops reading at the limit, whatever the length says', async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1_000));
        },
        cancel() {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const { handler } = receiver({ maxBodyBytes: 10_000 });
    expect((await handler(post(endless))).status).toBe(413);
    expect(pulled).toBe(11);
    expect(cancelled).toBe(true);
  });

  it('answers 408 to a body that does not end, and 400 to one that breaks off', async () => {
    const { handler } = receiver({ bodyTimeoutMs: 20 });
    expect((await handler(post(new ReadableStream()))).status).toBe(408);
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    expect((await handler(post(broken))).status).toBe(400);
  });

  it('reads characters that are split between chunks', async () => {
    const text = '{"jobId":"żółw🐢","status":"completed"}';
    const request = await gateway.signed(text);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const stream = new Blob([bytes]).stream().pipeThrough(byteByByte());
    const { handler, events } = receiver({ secret: 'raw' });
    const split = post(stream, { 'x-signature': request.headers.get('x-signature') ?? '' });
    expect((await handler(split)).status).toBe(200);
    expect(events).toEqual(['completed job.completed żółw🐢']);
  });

  it('answers 401 with the reason, and nothing else, to what it does not believe', async () => {
    const { handler, events, errors } = receiver();
    const request = await send.completed('a');
    const unsigned = post('{}');
    const reasons = [];
    for (const bad of [await send.tampered(request), await send.stale(request), unsigned]) {
      const answer = await handler(bad);
      reasons.push([answer.status, await answer.json()]);
    }
    expect(reasons).toEqual([
      [401, { received: false, error: 'bad-signature' }],
      [401, { received: false, error: 'stale' }],
      [401, { received: false, error: 'missing-header' }],
    ]);
    expect([events, errors]).toEqual([[], []]);
  });

  it('answers 500 with the hint where somebody has read the body before', async () => {
    const { handler, errors } = receiver();
    const request = await send.completed('a');
    await request.json();
    const answer = await handler(request);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({
      error: 'parsed-body',
      hint: expect.stringMatching(/Express/),
    });
    expect(errors).toMatchObject([{ reason: 'parsed-body' }]);
  });

  it('asks a function for the secret at each delivery, and answers 500 where that has none', async () => {
    const secrets = [secret, ''];
    const { handler, errors } = receiver({
      secret: async () => secrets.shift() ?? '',
      scheme: 'standard-webhooks',
    });
    expect((await handler(await send.completed('a'))).status).toBe(200);
    expect((await handler(await send.completed('b'))).status).toBe(500);
    expect(errors).toMatchObject([{ reason: 'bad-secret' }]);
  });

  describe('acting once', () => {
    it('handles fifty duplicates at the same time once, and answers 200 to all', async () => {
      let calls = 0;
      const { handler } = receiver({
        onCompleted: async () => {
          calls += 1;
          await sleep(30);
        },
      });
      const requests = await send.duplicate(await send.completed('a'), 50);
      const answers = await Promise.all(requests.map((request) => handler(request)));
      expect(answers.map(({ status }) => status)).toEqual(new Array(50).fill(200));
      expect(calls).toBe(1);
    });

    it('does so by a digest of the body where no id is signed', async () => {
      const { handler, events } = receiver({ secret: 'raw' });
      const [first, second] = await gateway.duplicate(await gateway.completed('a'));
      if (first) await handler(first);
      if (second) await handler(second);
      expect(events).toHaveLength(1);
    });

    it('answers 500 where the function throws, without its words, and handles the retry', async () => {
      let fails = true;
      const { handler, events, errors } = receiver({
        onEvent: () => {
          if (fails) throw new Error('the database password is hunter2');
        },
      });
      const [first, retry, third] = await send.duplicate(await send.completed('a'), 3);
      if (!first || !retry || !third) throw new Error('three were asked for');
      const answer = await handler(first);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('hunter2');
      expect(errors).toMatchObject([{ message: expect.stringContaining('hunter2') }]);
      fails = false;
      expect((await handler(retry)).status).toBe(200);
      expect((await handler(third)).status).toBe(200);
      expect(events).toEqual(['completed job.completed a']);
    });

    it('answers 503 while another receiver is at it, so that a crash of that one loses nothing', async () => {
      const store = memoryStore();
      const request = await send.completed('a');
      await store.claim(request.headers.get('webhook-id') ?? '', 200);
      const { handler, events } = receiver({ store, ackWithinMs: 40 });
      const [now, later] = await send.duplicate(request);
      if (!now || !later) throw new Error('two were asked for');
      const answer = await handler(now);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      await sleep(200);
      expect((await handler(later)).status).toBe(200);
      expect(events).toHaveLength(1);
    });

    it('answers 500 where the store rejects and 503 where it does not answer', async () => {
      const down = { ...memoryStore(), claim: () => Promise.reject(new Error('no redis')) };
      const broken = receiver({ store: down });
      expect((await broken.handler(await send.completed('a'))).status).toBe(500);
      expect(broken.errors).toMatchObject([{ message: 'no redis' }]);
      const mute = { ...memoryStore(), claim: () => new Promise<never>(() => {}) };
      const waiting = receiver({ store: mute, ackWithinMs: 20 });
      expect((await waiting.handler(await send.completed('a'))).status).toBe(503);
    });
  });

  describe('late and out of order', () => {
    it('calls the functions for what is new, and onLate for the rest', async () => {
      const { handler, events } = receiver();
      for (const request of await send.reordered('a')) expect((await handler(request)).status).toBe(200);
      await handler(await send.failed('a'));
      expect(events).toEqual([
        'completed job.completed a',
        'late job.processing a',
        'late job.queued a',
        'late job.failed a',
      ]);
    });

    it('lets progress only grow', async () => {
      const { handler, events } = receiver({ secret: 'raw' });
      for (const [n, progress] of [10, 50, 30, 50, 60].entries()) {
        await handler(await gateway.processing('a', { progress, fields: { n } }));
      }
      expect(events.map((event) => event.split(' ')[0])).toEqual([
        'progress',
        'progress',
        'late',
        'late',
        'progress',
      ]);
    });

    it('does not take the retry of a failure for late', async () => {
      let fails = true;
      const seen: JobEvent[] = [];
      const { handler } = receiver({
        secret: 'raw',
        onCompleted: (event) => {
          if (fails) throw new Error('not now');
          seen.push(event);
        },
      });
      await handler(await gateway.completed('a', { fields: { attempt: 1 } }));
      fails = false;
      // This sender writes its retries anew: another body, another digest.
      await handler(await gateway.completed('a', { fields: { attempt: 2 } }));
      expect(seen).toHaveLength(1);
    });
  });

  describe('answering in time', () => {
    it('answers while a slow function goes on, under waitUntil', async () => {
      let done = false;
      const kept: Promise<unknown>[] = [];
      const { handler } = receiver({
        ackWithinMs: 20,
        onCompleted: async () => {
          await sleep(60);
          done = true;
        },
      });
      const request = await send.completed('a');
      const answer = await handler(request, { waitUntil: (promise) => kept.push(promise) });
      expect([answer.status, done]).toEqual([200, false]);
      await Promise.all(kept);
      expect([kept.length, done]).toEqual([1, true]);
    });

    it('keeps a retry out while that goes on, and lets it in where it failed', async () => {
      const log = recentDeliveries();
      let calls = 0;
      let kept: Promise<unknown> | undefined;
      let fail = () => {};
      const held = new Promise<never>((_, reject) => {
        fail = () => reject(new Error('too late to say'));
      });
      const { handler, errors } = receiver({
        ackWithinMs: 20,
        deliveries: log,
        waitUntil: (promise) => {
          kept = promise;
        },
        onCompleted: async () => {
          calls += 1;
          if (calls === 1) await held;
        },
      });
      const [first, early, later] = await send.duplicate(await send.completed('a'), 3);
      if (!first || !early || !later) throw new Error('three were asked for');
      expect((await handler(first)).status).toBe(200);
      expect((await handler(early)).status).toBe(503);
      fail();
      await kept;
      expect(errors).toMatchObject([{ message: 'too late to say' }]);
      expect((await handler(later)).status).toBe(200);
      expect(calls).toBe(2);
      expect(log.list().map(({ outcome, answeredEarly }) => [outcome, answeredEarly])).toEqual([
        ['busy', undefined],
        ['failed', true],
        ['handled', undefined],
      ]);
    });

    it('leaves no timer behind', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { handler } = receiver();
      await handler(await send.completed('a'));
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  describe('source addresses', () => {
    const addressOf: WebhookHandlerOptions['addressOf'] = (_, { remoteAddress }) => remoteAddress;
    const options = { secret: 'raw', allowedAddresses: ['203.0.113.0/24'], addressOf };

    it('answers 403 to others, and never asks X-Forwarded-For', async () => {
      const { handler, events } = receiver(options);
      expect((await handler(await gateway.completed('a'), { remoteAddress: '203.0.113.9' })).status).toBe(
        200,
      );
      expect((await handler(await gateway.completed('b'), { remoteAddress: '198.51.100.1' })).status).toBe(
        403,
      );
      const forged = await gateway.completed('c');
      forged.headers.set('x-forwarded-for', '203.0.113.9');
      expect((await handler(forged, { remoteAddress: '198.51.100.1' })).status).toBe(403);
      expect((await handler(forged)).status).toBe(403);
      expect(events).toEqual(['completed job.completed a']);
    });

    it('may be believed without a signature, but never against one', async () => {
      const { handler, events } = receiver({ ...options, allowUnsigned: true });
      const listed = { remoteAddress: '203.0.113.9' };
      const body = '{"jobId":"a","status":"completed"}';
      expect((await handler(post(body), listed)).status).toBe(200);
      expect((await handler(post(body, { 'x-signature': 'ab'.repeat(32) }), listed)).status).toBe(401);
      expect((await handler(post(body), { remoteAddress: '198.51.100.1' })).status).toBe(403);
      const { handler: withoutSecret } = receiver({ ...options, secret: undefined, allowUnsigned: true });
      expect((await withoutSecret(post(body), listed)).status).toBe(200);
      expect((await withoutSecret(post(body, { 'x-signature': 'ab'.repeat(32) }), listed)).status).toBe(500);
      expect(events).toEqual(['completed job.completed a']);
    });
  });

  it.each<[string, Partial<WebhookHandlerOptions>]>([
    ['onComplete', { onComplete: () => {} } as Partial<WebhookHandlerOptions>],
    ['addressOf', { allowedAddresses: ['127.0.0.1'] }],
    ['allowedAddresses', { allowedAddresses: ['localhost'], addressOf: () => undefined }],
    ['allowedAddresses', { allowedAddresses: (async () => []) as never, addressOf: () => undefined }],
    ['addressOf', { allowedAddresses: ['127.0.0.1'], addressOf: '127.0.0.1' as never }],
    ['allowUnsigned', { allowUnsigned: true }],
    ['ackWithinMs', { ackWithinMs: Number.NaN }],
    ['maxBodyBytes', { maxBodyBytes: 0 }],
    ['leaseMs', { leaseMs: 2 ** 31 }],
  ])('refuses a wrong %s when it is made', (option, options) => {
    expect(() => receiver(options)).toThrow(ConfigurationError);
    expect(() => receiver(options)).toThrow(expect.objectContaining({ option }));
  });

  it('refuses a bad secret when it is made', () => {
    for (const bad of ['', 'whsec_', [], undefined]) {
      expect(() => receiver({ secret: bad })).toThrow(expect.objectContaining({ reason: 'bad-secret' }));
    }
  });

  it('survives an onError that throws', async () => {
    const { handler } = receiver({
      onEvent: () => Promise.reject(new Error('first')),
      onError: () => {
        throw new Error('second');
      },
    });
    expect((await handler(await send.completed('a'))).status).toBe(500);
  });
});

describe('recentDeliveries', () => {
  it('keeps the last ones with outcome and reason, as JSON, without bodies and secrets', async () => {
    const deliveries = recentDeliveries({ max: 3 });
    const { handler } = receiver({ deliveries });
    const request = await send.completed('job-1');
    await handler(new Request('http://localhost/'));
    for (const bad of [await send.tampered(request), ...(await send.duplicate(request))]) await handler(bad);
    const json = JSON.stringify(deliveries);
    expect(JSON.parse(json)).toMatchObject([
      { outcome: 'refused', status: 401, reason: 'bad-signature' },
      { outcome: 'handled', status: 200, type: 'job.completed', jobId: 'job-1', id: expect.any(String) },
      { outcome: 'duplicate', status: 200, durationMs: expect.any(Number), receivedAt: expect.any(String) },
    ]);
    expect(json).not.toContain('created_at');
    expect(json).not.toContain(request.headers.get('webhook-signature')?.slice(3));
  });

  it('keeps the beginning of bodies where asked to', async () => {
    const deliveries = recentDeliveries({ bodies: true });
    const { handler } = receiver({ deliveries });
    await handler(await send.completed('job-1', { fields: { padding: 'x'.repeat(20_000) } }));
    const [record] = deliveries.list();
    expect(record?.body).toMatch(/^\{"id":"evt_job-1/);
    expect(record?.body).toHaveLength(10_000);
  });
});

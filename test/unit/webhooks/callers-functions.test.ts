import { afterEach, describe, expect, it, vi } from 'vitest';
import { recentDeliveries } from '../../../src/webhooks/deliveries.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';

const secret = 'raw';
const send = createWebhookFactory({ secret });
const hangs = () => new Promise<never>(() => {});
const fails = () => {
  throw new Error('of the caller');
};

function gateOf() {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve: () => resolve() };
}

function receiver(options: WebhookHandlerOptions) {
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const handler = createWebhookHandler({
    secret,
    ackWithinMs: 20,
    onError: (error) => errors.push(error),
    logger: { warn: (message) => warnings.push(message) },
    ...options,
  });
  return { errors, handler, warnings };
}

describe('a function of the caller', () => {
  it.each<[string, WebhookHandlerOptions]>([
    ['onEvent', { onEvent: hangs }],
    ['onCompleted', { onCompleted: hangs }],
  ])(
    '%s that hangs is given up after ackWithinMs and told, and again after the lease',
    async (_, options) => {
      const deliveries = recentDeliveries();
      let rest: Promise<unknown> | undefined;
      const { handler, warnings, errors } = receiver({
        ...{ ...options, deliveries, leaseMs: 40 },
        waitUntil: (promise) => {
          rest = promise;
        },
      });
      expect((await handler(await send.completed('a'))).status).toBe(200);
      expect(warnings).toEqual([expect.stringMatching(/job\.completed.* job a: answered 200 after 20 ms/)]);
      await rest;
      expect(errors).toMatchObject([{ message: expect.stringMatching(/job a has not ended within 40 ms/) }]);
      expect(deliveries.list()).toMatchObject([
        { outcome: 'failed', reason: 'timeout', answeredEarly: true },
      ]);
    },
  );

  it.each<[string, () => Promise<void>, unknown[]]>([
    ['takes the event late', async () => {}, []],
    ['fails late', async () => fails(), [{ message: 'of the caller' }]],
  ])('client.ingest that %s is answered 503, as the sender is to come again', async (_, then, told) => {
    const gate = gateOf();
    const client = { ingest: vi.fn(() => gate.promise.then(then)) };
    const onCompleted = vi.fn();
    let rest: Promise<unknown> | undefined;
    const waitUntil = (promise: Promise<unknown>) => {
      rest = promise;
    };
    const deliveries = recentDeliveries();
    const { handler, errors, warnings } = receiver({ client, onCompleted, waitUntil, deliveries });
    const delivery = await send.completed('a');
    expect((await handler(delivery.clone())).status).toBe(503);
    expect(onCompleted).not.toHaveBeenCalled();
    expect(warnings).toEqual([expect.stringMatching(/job a: answered 503 after 20 ms/)]);
    gate.resolve();
    await rest;
    expect(deliveries.list()).toMatchObject([{ status: 503, answeredEarly: true }]);
    expect(errors).toMatchObject(told);
    // What was taken is acted on once; what was not is taken when it comes again.
    client.ingest.mockResolvedValue(undefined);
    expect((await handler(delivery)).status).toBe(200);
    expect(onCompleted).toHaveBeenCalledTimes(1);
    expect(client.ingest).toHaveBeenCalledTimes(1 + told.length);
  });

  it.each<[string, WebhookHandlerOptions, number]>([
    ['addressOf', { allowedAddresses: ['127.0.0.1'], addressOf: fails }, 500],
    ['now', { now: fails }, 500],
    ['onEvent', { onEvent: fails }, 500],
    ['deliveries', { deliveries: { ...recentDeliveries(), add: fails } }, 200],
    ['waitUntil', { waitUntil: fails, onEvent: hangs }, 200],
    ['store.claim', { store: { ...memoryStore(), claim: fails } }, 500],
    ['store.position', { store: { ...memoryStore(), position: fails } }, 500],
    ['store.advance', { store: { ...memoryStore(), advance: fails } }, 200],
    ['store.complete', { store: { ...memoryStore(), complete: fails } }, 200],
    ['store.release', { store: { ...memoryStore(), release: fails }, onEvent: fails }, 500],
  ])('%s that throws ends nothing, and is told', async (_, options, status) => {
    const { handler, errors } = receiver(options);
    expect((await handler(await send.completed('a'))).status).toBe(status);
    expect(errors).toMatchObject([{ message: 'of the caller' }]);
  });

  it.each<[string, WebhookHandlerOptions, number, RegExp]>([
    [
      'addressOf that rejects',
      { allowedAddresses: ['127.0.0.1'], addressOf: async () => fails() },
      500,
      /of the caller/,
    ],
    [
      'addressOf that hangs',
      { allowedAddresses: ['127.0.0.1'], addressOf: hangs },
      500,
      /^addressOf did not answer within 20 ms$/,
    ],
    [
      'addressOf that gives no text',
      { allowedAddresses: ['127.0.0.1'], addressOf: (async () => 7) as never },
      500,
      /^addressOf gave what is no text: number$/,
    ],
    [
      'keyOf that rejects',
      { client: { ingest: () => {} }, keyOf: async () => fails() },
      500,
      /of the caller/,
    ],
    ['waitUntil that rejects', { waitUntil: async () => fails(), onEvent: hangs }, 200, /of the caller/],
    [
      'deliveries that reject',
      { deliveries: { ...recentDeliveries(), add: async () => fails() } },
      200,
      /of the caller/,
    ],
  ])('%s ends nothing, and is told in its words', async (_, options, status, told) => {
    const { handler, errors } = receiver(options);
    expect((await handler(await send.completed('a'))).status).toBe(status);
    await vi.waitFor(() =>
      expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(told) })]),
    );
  });

  it('may give later what it gives: an address, a token, what a source reads', async () => {
    const ingest = vi.fn();
    const { handler } = receiver({
      ...{ client: { ingest }, keyOf: async () => 't-1' },
      allowedAddresses: ['203.0.113.7'],
      addressOf: async (_, { remoteAddress }) => remoteAddress,
    });
    const [mine, others] = [await send.completed('a'), await send.completed('b')];
    expect((await handler(mine, { remoteAddress: '203.0.113.7' })).status).toBe(200);
    expect((await handler(others, { remoteAddress: '203.0.113.8' })).status).toBe(403);
    expect(ingest.mock.calls).toMatchObject([[{ jobId: 'a' }, { token: 't-1' }]]);

    const jobs: unknown[] = [];
    const source = createWebhookHandler({
      from: {
        name: 'mine',
        verify: async ({ body }) => ({ scheme: 'mine', body }),
        read: async () => ({ jobId: 'c', status: 'completed', raw: {} }),
      },
      onCompleted: ({ jobId }) => void jobs.push(jobId),
    });
    expect((await source(await send.completed('c'))).status).toBe(200);
    expect(jobs).toEqual(['c']);
  });

  it('may say with null, as a header does, that it knows no address', async () => {
    const { handler, errors } = receiver({
      allowedAddresses: ['127.0.0.1'],
      addressOf: (({ headers }: Request) => headers.get('x-real-ip')) as never,
    });
    expect((await handler(await send.completed('a'))).status).toBe(403);
    expect(errors).toEqual([]);
  });

  const silence = { message: 'the webhook store did not answer in time' };
  it.each<[string, WebhookHandlerOptions, number, object[]]>([
    ['claim', { store: { ...memoryStore(), claim: hangs } }, 503, [silence]],
    ['position', { store: { ...memoryStore(), position: hangs } }, 503, [silence]],
    ['advance', { store: { ...memoryStore(), advance: hangs } }, 200, [silence]],
    ['complete', { store: { ...memoryStore(), complete: hangs } }, 200, [silence]],
    [
      'release',
      { store: { ...memoryStore(), release: hangs }, onEvent: fails },
      500,
      [{ message: 'of the caller' }],
    ],
  ])(
    'store.%s that hangs does not keep the sender waiting, hides no failure, and is told',
    async (_, options, status, told) => {
      const { handler, errors } = receiver(options);
      expect((await handler(await send.completed('a'))).status).toBe(status);
      expect(errors).toMatchObject(told);
    },
  );

  it.each(['advance', 'complete'] as const)(
    'that succeeded is not called again because store.%s failed',
    async (method) => {
      const store = { ...memoryStore(), [method]: fails };
      const acted = vi.fn();
      const { handler } = receiver({ store, onCompleted: acted });
      const [first, again] = await send.duplicate(await send.completed('a'));
      if (!first || !again) throw new Error('two were asked for');
      await handler(first);
      expect([(await handler(again)).status, acted.mock.calls.length]).toEqual([
        method === 'advance' ? 200 : 503, // Its lease has yet to run out.
        1,
      ]);
    },
  );

  it('is not told of a store that answers while another receiver is at the delivery', async () => {
    const store = memoryStore();
    const { handler, errors } = receiver({ store });
    const delivery = await send.signed('{"type":"of no job"}');
    const [first, again] = await send.duplicate(delivery);
    if (!first || !again) throw new Error('two were asked for');
    await receiver({ store, onEvent: hangs }).handler(first);
    expect((await handler(again)).status).toBe(503);
    expect(errors).toEqual([]);
  });

  it('is not told of a store that is just asked whether that other receiver is done', async () => {
    let answers = 1;
    const claim = async () => (answers-- > 0 ? { status: 'busy' as const } : hangs());
    const { handler, errors } = receiver({ store: { ...memoryStore(), claim }, ackWithinMs: 60 });
    expect((await handler(await send.completed('a'))).status).toBe(503);
    expect([answers, errors]).toEqual([-1, []]);
  });

  it.each<[unknown, number]>([
    [null, 0],
    ['1000', 1],
  ])('may give the position of a job as a database does: %j', async (position, times) => {
    const store = { ...memoryStore(), position: async () => position as number };
    const late = vi.fn();
    const { handler } = receiver({ store, onLate: late });
    await handler(await send.completed('a'));
    await handler(await send.queued('b'));
    expect(late).toHaveBeenCalledTimes(times);
  });

  it('may reject where it reports: nothing is unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { handler } = receiver({
      onEvent: fails,
      onError: async () => fails(),
      logger: { warn: async () => fails() },
    });
    await handler(await send.completed('a'));
    await handler(await send.tampered(await send.completed('b')));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('that gives the time as a promise is refused by name, and nothing is unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { handler, errors } = receiver({ now: (async () => fails()) as never });
    expect((await handler(await send.completed('a'))).status).toBe(500);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(errors).toMatchObject([{ name: 'ConfigurationError', option: 'now' }]);
  });

  it('may hang where it logs: whoever is refused, or waits for a slow function, is answered in time', async () => {
    const kept: Promise<unknown>[] = [];
    const { handler } = receiver({
      onEvent: () => new Promise((resolve) => setTimeout(resolve, 40)),
      logger: { warn: hangs },
      waitUntil: (work) => void kept.push(work),
    });
    const answers = [
      await handler(await send.completed('a')),
      await handler(await send.tampered(await send.completed('b'))),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
    // The function that is slow, and what the logger writes of each: a platform may freeze what it does not know of.
    expect(kept).toHaveLength(3);
  });

  it('gives back what the store gives too late', async () => {
    const store = memoryStore();
    let give = () => {};
    const late = new Promise<void>((resolve) => {
      give = resolve;
    });
    const slow = {
      ...store,
      async claim(id: string, leaseMs: number) {
        await late;
        return store.claim(id, leaseMs);
      },
    };
    const acted = vi.fn();
    const [first, again] = await send.duplicate(await send.queued('a'));
    if (!first || !again) throw new Error('two were asked for');
    expect((await receiver({ store: slow, onEvent: acted }).handler(first)).status).toBe(503);
    give();
    await expect
      .poll(async () => (await receiver({ store, ackWithinMs: 500 }).handler(again.clone())).status)
      .toBe(200);
    expect(acted).not.toHaveBeenCalled();
  });
});

it('calls the waitUntil of the request where there are two', async () => {
  const ofHandler = vi.fn();
  const ofRequest = vi.fn();
  const { handler } = receiver({ onEvent: hangs, waitUntil: ofHandler });
  await handler(await send.completed('a'), { waitUntil: ofRequest });
  expect([ofRequest.mock.calls.length, ofHandler.mock.calls.length]).toEqual([1, 0]);
});

describe('what is refused', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is warned of on the console unless told otherwise', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const loud = createWebhookHandler({ secret });
    const quiet = createWebhookHandler({ secret, logger: 'silent' });
    const [one, two] = await send.duplicate(await send.tampered(await send.completed('a')));
    if (!one || !two) throw new Error('two were asked for');
    await loud(one);
    await quiet(two);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^reelwire: webhook refused \(401 bad-signature\)/)],
    ]);
  });

  it('is told once a minute for each reason, with the number of those left out', async () => {
    let elapsedMs = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
    const { handler, warnings } = receiver({});
    const forge = async () => handler(await send.tampered(await send.completed('a')));
    for (let n = 0; n < 5; n++) await forge();
    await handler(new Request('http://localhost/', { method: 'PUT' }));
    expect(warnings).toHaveLength(2);
    elapsedMs += 59_999;
    await forge();
    expect(warnings).toHaveLength(2);
    elapsedMs += 1;
    await forge();
    expect(warnings.slice(2)).toEqual([expect.stringMatching(/bad-signature.*and 5 more/)]);
  });

  it.each<[string, WebhookHandlerOptions]>([
    ['a secret that is not set', { secret: () => undefined as unknown as string }],
    ['a function for the secret that throws', { secret: fails }],
    ['a body that somebody has read', {}],
    ['addressOf that throws', { allowedAddresses: ['127.0.0.1'], addressOf: fails }],
  ])('is told on the console once a minute where anybody can cause it: %s', async (_, options) => {
    let elapsedMs = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { handler } = receiver({ ...options, onError: undefined });
    const attack = async () => {
      const request = new Request('http://localhost/', {
        method: 'POST',
        body: '{}',
        headers: { 'x-signature': 'a' },
      });
      if (!('secret' in options)) await request.text();
      expect((await handler(request)).status).toBe(500);
    };
    for (let n = 0; n < 4; n++) await attack();
    elapsedMs += 60_000;
    await attack();
    expect(error.mock.calls).toEqual([
      [expect.any(Error), ''],
      [expect.any(Error), ' (and 3 more since the last line)'],
    ]);
  });

  it('is told each time to onError, where there is one', async () => {
    const { handler, errors } = receiver({ secret: fails });
    for (let n = 0; n < 3; n++) await handler(await send.completed('a'));
    expect(errors).toHaveLength(3);
  });

  it('costs no diagnosis where no line is due', async () => {
    const { handler } = receiver({});
    const forged = () =>
      handler(
        new Request('http://localhost/', {
          method: 'POST',
          body: '{"a":1}',
          headers: { 'x-signature': 'ab'.repeat(32) },
        }),
      );
    await forged();
    const stringify = vi.spyOn(JSON, 'parse');
    await forged();
    expect(stringify).not.toHaveBeenCalled();
  });

  it('is told without a secret, a signature or a body, in one line', async () => {
    const { handler, warnings } = receiver({
      secret: 'hunter2 of both',
      allowedAddresses: ['127.0.0.1'],
      addressOf: (request) => request.headers.get('x-from') ?? undefined,
    });
    const post = (headers: Record<string, string>) =>
      handler(new Request('http://localhost/', { method: 'POST', body: 'private', headers }));
    await post({ 'x-from': '127.0.0.1', 'x-signature': 'signed thus' });
    await post({ 'x-from': 'a\u009b31m' });
    await post({ 'x-from': '127.0.0.1', 'content-type': `multipart/${'x'.repeat(9_000)}` });
    const text = warnings.join('|');
    expect(warnings).toHaveLength(3);
    expect(text).not.toMatch(/hunter2|signed thus|private|\p{Cc}/u);
    expect(text.length).toBeLessThan(1_000);
  });

  it('refuses a logger that is none', () => {
    expect(() => receiver({ logger: {} as 'silent' })).toThrow(expect.objectContaining({ option: 'logger' }));
  });
});

it('asks for a JSON content type where nothing is signed: a page could make a browser send the rest', async () => {
  const { handler } = receiver({
    ...{ secret: undefined, allowUnsigned: true, allowedAddresses: ['127.0.0.1'] },
    addressOf: () => '127.0.0.1',
  });
  const post = (type: string) =>
    handler(
      new Request('http://localhost/', {
        ...{ method: 'POST', body: '{"jobId":"a","status":"completed"}' },
        headers: { 'content-type': type },
      }),
    );
  expect((await post('text/plain')).status).toBe(415);
  expect((await post('application/vnd.api+json; charset=utf-8')).status).toBe(200);
});

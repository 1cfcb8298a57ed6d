import { describe, expect, it } from 'vitest';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';

const secret = 'raw';
const send = createWebhookFactory({ secret });

/** Each event is told at its beginning and at its end; `hold` is waited for in between. */
function receiver(hold: (name: string) => Promise<unknown>, options: WebhookHandlerOptions = {}) {
  const told: string[] = [];
  const act = (name: string) => async () => {
    told.push(`${name} begins`);
    await hold(name);
    told.push(`${name} ends`);
  };
  const handler = createWebhookHandler({
    secret,
    onCompleted: act('completed'),
    onFailed: act('failed'),
    onProgress: act('progress'),
    onLate: () => void told.push('late'),
    onError: () => {},
    logger: 'silent',
    ...options,
  });
  return { told, handler };
}

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));

/** As the port has it, over a store that has no more than the port asks for. */
function ownStore() {
  const { advance, claim, complete, position, release } = memoryStore();
  return { advance, claim, complete, position, release };
}

it.each(['memory', 'own'])('tells one end of a job where both come together (%s store)', async (kind) => {
  const { handler, told } = receiver(aMoment, { store: kind === 'own' ? ownStore() : memoryStore() });
  const answers = await Promise.all(
    [await send.failed('a'), await send.completed('a')].map((d) => handler(d)),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(told).toEqual(['failed begins', 'failed ends', 'late']);
});

it('tells completed once where it comes twice together, in different words', async () => {
  const { handler, told } = receiver(aMoment);
  const bodies = await Promise.all([1, 2, 3, 4].map((n) => send.completed('a', { fields: { n } })));
  await Promise.all(bodies.map((delivery) => handler(delivery)));
  expect(told).toEqual(['completed begins', 'completed ends', 'late', 'late', 'late']);
});

it('does not tell of progress while the end is acted on', async () => {
  const { handler, told } = receiver(aMoment);
  await Promise.all([await send.completed('a'), await send.processing('a')].map((d) => handler(d)));
  expect(told).toEqual(['completed begins', 'completed ends', 'late']);
});

it('acts on the second end where the first could not be acted on', async () => {
  const { handler, told } = receiver(async (name) => {
    await aMoment();
    if (name === 'failed') throw new Error('not now');
  });
  const answers = await Promise.all(
    [await send.failed('a'), await send.completed('a')].map((d) => handler(d)),
  );
  expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  expect(told).toEqual(['failed begins', 'completed begins', 'completed ends']);
});

it('asks the sender of the second end to come again where the first takes long', async () => {
  let finish = () => {};
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let kept: Promise<unknown> | undefined;
  const { handler, told } = receiver(() => held, {
    ackWithinMs: 30,
    waitUntil: (rest) => {
      kept = rest;
    },
  });
  const [completed, failed] = [await send.completed('a'), await send.failed('a')];
  const [again] = await send.duplicate(failed, 1);
  expect((await handler(completed)).status).toBe(200);
  expect((await handler(failed)).status).toBe(503);
  finish();
  await kept;
  expect(again && (await handler(again)).status).toBe(200);
  expect(told).toEqual(['completed begins', 'completed ends', 'late']);
});

it('lets progress that hangs hold up no end', async () => {
  const { handler, told } = receiver((name) => (name === 'progress' ? new Promise(() => {}) : aMoment()), {
    ackWithinMs: 200,
  });
  const slow = handler(await send.processing('a'));
  expect((await handler(await send.completed('a'))).status).toBe(200);
  expect(told).toEqual(['progress begins', 'completed begins', 'completed ends']);
  await slow;
});

it('loses no end where a receiver dies with the job in its hands', async () => {
  const store = memoryStore();
  const dead = receiver(() => new Promise(() => {}), { store, leaseMs: 40, ackWithinMs: 10 });
  await dead.handler(await send.failed('a'));
  const { handler, told } = receiver(aMoment, { store, ackWithinMs: 1_000 });
  expect((await handler(await send.completed('a'))).status).toBe(200);
  expect(told).toEqual(['completed begins', 'completed ends']);
});

it('acts on different jobs side by side', async () => {
  const { handler, told } = receiver(aMoment);
  await Promise.all([await send.completed('a'), await send.failed('b')].map((d) => handler(d)));
  expect([...told].sort()).toEqual(['completed begins', 'completed ends', 'failed begins', 'failed ends']);
});

describe('deliveries under one signed id', () => {
  const standard = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const factory = createWebhookFactory({ secret: standard });

  /** The body of another delivery, under the id `msg_1`. */
  async function underOneId(delivery: Promise<Request>): Promise<Request> {
    const body = await (await delivery).text();
    const headers = await signWebhook({ body, secret: standard, id: 'msg_1' });
    return new Request('http://localhost/webhook', { method: 'POST', body, headers });
  }

  it('lose no end of a job, though each says something else', async () => {
    const { handler, told } = receiver(aMoment, { secret: standard });
    const { processing, completed } = factory;
    for (const delivery of [processing('a'), completed('a'), completed('a'), processing('a')]) {
      expect((await handler(await underOneId(delivery))).status).toBe(200);
    }
    expect(told.filter((each) => each.endsWith('ends'))).toEqual(['progress ends', 'completed ends']);
  });

  it('are acted on once where they say the same, though in other words and together', async () => {
    const { handler, told } = receiver(aMoment, { secret: standard });
    await handler(await underOneId(factory.processing('a')));
    const ends = [1, 2, 3].map((n) => underOneId(factory.completed('a', { fields: { n } })));
    await Promise.all(ends.map(async (delivery) => handler(await delivery)));
    expect(told.slice(2)).toEqual(['completed begins', 'completed ends']);
  });

  it('are done where nothing is known of their job any more', async () => {
    const store = memoryStore();
    const { handler, told } = receiver(aMoment, {
      secret: standard,
      store: { ...store, position: async () => undefined },
    });
    for (const _ of [1, 2]) await handler(await underOneId(factory.completed('a')));
    expect(told).toEqual(['completed begins', 'completed ends']);
  });
});

import { describe, expect, it, vi } from 'vitest';
import type { JobSnapshot } from '../../../src/core/model.js';
import { ApiError, InvalidResponseError, NetworkError } from '../../../src/errors.js';
import { recentDeliveries } from '../../../src/webhooks/deliveries.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { type UnsignedWebhooksOptions, unsignedWebhooks } from '../../../src/webhooks/sources/unsigned.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import type { WebhookStore } from '../../../src/webhooks/stores/store.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';

type Ask = UnsignedWebhooksOptions['ask'];

const missing = () => new ApiError('no such job', { status: 404 });

function snapshotOf(id: string, status: JobSnapshot['status'] = 'completed', progress = 100): JobSnapshot {
  const base = {
    id,
    progress,
    updatedAt: new Date(0),
    transport: 'polling',
    raw: { told: 'by the server' },
  } as const;
  if (status === 'completed') return { ...base, status, videoUrl: 'https://example.com/real.mp4' };
  return status === 'failed' ? { ...base, status, error: 'no' } : { ...base, status };
}

function receiver(ask: Ask, options: Partial<WebhookHandlerOptions & UnsignedWebhooksOptions> = {}) {
  const { idOf, ...others } = options;
  const told: string[] = [];
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const handler = createWebhookHandler({
    from: unsignedWebhooks({ ask, idOf }),
    onEvent: ({ id, type }) => told.push(`${type} ${id}`),
    onError: (error) => errors.push(error),
    logger: { warn: (line) => warnings.push(line) },
    ...others,
  });
  const post = async (body: unknown) => {
    const init = { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
    const answer = await handler(new Request('http://localhost/', init));
    return { status: answer.status, body: (await answer.json()) as unknown, headers: answer.headers };
  };
  return { told, errors, warnings, post };
}

describe('unsignedWebhooks', () => {
  it('believes nobody: the event is made of what the server answers', async () => {
    const { told, post } = receiver(async (id) => snapshotOf(id, 'processing', 30));
    const forged = { id: 'a', status: 'completed', videoUrl: 'https://evil.example/x.mp4' };
    expect(await post(forged)).toMatchObject({ status: 200, body: { received: true } });
    expect(told).toEqual(['job.processing a:processing:30']);
    const from = unsignedWebhooks({ ask: async (id) => snapshotOf(id) });
    const event = await unwrapWebhook({ body: JSON.stringify(forged), headers: {} }, { from });
    expect(event).toMatchObject({
      ...{ id: 'a:completed:100', type: 'job.completed', jobId: 'a', snapshot: snapshotOf('a') },
      raw: { told: 'by the server' },
    });
  });

  it('is given to nobody who only verifies, for there is nothing to verify', async () => {
    const from = unsignedWebhooks({ ask: async (id) => snapshotOf(id) });
    const error = await rejection(verifyWebhookSignature({ body: '{"id":"a"}', headers: {}, from }));
    expect(error).toMatchObject({ name: 'ConfigurationError', option: 'from' });
  });

  it('hides no later truth by a forgery, not even by the very same body', async () => {
    type Truth = [JobSnapshot['status'], number];
    const end: Truth = ['completed', 100];
    const truth: Truth[] = [
      ['queued', 0],
      ['processing', 1],
      ['processing', 99],
    ];
    const told: string[] = [];
    const { post } = receiver(async (id) => snapshotOf(id, ...(truth[0] ?? end)), {
      onEvent: ({ id }) => void told.push(id),
      onLate: ({ id }) => void told.push(`late ${id}`),
    });
    const body = '{"id":"a","status":"completed"}';
    while (truth.length > 0) {
      await post(body);
      await post(body);
      truth.shift();
    }
    await post(body);
    await post(body);
    expect(told).toEqual(['a:queued:0', 'a:processing:1', 'a:processing:99', 'a:completed:100']);
  });

  it.each<[string, unknown, string]>([
    ['id', { id: 'a', task_id: 'b' }, 'a'],
    ['id, though it is a number', { id: 12 }, '12'],
    ['task.id', { task: { id: 'a' }, status: 'x' }, 'a'],
    ['task_id', { task_id: 'a', status: 'Success', file_id: '7' }, 'a'],
    ['id beyond 2^53', '{"id":12345678901234567890}', '12345678901234567890'],
    ['id of 2 KiB', { id: 'x'.repeat(2_048) }, 'x'.repeat(2_048)],
  ])('asks for the job that a body names by its %s', async (_, body, jobId) => {
    const asked: string[] = [];
    const { post } = receiver(async (id) => {
      asked.push(id);
      return snapshotOf(id);
    });
    expect((await post(body)).status).toBe(200);
    expect(asked).toEqual([jobId]);
  });

  it('asks for what idOf finds', async () => {
    const idOf = (body: unknown) => (body as { data: { id: string } }).data.id;
    const { post, told, warnings } = receiver(async (id) => snapshotOf(id), { idOf });
    expect((await post({ id: 'b', data: { id: 'a' } })).status).toBe(200);
    expect((await post({ id: 'b' })).status).toBe(400);
    expect(told).toEqual(['job.completed a:completed:100']);
    expect(warnings).toEqual([expect.stringContaining('refused (400 the body names no job)')]);
  });

  it('asks for what idOf finds later, and for nothing where it rejects: no body ends the process', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const idOf = async (body: unknown) => (body as { data: { id: string } }).data.id;
    const { post, told, errors } = receiver(async (id) => snapshotOf(id), { idOf });
    expect((await post({ data: { id: 'a' } })).status).toBe(200);
    expect((await post({})).status).toBe(400);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect([told, errors]).toEqual([['job.completed a:completed:100'], []]);
  });

  it('waits no longer for idOf than for anything else', async () => {
    const idOf = () => new Promise<never>(() => {});
    const { post, errors } = receiver(async (id) => snapshotOf(id), { idOf, ackWithinMs: 20 });
    expect((await post({ id: 'a' })).status).toBe(503);
    expect(errors).toMatchObject([{ message: expect.stringContaining('did not answer within 20 ms') }]);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a list', []],
    ['null', 'null'],
    ['a text', '"a"'],
    ['an id that is an object', { id: { a: 1 } }],
    ['an empty id', { id: '' }],
    ['an id of more than 2 KiB', { id: 'x'.repeat(2_049) }],
    ['an id that leads to another route', { id: '../account' }],
    ['an id that is half a character', '{"id":"\\ud800"}'],
    ['an id of the prototype', '{"__proto__":{"id":"a"}}'],
    ['ids 60,000 levels deep', `{"task":${'{"id":'.repeat(60_000)}1${'}'.repeat(60_000)}}`],
  ])('asks nobody where a body names %s: 400', async (_, body) => {
    let asked = 0;
    const { post, told, errors } = receiver(async (id) => {
      asked += 1;
      return snapshotOf(id);
    });
    const { status, body: answer } = await post(body);
    expect([status, answer]).toMatchObject([400, { error: 'the body names no job' }]);
    expect([asked, told, errors]).toEqual([0, [], []]);
    const parts = { body: typeof body === 'string' ? body : JSON.stringify(body), headers: {} };
    const from = unsignedWebhooks({ ask: async (id) => snapshotOf(id) });
    expect(await rejection(unwrapWebhook(parts, { from }))).toBeInstanceOf(InvalidResponseError);
  });

  it('answers 400 to what is no JSON', async () => {
    const { post, told } = receiver(async (id) => snapshotOf(id));
    expect((await post('task_id=a')).status).toBe(400);
    expect(told).toEqual([]);
  });

  it.each<[string, Ask]>([
    ['rejects with a 404', async () => Promise.reject(missing())],
    [
      'throws a 404',
      () => {
        throw missing();
      },
    ],
    ['knows of none', async () => undefined],
    ['gives null', async () => null as never],
  ])('tells of a job as unknown where the server %s: 200, and nothing of the body', async (_, ask) => {
    const { post, told, errors } = receiver(ask);
    expect((await post({ id: 'a', evil: true })).status).toBe(200);
    expect([told, errors]).toEqual([['unknown a:unknown'], []]);
    const parts = { body: '{"id":"a","evil":true}', headers: {} };
    const event = await unwrapWebhook(parts, { from: unsignedWebhooks({ ask }) });
    expect(event).toMatchObject({ type: 'unknown', jobId: 'a', raw: undefined });
  });

  it('remembers nothing of a flood of jobs that nobody knows', async () => {
    const store = memoryStore();
    const touched: string[] = [];
    const spying: WebhookStore = {
      ...store,
      claim: async (id, leaseMs) => {
        touched.push(id);
        return store.claim(id, leaseMs);
      },
    };
    const ask: Ask = async (id) => (id === 'real' ? snapshotOf(id) : undefined);
    const { post, told } = receiver(ask, { store: spying });
    for (let i = 0; i < 500; i++) await post({ id: `${'x'.repeat(2_000)}${i}` });
    expect(touched).toEqual([]);
    expect(told).toHaveLength(500);
    await post({ id: 'real' });
    expect(touched).toEqual(['real:completed:100', 'job\nreal']);
  });

  it.each<[string, Ask, RegExp]>([
    ['is down', async () => Promise.reject(new NetworkError('network', 'refused')), /refused/],
    ['refuses', async () => Promise.reject(new ApiError('no', { status: 401 })), /no/],
    ['throws what is no error', async () => Promise.reject(undefined), /undefined/],
    [
      'answers about another job',
      async () => snapshotOf('b'),
      /asked for job a, and was answered about job b/,
    ],
    ['answers a text', async () => 'completed' as never, /about job undefined/],
    [
      'answers in a word that is no status',
      async () => ({ ...snapshotOf('a'), status: 'done' }) as never,
      /no snapshot/,
    ],
    [
      'answers without progress',
      async () => ({ ...snapshotOf('a'), progress: undefined }) as never,
      /no snapshot/,
    ],
    [
      'answers with a progress that is none',
      async () => snapshotOf('a', 'processing', Number.NaN),
      /no snapshot/,
    ],
  ])('answers 503 where the server %s, and tells onError', async (_, ask, words) => {
    const { post, told, errors } = receiver(ask);
    const { status, headers, body } = await post({ id: 'a' });
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(body).toMatchObject({ received: false, error: 'the source did not answer' });
    expect(told).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(String(errors[0])).toMatch(words);
    // The next one is asked for all the same.
    const from = unsignedWebhooks({ ask });
    const error = await rejection(unwrapWebhook({ body: '{"id":"a"}', headers: {} }, { from }));
    expect(String(error)).toMatch(words);
  });

  it('asks for 16 jobs at once, answers 503 to the rest, and lets them in later', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const { post, told, errors, warnings } = receiver(
      (id) =>
        new Promise((resolve) => {
          waiting.push(() => resolve(snapshotOf(id)));
          most = Math.max(most, waiting.length);
        }),
      { ackWithinMs: 60_000 },
    );
    const answers = Array.from({ length: 100 }, (_, i) => post({ id: `job-${i}` }));
    await until(() => waiting.length === 16);
    const busy = await Promise.all(answers.slice(16));
    expect(busy.map(({ status }) => status)).toEqual(Array(84).fill(503));
    expect(busy[0]?.headers.get('retry-after')).toBe('5');
    for (const answer of waiting) answer();
    const first = await Promise.all(answers.slice(0, 16));
    expect(first.map(({ status }) => status)).toEqual(Array(16).fill(200));
    expect([most, told.length]).toEqual([16, 16]);
    // Anybody can cause it: one line, and no error each.
    expect(errors).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('refused (503 busy), 16 jobs are being asked for')]);
    const later = post({ id: 'job-99' });
    await until(() => waiting.length === 17);
    waiting[16]?.();
    expect((await later).status).toBe(200);
  });

  it('gives up what hangs, aborts it, and has room again', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    let hangs = true;
    const ask: Ask = (id, { signal }) => {
      signals.push(signal);
      return hangs ? new Promise<never>(() => {}) : Promise.resolve(snapshotOf(id));
    };
    const { post, told, errors } = receiver(ask, { ackWithinMs: 50 });
    const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => post({ id: `${i}` })));
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(503));
    expect(signals.map((signal) => signal?.aborted)).toEqual(Array(16).fill(true));
    expect(errors).toHaveLength(16);
    hangs = false;
    expect((await post({ id: 'a' })).status).toBe(200);
    expect(told).toEqual(['job.completed a:completed:100']);
    expect(signals.at(-1)?.aborted).toBe(false);
  });

  it('acts once on an end that many tell of at the same time', async () => {
    const { post, told } = receiver(async (id) => snapshotOf(id));
    const answers = await Promise.all(Array.from({ length: 10 }, () => post({ id: 'a' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(told).toEqual(['job.completed a:completed:100']);
  });

  it.each<[string, unknown, unknown]>([
    ['a text', { challenge: 'aB3' }, { challenge: 'aB3' }],
    ['a text of a page', { challenge: '<script>' }, { challenge: '<script>' }],
    ['a number', { challenge: 123 }, { challenge: 123 }],
    ['a text beside a job', { challenge: 'a', task_id: 'b' }, { challenge: 'a' }],
  ])('answers a challenge that is %s with itself, as JSON that no browser shows', async (_, body, wanted) => {
    const deliveries = recentDeliveries();
    let asked = 0;
    const { post, told } = receiver(
      async () => {
        asked += 1;
        return undefined;
      },
      { deliveries },
    );
    const answer = await post(body);
    expect([answer.status, answer.body]).toEqual([200, wanted]);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect([asked, told]).toEqual([0, []]);
    expect(deliveries.list()).toMatchObject([{ outcome: 'handled', reason: 'challenge', status: 200 }]);
  });

  it.each<[string, unknown]>([
    ['too long', 'x'.repeat(1_025)],
    ['an object', { a: 1 }],
    ['null', null],
  ])('gives nothing back for a challenge that is %s', async (_, challenge) => {
    const { post } = receiver(async (id) => snapshotOf(id));
    expect((await post({ challenge })).status).toBe(400);
    expect((await post({ challenge, id: 'a' })).status).toBe(200);
  });

  it('needs somebody to ask', () => {
    for (const ask of [undefined, 'status', {}]) {
      expect(() => unsignedWebhooks({ ask } as never)).toThrow('ask must be a function');
    }
  });
});

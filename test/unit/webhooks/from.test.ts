import { describe, expect, it, vi } from 'vitest';
import { ConfigurationError, InvalidResponseError, WebhookVerificationError } from '../../../src/errors.js';
import { recentDeliveries } from '../../../src/webhooks/deliveries.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import type { SourceDelivery, WebhookSource } from '../../../src/webhooks/source.js';
import { klingWebhooks } from '../../../src/webhooks/sources/kling.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { rejection } from '../../support/rejection.js';
import { PUBLISHED, refusal, signOpenRouter } from './support.js';

const { secret } = PUBLISHED;

/** A source of a caller's own: it believes whoever says "please". */
function polite(own: Partial<WebhookSource> = {}): WebhookSource {
  return {
    name: 'polite',
    async verify({ body, headers }) {
      if (headers.get('X-Please') === null) {
        throw new WebhookVerificationError('missing-header', 'it does not say please', { hint: 'Say it.' });
      }
      return { scheme: 'politeness', body };
    },
    read: (raw) => ({ jobId: (raw as { job: string }).job, status: 'completed', raw }),
    ...own,
  };
}

function receiver(options: WebhookHandlerOptions) {
  const told: string[] = [];
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const handler = createWebhookHandler({
    onEvent: ({ type, jobId }) => told.push(`${type} ${jobId}`),
    onError: (error) => errors.push(error),
    logger: { warn: (line) => warnings.push(line) },
    ...options,
  });
  const post = async (body: string, headers: Record<string, string> = { 'x-please': 'yes' }) => {
    const answer = await handler(new Request('http://localhost/', { method: 'POST', body, headers }));
    return { status: answer.status, body: (await answer.json()) as unknown, headers: answer.headers };
  };
  return { handler, told, errors, warnings, post };
}

describe('from', () => {
  it.each([
    ['a secret', { secret: 'f00d1234' }],
    ['an empty secret, as of a variable that is not set', { secret: '' }],
    ['a scheme', { scheme: 'standard-webhooks' }],
  ])('beside %s is a configuration error everywhere', async (_, beside) => {
    const options = { from: polite(), ...beside } as never;
    const parts = { body: '{}', headers: { 'x-please': 'yes' } };
    expect(() => createWebhookHandler(options)).toThrow(ConfigurationError);
    const errors = [
      await rejection(unwrapWebhook(parts, options)),
      await rejection(verifyWebhookSignature({ ...parts, ...(options as object) } as never)),
    ];
    for (const error of errors) expect(error).toMatchObject({ name: 'ConfigurationError', option: 'from' });
  });

  it('beside undefined is as if that were not there', async () => {
    const parts = { body: '{"job":"a"}', headers: { 'x-please': 'yes' } };
    const options = { from: polite(), secret: undefined, scheme: undefined };
    expect(await unwrapWebhook(parts, options)).toMatchObject({ type: 'job.completed', jobId: 'a' });
    expect(await verifyWebhookSignature({ ...parts, ...options })).toMatchObject({ scheme: 'politeness' });
    expect((await receiver({ ...options, allowUnsigned: false }).post('{"job":"a"}')).status).toBe(200);
  });

  it('does not go with allowUnsigned', () => {
    const options = {
      from: polite(),
      allowUnsigned: true,
      allowedAddresses: ['::1'],
      addressOf: () => '::1',
    };
    expect(() => createWebhookHandler(options)).toThrow('from does not go with allowUnsigned');
  });

  it.each([
    ['what makes a source, not called', replicateWebhooks],
    ['a name', 'replicate'],
    ['a source without verify', { name: 'x', read: () => undefined }],
    ['a source without read', { name: 'x', verify: async () => ({}) }],
    ['null', null],
  ])('that is %s is a configuration error, and believes nobody', async (_, from) => {
    expect(() => createWebhookHandler({ from: from as never })).toThrow(/from is no source|secret/);
    const parts = { body: '{}', headers: {} };
    const verified = await rejection(verifyWebhookSignature({ ...parts, from: from as never }));
    expect(verified).toMatchObject({ code: expect.stringMatching(/configuration|webhook-verification/) });
    const unwrapped = await rejection(unwrapWebhook(parts, { from: from as never }));
    expect(unwrapped).toMatchObject({ code: expect.stringMatching(/configuration|webhook-verification/) });
  });

  it('takes the tolerance and the clock of who verifies', async () => {
    const body = '{"id":"a","status":"succeeded"}';
    const headers = await signWebhook({ body, secret, timestamp: new Date(1_000_000) });
    const from = replicateWebhooks({ secret });
    const check = (options: object) => verifyWebhookSignature({ body, headers, from, ...options });
    await refusal(check({}), 'stale');
    await refusal(check({ now: 1_000_000 + 61_000, toleranceSeconds: 60 }), 'stale');
    await refusal(check({ now: new Date(940_000), futureToleranceSeconds: 59 }), 'future');
    await check({ now: 1_000_000 + 60_000, toleranceSeconds: 60 });
    for (const toleranceSeconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, '300']) {
      expect(await rejection(check({ toleranceSeconds }))).toMatchObject({ option: 'toleranceSeconds' });
    }
  });
});

describe('a source of a caller’s own', () => {
  it('is given the raw body, and headers by a name in any case, whatever they are', async () => {
    const seen: unknown[] = [];
    const from = polite({
      async verify({ body, headers }) {
        seen.push([
          typeof body === 'string' ? body : new TextDecoder().decode(body),
          headers.get('X-Please'),
        ]);
        return { scheme: 'politeness', body };
      },
    });
    const body = '{"job": "a"}';
    const request = new Request('http://localhost/', { method: 'POST', body, headers: { 'x-please': 'a' } });
    await unwrapWebhook(request, { from });
    for (const headers of [
      { 'X-PLEASE': ['a', 'b'] },
      [['X-Please', 'a']] as [string, string][],
      ['x-please', 'a'],
      new Headers({ 'x-please': 'a' }),
      new Map([['X-Please', 'a']]),
      {},
      { __proto__: { 'x-please': 7 } } as never,
    ]) {
      await unwrapWebhook({ body, headers }, { from });
    }
    const values = ['a', 'a, b', 'a', 'a', 'a', 'a', null, null];
    expect(seen).toEqual(values.map((value) => [body, value]));
  });

  it('refuses by a WebhookVerificationError: 401, its words in the log alone', async () => {
    const { post, told, warnings, errors } = receiver({ from: polite() });
    expect(await post('{"job":"a"}', {})).toMatchObject({
      ...{ status: 401, body: { received: false, error: 'missing-header' } },
    });
    expect(warnings).toEqual([
      'reelwire: webhook refused (401 missing-header), it does not say please. Say it.',
    ]);
    expect([told, errors]).toEqual([[], []]);
  });

  it.each<[string, WebhookSource['verify']]>([
    ['false', async () => false as never],
    ['true', async () => true as never],
    ['nothing', async () => undefined as never],
    ['what has no body', async () => ({ scheme: 'x' }) as never],
    ['a parsed body', async () => ({ scheme: 'x', body: { job: 'a' } }) as never],
    ['a plain error', async () => Promise.reject(new Error('down'))],
    [
      'an error that is thrown at once',
      () => {
        throw new TypeError('a bug');
      },
    ],
  ])('that verifies with %s is not believed: 500, and onError is told', async (_, verify) => {
    const { post, told, errors } = receiver({ from: polite({ verify }) });
    const { status, body } = await post('{"job":"a"}');
    expect([status, body]).toEqual([500, { received: false, error: 'the receiver failed' }]);
    expect([told, errors.length]).toEqual([[], 1]);
    const parts = { body: '{"job":"a"}', headers: {} };
    await rejection(unwrapWebhook(parts, { from: polite({ verify }) }));
    await rejection(verifyWebhookSignature({ ...parts, from: polite({ verify }) }));
  });

  it('that hangs is given up within ackWithinMs: 503, and onError is told', async () => {
    const verify = () => new Promise<never>(() => {});
    const { post, told, errors } = receiver({ from: polite({ verify }), ackWithinMs: 20 });
    const { status, headers } = await post('{"job":"a"}');
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(errors).toMatchObject([{ message: 'the webhook source polite did not answer within 20 ms' }]);
    expect(told).toEqual([]);
  });

  it('that verifies too late is not asked what is true', async () => {
    let verified = () => {};
    const late = new Promise<void>((resolve) => {
      verified = resolve;
    });
    const asked: boolean[] = [];
    const from = polite({
      async verify({ body }) {
        await late;
        return { scheme: 'x', body };
      },
      resolve: async (_, context) => void asked.push(context?.signal.aborted ?? false) as undefined,
    });
    const { post } = receiver({ from, ackWithinMs: 20 });
    expect((await post('{"job":"a"}')).status).toBe(503);
    verified();
    expect((await post('{"job":"b"}')).status).toBe(200);
    expect(asked).toEqual([false]);
  });

  it('that explains for ever holds up no answer', async () => {
    const from = { ...polite(), explain: () => new Promise<never>(() => {}) };
    const { post, warnings } = receiver({ from, ackWithinMs: 20 });
    expect((await post('{"job":"a"}', {})).status).toBe(401);
    expect(warnings).toHaveLength(1);
  });

  it('reads what it has verified, which need not be what came', async () => {
    const verify = async ({ body }: SourceDelivery) => ({ scheme: 'x', body: atob(String(body)), id: 'i' });
    const parts = { body: btoa('{"job":"a"}'), headers: {} };
    expect(await unwrapWebhook(parts, { from: polite({ verify }) })).toMatchObject({ id: 'i', jobId: 'a' });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'completed'],
    ['an update without an id', { status: 'completed' }],
    ['an id that is no text', { jobId: 7, status: 'completed' }],
    ['an id over 2 KiB', { jobId: 'x'.repeat(2_049), status: 'completed' }],
    ['an id that leads elsewhere', { jobId: '../a', status: 'completed' }],
    ['a status that is none', { jobId: 'a', status: 'constructor' }],
    ['no status', { jobId: 'a' }],
  ])('that reads %s tells of no job', async (_, update) => {
    const { post, told } = receiver({ from: polite({ read: () => update as never }) });
    expect((await post('{"job":"a"}')).status).toBe(200);
    expect(told).toEqual([expect.stringMatching(/^unknown (undefined|a)$/)]);
  });

  it('that throws what an answer of a server would is no sender’s fault: 500', async () => {
    const error = new InvalidResponseError('the keys are no JSON');
    for (const own of [
      { verify: async () => Promise.reject(error) },
      {
        read: () => {
          throw error;
        },
      },
    ]) {
      const { post, errors } = receiver({ from: polite(own) });
      expect((await post('{"job":"a"}')).status).toBe(500);
      expect(errors).toEqual([error]);
    }
    const { post } = receiver({ secret: async () => Promise.reject(error) });
    expect((await post('{}')).status).toBe(500);
  });

  it.each(['constructor', '__proto__'])('that refuses for the reason %s is answered 401', async (reason) => {
    const verify = async () => Promise.reject(new WebhookVerificationError(reason as never, 'no'));
    expect((await receiver({ from: polite({ verify }) }).post('{}')).status).toBe(401);
  });

  it('that refuses by an error of another copy of the package is understood', async () => {
    vi.resetModules();
    const { WebhookVerificationError: Other } = await import('../../../src/errors.js');
    expect(Other).not.toBe(WebhookVerificationError);
    const verify = async () => Promise.reject(new Other('bad-signature', 'not theirs'));
    const { post, warnings, errors } = receiver({ from: polite({ verify }) });
    expect((await post('{}')).status).toBe(401);
    expect([warnings, errors]).toEqual([[expect.stringContaining('401 bad-signature), not theirs')], []]);
  });

  it('that throws where it reads is answered 500', async () => {
    const { post, told, errors } = receiver({ from: polite() });
    expect((await post('null')).status).toBe(500);
    expect([told, errors.length]).toEqual([[], 1]);
  });

  it('has its deliveries known by their id, else by a digest of the body', async () => {
    const ids: string[] = [];
    const verify = async ({ body, headers }: SourceDelivery) => ({
      ...{ scheme: 'x', body },
      id: headers.get('x-id') as never,
    });
    const { post, told } = receiver({
      from: polite({ verify }),
      onEvent: ({ id }) => void ids.push(id),
      onCompleted: ({ jobId }) => void told.push(jobId),
    });
    await post('{"job":"a"}', { 'x-id': '1' });
    await post('{"job":"a"} ', { 'x-id': '1' });
    await post('{"job":"b"}', {});
    await post('{"job":"b"}', {});
    expect(told).toEqual(['a', 'b']);
    expect(ids).toEqual(['1', expect.stringMatching(/^sha256:[\da-f]{64}$/)]);
  });

  it('has no id that a store could take for the claim of a job', async () => {
    const store = memoryStore();
    const claimed = vi.spyOn(store, 'claim');
    const verify = async ({ body }: SourceDelivery) => ({ scheme: 'x', body, id: 'job\na' });
    const { post, told } = receiver({ from: polite({ verify }), store });
    await post('{"job":"a"}');
    expect(told).toEqual(['job.completed a']);
    expect(claimed.mock.calls.map(([id]) => id)).toEqual([expect.stringMatching(/^sha256:/), 'job\na']);
  });

  it('answers its challenge as it likes, after verify, and acts on nothing', async () => {
    const challenge = (body: unknown) =>
      (body as { hub?: string }).hub === undefined
        ? undefined
        : new Response('"pong"', { status: 202, headers: { 'x-a': 'b' } });
    const deliveries = recentDeliveries();
    const { post, told, warnings } = receiver({ from: polite({ challenge }), deliveries });
    const answer = await post('{"hub":"ping"}');
    expect([answer.status, answer.body, answer.headers.get('x-a')]).toEqual([202, 'pong', 'b']);
    expect((await post('{"hub":"ping"}', {})).status).toBe(401);
    expect((await post('{"job":"a"}')).status).toBe(200);
    expect(told).toEqual(['job.completed a']);
    expect(deliveries.list()).toMatchObject([
      { outcome: 'handled', status: 202, reason: 'challenge' },
      { outcome: 'refused', status: 401 },
      { outcome: 'handled', status: 200, jobId: 'a' },
    ]);
    expect(warnings).toHaveLength(1);
    const parts = { body: '{"hub":"ping"}', headers: { 'x-please': 'yes' } };
    const error = await rejection(unwrapWebhook(parts, { from: polite({ challenge }) }));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error).toMatchObject({ message: expect.stringContaining('challenge') });
  });

  it('may say itself that nothing is signed: then nothing of the delivery is told, not even its id', async () => {
    const verify = async ({ body }: SourceDelivery) => ({ scheme: 'unsigned', body, id: 'forged' });
    const snapshot = { id: 'a', status: 'queued', progress: 0, raw: 'true' } as never;
    const parts = { body: '{"job":"a"}', headers: {} };
    const from = polite({ verify, resolve: async () => snapshot });
    const event = await unwrapWebhook(parts, { from });
    expect(event).toMatchObject({ id: 'a:queued:0', type: 'job.queued', snapshot, raw: 'true' });
    const alone = await rejection(unwrapWebhook(parts, { from: polite({ verify }) }));
    expect(alone).toBeInstanceOf(InvalidResponseError);
    expect((await receiver({ from: polite({ verify }) }).post(parts.body)).status).toBe(400);
    expect(await rejection(verifyWebhookSignature({ ...parts, from }))).toMatchObject({ option: 'from' });
  });

  it('may be signed and say little: what is true is asked for, under the signed id', async () => {
    const verify = async ({ body }: SourceDelivery) => ({ scheme: 'x', body, id: 'signed' });
    const snapshot = { id: 'a', status: 'failed', progress: 40, error: 'no' } as never;
    const from = polite({ verify, resolve: async ({ jobId }) => (jobId === 'a' ? snapshot : undefined) });
    const event = await unwrapWebhook({ body: '{"job":"a"}', headers: {} }, { from });
    expect(event).toMatchObject({ id: 'signed', type: 'job.failed', jobId: 'a', snapshot });
    const unknown = await unwrapWebhook({ body: '{"job":"b"}', headers: {} }, { from });
    expect(unknown).toMatchObject({ id: 'signed', type: 'unknown', jobId: 'b', raw: { job: 'b' } });
  });
});

describe('a handler with a source', () => {
  const completed = '{"id":"a","status":"succeeded","output":"https://replicate.delivery/a.mp4"}';

  it('acts once on what is sent five times, and on what is late only as late', async () => {
    const { post, told } = receiver({ from: replicateWebhooks({ secret }) });
    const headers = await signWebhook({ body: completed, secret });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => post(completed, headers)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(told).toEqual(['job.completed a']);
    const late = '{"id":"a","status":"processing"}';
    await post(late, await signWebhook({ body: late, secret }));
    expect(told).toEqual(['job.completed a']);
  });

  it('takes two deliveries of OpenRouter of one job and status for one, though their words differ', async () => {
    const { post, told } = receiver({ from: openRouterWebhooks({ secret: 's' }) });
    const at = Math.floor(Date.now() / 1_000);
    for (const more of ['', ',"usage":{"cost":1}']) {
      const body = `{"type":"video.generation.completed","data":{"id":"a","status":"completed"${more}}}`;
      // Not signed: whoever repeats a delivery can write what they like there.
      const header = { 'x-openrouter-idempotency-key': `forged${more.length}` };
      expect((await post(body, { ...header, ...signOpenRouter(body, 's', at) })).status).toBe(200);
    }
    expect(told).toEqual(['job.completed a']);
  });

  it('refuses a forgery 401, and looks for words only where somebody reads them', async () => {
    const from = klingWebhooks({ secret });
    const explain = vi.spyOn(from as never, 'explain');
    const { post, warnings, told } = receiver({ from });
    const headers = { ...(await signWebhook({ body: completed, secret })), 'webhook-signature': 'v1,AAAA' };
    for (let i = 0; i < 50; i++) expect((await post(completed, headers)).status).toBe(401);
    expect(explain).toHaveBeenCalledTimes(1);
    expect(warnings).toEqual([expect.stringContaining('refused (401 bad-signature), no signature matches')]);
    expect(told).toEqual([]);
  });

  it('answers 500 where the function for the secret has none, and says so', async () => {
    const { post, errors } = receiver({ from: klingWebhooks({ secret: () => undefined }) });
    const { status, body } = await post(completed, await signWebhook({ body: completed, secret }));
    expect([status, body]).toMatchObject([
      500,
      { error: 'bad-secret', hint: expect.stringContaining('variable') },
    ]);
    expect(errors).toMatchObject([{ reason: 'bad-secret', message: 'the webhook secret is not set' }]);
  });

  it('gives up a function for the secret that hangs', async () => {
    const from = replicateWebhooks({ secret: () => new Promise<never>(() => {}) });
    const { post, errors } = receiver({ from, ackWithinMs: 20 });
    expect((await post(completed, await signWebhook({ body: completed, secret }))).status).toBe(503);
    expect(errors).toHaveLength(1);
  });

  it('keeps its limits: method, form, size, and a body that is signed but no JSON', async () => {
    const { post, handler } = receiver({ from: replicateWebhooks({ secret }), maxBodyBytes: 100 });
    expect((await handler(new Request('http://localhost/'))).status).toBe(405);
    expect((await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect((await post('x'.repeat(101), {})).status).toBe(413);
    expect((await post('no', await signWebhook({ body: 'no', secret }))).status).toBe(400);
  });

  it.each<[string, () => Parameters<typeof replicateWebhooks>[0], object]>([
    [
      'the first time',
      () => ({ secret: () => new Promise<never>(() => {}) }),
      { message: 'the webhook source replicate did not answer within 30000 ms' },
    ],
    [
      'when it is asked for the words of a refusal',
      () => {
        let asked = 0;
        return { secret: () => (asked++ ? new Promise<never>(() => {}) : secret) };
      },
      { reason: 'bad-signature' },
    ],
    [
      'or rejects when it is asked for the words of a refusal',
      () => {
        let asked = 0;
        return { secret: async () => (asked++ ? Promise.reject(new Error('no vault')) : secret) };
      },
      { reason: 'bad-signature' },
    ],
  ])('ends where the function for a secret hangs %s', async (_, optionsOf, wanted) => {
    const headers = { ...(await signWebhook({ body: completed, secret })), 'webhook-signature': 'v1,x' };
    const parts = { body: completed, headers };
    vi.useFakeTimers({ now: Date.now() });
    try {
      const verified = rejection(verifyWebhookSignature({ ...parts, from: replicateWebhooks(optionsOf()) }));
      const unwrapped = rejection(unwrapWebhook(parts, { from: replicateWebhooks(optionsOf()) }));
      await vi.dynamicImportSettled();
      await vi.advanceTimersByTimeAsync(30_000);
      expect([await verified, await unwrapped]).toMatchObject([wanted, wanted]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([['a text'], [{ challenge: 'a' }], [true]])(
    'answers 500 and tells onError where a challenge gives %j in place of a Response',
    async (given) => {
      const { post, told, errors } = receiver({ from: polite({ challenge: () => given as never }) });
      expect((await post('{"job":"a"}')).status).toBe(500);
      expect(told).toEqual([]);
      expect(errors).toMatchObject([{ message: 'challenge of polite gave no Response' }]);
    },
  );

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ now: Date.now() });
    try {
      const { post } = receiver({ from: replicateWebhooks({ secret }) });
      expect((await post(completed, await signWebhook({ body: completed, secret }))).status).toBe(200);
      expect((await post(completed, {})).status).toBe(401);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('answers within ackWithinMs, what the source takes of it included', async () => {
    const verify = async ({ body }: SourceDelivery) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { scheme: 'x', body };
    };
    let ended = () => {};
    const work: Promise<unknown>[] = [];
    const { post } = receiver({
      from: polite({ verify }),
      onCompleted: () =>
        new Promise<void>((resolve) => {
          ended = resolve;
        }),
      ackWithinMs: 10_000,
      waitUntil: (promise) => void work.push(promise),
    });
    vi.useFakeTimers();
    try {
      const answered = post('{"job":"a"}');
      await vi.advanceTimersByTimeAsync(300);
      await vi.advanceTimersByTimeAsync(9_699);
      expect(await Promise.race([answered, 'not yet'])).toBe('not yet');
      await vi.advanceTimersByTimeAsync(1);
      expect((await answered).status).toBe(200);
      ended();
      await Promise.all(work);
    } finally {
      vi.useRealTimers();
    }
  });
});

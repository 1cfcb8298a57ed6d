import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobUpdate, WebhookEvent } from '../../../src/core/model.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { falWebhooks } from '../../../src/webhooks/sources/fal.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { fixtures, plain } from '../backends/fixtures.js';
import { FAL, onEachRuntime, refusal } from './support.js';

const { body, headers, now } = FAL;

/** What stands at the place of the keys, and how often it was asked for. */
function published(...answers: readonly (object | Response | Error | Promise<never>)[]) {
  const asked: string[] = [];
  const fetch = (async (url: string) => {
    const answer = answers[Math.min(asked.push(String(url)), answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer.clone() : { status: 200, body: streamOf(await answer) };
  }) as unknown as typeof globalThis.fetch;
  return { asked, fetch };
}

/** By itself: a `Response` of Node's needs `Buffer`. */
function streamOf(json: unknown): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(JSON.stringify(json)));
      controller.close();
    },
  });
}
const JWKS = { keys: [FAL.jwk] };

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

/** As fal signs, by its document. */
function signed(text: string, key: KeyObject, more: Readonly<Record<string, string>> = {}) {
  const values = {
    'x-fal-webhook-request-id': headers['x-fal-webhook-request-id'],
    'x-fal-webhook-user-id': 'user_42',
    'x-fal-webhook-timestamp': headers['x-fal-webhook-timestamp'],
    ...more,
  };
  const digest = createHash('sha256').update(text).digest('hex');
  const message = [...Object.values(values), digest].join('\n');
  return { ...values, 'x-fal-webhook-signature': sign(null, Buffer.from(message), key).toString('hex') };
}

const verify = (from: ReturnType<typeof falWebhooks>, given: Partial<typeof FAL> = {}) =>
  verifyWebhookSignature({ body, headers, from, now, ...given });

onEachRuntime(({ falWebhooks, unwrapWebhook, verifyWebhookSignature }) => {
  it('falWebhooks accepts the vector, of text and of bytes, and nothing that differs', async () => {
    const { fetch, asked } = published(JWKS);
    const from = falWebhooks({ fetch });
    const id = headers['x-fal-webhook-request-id'];
    for (const given of [body, new TextEncoder().encode(body)])
      expect(await verifyWebhookSignature({ body: given, headers, from, now })).toEqual({
        ...{ scheme: 'fal', body: given, id, timestamp: new Date(now) },
      });
    const capitals = { 'x-fal-webhook-signature': headers['x-fal-webhook-signature'].toUpperCase() };
    await verifyWebhookSignature({ body, headers: { ...headers, ...capitals }, from, now });
    await refusal(verifyWebhookSignature({ body: `${body} `, headers, from, now }), 'bad-signature');
    for (const [name, value] of Object.entries(headers)) {
      const changed = { ...headers, [name]: value.replace(/.$/, (last) => (last === '1' ? '2' : '1')) };
      await refusal(verifyWebhookSignature({ body, headers: changed, from, now }), 'bad-signature');
    }
    expect(asked).toEqual(['https://rest.fal.ai/.well-known/jwks.json']);
    const event = await unwrapWebhook({ body, headers }, { from, now });
    expect(event).toMatchObject({ id, type: 'job.completed', jobId: id });
  });
});

describe('falWebhooks reads', () => {
  const read = (given: unknown, app?: string) =>
    falWebhooks(app === undefined ? {} : { app }).read(given) as JobUpdate | undefined;

  it.each(fixtures('fal', 'webhook'))('a delivery: $name', ({ body: given, expect: wanted }) => {
    for (const app of ['fal-ai/veo3.1', 'fal-ai/veo3.1/image-to-video']) {
      const update = read(given, app);
      expect(plain(update)).toEqual(wanted);
      expect(update?.raw).toBe(given);
    }
    const { jobId } = wanted as { jobId: string };
    expect(read(given)?.jobId).toBe(jobId.slice(-36));
  });

  it('the app of a workflow with its third part', () => {
    expect(read({ request_id: 'a', status: 'OK' }, 'workflows/acme/reel/x')?.jobId).toBe(
      'workflows/acme/reel/requests/a',
    );
  });

  it('nothing where no request is named, and nothing wrong whatever stands there', () => {
    for (const given of [null, [], 7, {}, { status: 'OK' }, { request_id: '..' }, { request_id: {} }])
      expect(read(given)).toBeUndefined();
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('OK', 'ERROR', { detail: [{ msg: 'x' }] }));
    const record = fc.record({ request_id: fc.constant('a'), status: field, payload: field, error: field });
    fc.assert(
      fc.property(record, (given) => {
        const update = read(given, 'a/b');
        expect(update?.jobId).toBe('a/b/requests/a');
        expect([undefined, 'completed', 'failed']).toContain(update?.status);
      }),
    );
  });
});

describe('a delivery of fal', () => {
  it('is refused without one of its headers, which is named', async () => {
    for (const name of Object.keys(headers)) {
      const given = { ...headers, [name]: undefined };
      const error = await refusal(
        verify(falWebhooks(published(JWKS)), { headers: given as never }),
        'missing-header',
      );
      expect(error.message).toBe(`no header ${name}`);
    }
  });

  it('is refused where its time is no time, and where it is long ago or ahead', async () => {
    const from = falWebhooks(published(JWKS));
    const at = (time: string) => ({ headers: { ...headers, 'x-fal-webhook-timestamp': time } });
    for (const time of ['now', '1767225600.5', '-1', '176722560000'])
      await refusal(verify(from, at(time)), 'bad-timestamp');
    await verify(from, { now: now + 300_000 });
    await refusal(verify(from, { now: now + 301_000 }), 'stale');
    await refusal(verify(from, { now: now - 301_000 }), 'future');
    await refusal(verify(from, { now: Number.NaN }), 'future');
  });

  it('is refused before any key is asked for, where its signature cannot be one', async () => {
    const { asked, fetch } = published(JWKS);
    for (const signature of ['', 'zz', 'ab', 'a'.repeat(127), `${'a'.repeat(128)}, ${'b'.repeat(128)}`]) {
      const given = { ...headers, 'x-fal-webhook-signature': signature };
      await refusal(verify(falWebhooks({ fetch }), { headers: given }));
    }
    expect(asked).toEqual([]);
  });

  it('says nothing else by other cuts of what is signed', async () => {
    const { privateKey, jwk } = newKey();
    const from = falWebhooks(published({ keys: [jwk] }));
    const own = signed(body, privateKey);
    await verify(from, { headers: own });
    const id = own['x-fal-webhook-request-id'];
    // The same text is signed, and another user and time are said.
    const moved = {
      ...own,
      'x-fal-webhook-request-id': `${id}\nuser_42`,
      'x-fal-webhook-user-id': '1767225600',
    };
    await refusal(verify(from, { headers: moved }), 'bad-signature');
  });

  it('of one bit that differs is refused', async () => {
    const from = falWebhooks(published(JWKS));
    for (let index = 0; index < body.length; index += 7) {
      const code = body.charCodeAt(index) ^ 1;
      const other = body.slice(0, index) + String.fromCharCode(code) + body.slice(index + 1);
      await refusal(verify(from, { body: other }), 'bad-signature');
    }
  });

  it('of any headers and any body is refused, and nothing else is thrown', async () => {
    const from = falWebhooks(published(JWKS));
    const value = fc.oneof(fc.string(), fc.nat().map(String), fc.anything(), fc.constant('a'.repeat(128)));
    const some = fc.dictionary(fc.constantFrom(...Object.keys(headers)), value);
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, fc.anything()), fc.oneof(fc.json(), fc.anything()), async (h, b) => {
        await refusal(verify(from, { headers: h as never, body: b as never }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the keys of fal', () => {
  const MINUTE = 60_000;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('are fetched with the first delivery, once for all that come together, and kept for a day', async () => {
    const { asked, fetch } = published(JWKS);
    const from = falWebhooks({ fetch });
    expect(asked).toHaveLength(0);
    await Promise.all(Array.from({ length: 10 }, () => verify(from)));
    vi.advanceTimersByTime(24 * 60 * MINUTE - 1);
    await verify(from);
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await verify(from);
    expect(asked).toHaveLength(2);
  });

  it('are fetched anew for a signature of a key that is not known, and once a minute at most', async () => {
    const next = newKey();
    const { asked, fetch } = published(JWKS, JWKS, { keys: [FAL.jwk, next.jwk] });
    const from = falWebhooks({ fetch });
    const rotated = { headers: signed(body, next.privateKey) };
    await verify(from);
    // Anybody can send what no key has signed.
    for (let sent = 0; sent < 50; sent++) await refusal(verify(from, rotated), 'bad-signature');
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(MINUTE);
    for (let sent = 0; sent < 50; sent++) await refusal(verify(from, rotated), 'bad-signature');
    expect(asked).toHaveLength(2);
    vi.advanceTimersByTime(MINUTE);
    await Promise.all(Array.from({ length: 5 }, () => verify(from, rotated)));
    expect(asked).toHaveLength(3);
    await verify(from);
  });

  it('of before are used where new ones cannot be had, and asked for once a minute then', async () => {
    const { asked, fetch } = published(JWKS, new Error('no network'));
    const from = falWebhooks({ fetch });
    await verify(from);
    vi.advanceTimersByTime(48 * 60 * MINUTE);
    for (let sent = 0; sent < 50; sent++) await verify(from);
    expect(asked).toHaveLength(2);
    vi.advanceTimersByTime(MINUTE);
    await verify(from);
    expect(asked).toHaveLength(3);
    await refusal(verify(from, { body: `${body} ` }), 'bad-signature');
  });

  it.each<[string, object | Response | Error]>([
    ['cannot be reached', new Error('no network')],
    ['answers 500', new Response('no', { status: 500 })],
    ['leads elsewhere', new Response(null, { status: 302, headers: { location: 'https://evil.test' } })],
    ['is a page', new Response('<html>')],
    ['is too long', new Response(JSON.stringify({ ...JWKS, padding: 'x'.repeat(100_000) }))],
    ['has none', { keys: [] }],
    ['is something else', { keys: 'none' }],
    ['has keys of other kinds', { keys: [null, { kty: 'RSA', n: 'AA' }, { ...FAL.jwk, crv: 'X25519' }] }],
    [
      'has keys that are none',
      {
        keys: [
          { ...FAL.jwk, x: 'AAAA' },
          { ...FAL.jwk, x: 7 },
          { ...FAL.jwk, x: '!' },
        ],
      },
    ],
  ])('are an error that is no refusal, where their place %s', async (_, answer) => {
    const { asked, fetch } = published(answer, JWKS);
    const from = falWebhooks({ fetch });
    const failed = verify(from);
    await expect(failed).rejects.toMatchObject({
      ...{
        name: 'InvalidResponseError',
        message: expect.stringContaining('no public keys from https://rest.fal.ai'),
      },
    });
    // It is the receiver's trouble: the sender comes again.
    const handler = createWebhookHandler({
      from,
      now: () => now,
      onCompleted: () => {},
      logger: 'silent' as never,
    });
    const request = () => new Request('http://localhost/', { method: 'POST', body, headers });
    expect((await handler(request())).status).toBe(500);
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect((await handler(request())).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it('are given up where their place does not answer, and asked for again', async () => {
    const { asked, fetch } = published(new Promise<never>(() => {}), JWKS);
    const from = falWebhooks({ fetch });
    const waiting = verify(from).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await waiting).toMatchObject({ message: expect.stringContaining('no answer within 5000 ms') });
    await verify(from);
    expect(asked).toHaveLength(2);
  });

  it('may stand in either alphabet among others, and no more than sixteen are tried', async () => {
    const own = newKey();
    const others = Array.from({ length: 15 }, () => newKey().jwk);
    const x = String(own.jwk.x).replaceAll('-', '+').replaceAll('_', '/');
    await verify(falWebhooks(published({ keys: [...others, { ...own.jwk, x }] })), {
      headers: signed(body, own.privateKey),
    });
    const late = falWebhooks(published({ keys: [...others, others[0], own.jwk] }));
    await refusal(verify(late, { headers: signed(body, own.privateKey) }), 'bad-signature');
  });
});

describe('the options of falWebhooks', () => {
  it.each([
    [{ app: 'veo' }, 'app'],
    [{ app: 'https://fal.run/fal-ai/veo' }, 'app'],
    [{ jwksUrl: 'rest.fal.ai' }, 'jwksUrl'],
    [{ jwksUrl: 'http://rest.fal.ai/.well-known/jwks.json' }, 'jwksUrl'],
    [{ jwksUrl: 'ftp://localhost/' }, 'jwksUrl'],
    [{ fetch: 'fetch' }, 'fetch'],
  ])('%j are refused', (options, option) => {
    expect(() => falWebhooks(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });

  it('may be given as undefined, and name another place of keys', async () => {
    falWebhooks({ app: undefined, jwksUrl: undefined, fetch: undefined });
    const { asked, fetch } = published(JWKS);
    for (const jwksUrl of [
      'https://keys.test/a',
      'http://localhost:3001/b',
      'http://127.0.0.1/c',
      'http://[::1]/d',
    ])
      await verify(falWebhooks({ jwksUrl, fetch }));
    expect(asked).toEqual([
      'https://keys.test/a',
      'http://localhost:3001/b',
      'http://127.0.0.1/c',
      'http://[::1]/d',
    ]);
  });
});

it('a delivery that comes again is acted upon once, for its id is that of the request', async () => {
  const told: WebhookEvent[] = [];
  const from = falWebhooks({ ...published(JWKS), app: 'fal-ai/veo3.1' });
  const handler = createWebhookHandler({
    from,
    now: () => now,
    onCompleted: (event) => void told.push(event),
  });
  for (let sent = 0; sent < 3; sent++) {
    const request = new Request('http://localhost/', { method: 'POST', body, headers });
    expect((await handler(request)).status).toBe(200);
  }
  expect(told.map(({ jobId }) => jobId)).toEqual([
    `fal-ai/veo3.1/requests/${headers['x-fal-webhook-request-id']}`,
  ]);
  expect((await unwrapWebhook({ body, headers }, { from, now })).type).toBe('job.completed');
});

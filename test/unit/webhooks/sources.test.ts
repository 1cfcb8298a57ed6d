import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { validateWebhook } from 'replicate';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { klingWebhooks } from '../../../src/webhooks/sources/kling.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { KLING, onEachRuntime, PUBLISHED, refusal, signOpenRouter } from './support.js';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const now = Date.parse('2026-11-26T12:00:00Z');
const seconds = now / 1_000;

/** What each source makes of a genuine delivery. */
const standard = (source: typeof klingWebhooks) => async (body: object | string) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = await signWebhook({ body: text, secret, id: 'msg_1', timestamp: new Date(now) });
  return unwrapWebhook({ body: text, headers }, { from: source({ secret }), now });
};
const fromKling = standard(klingWebhooks);
const fromReplicate = standard(replicateWebhooks);
const fromOpenRouter = (body: object | string) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = signOpenRouter(text, 's', seconds);
  return unwrapWebhook({ body: text, headers }, { from: openRouterWebhooks({ secret: 's' }), now });
};

onEachRuntime(
  ({ klingWebhooks, openRouterWebhooks, replicateWebhooks, unwrapWebhook, verifyWebhookSignature }) => {
    it('klingWebhooks accepts the vector that Kling publishes, and reads it', async () => {
      const { body, headers, now } = KLING;
      const from = klingWebhooks({ secret: KLING.secret });
      expect(await verifyWebhookSignature({ body, headers, from, now })).toEqual({
        ...{ scheme: 'standard-webhooks', secretIndex: 0, body, id: '9876543210' },
        timestamp: new Date(now),
      });
      const event = await unwrapWebhook({ body, headers }, { from, now });
      expect(event).toMatchObject({ id: '9876543210', type: 'job.completed', jobId: '1234567890' });
      expect(event.timestamp).toEqual(new Date(now));
      await refusal(verifyWebhookSignature({ body: `${body} `, headers, from, now }), 'bad-signature');
    });

    it('replicateWebhooks accepts the published vector of Standard Webhooks', async () => {
      const { body, headers, now } = PUBLISHED;
      const from = replicateWebhooks({ secret: PUBLISHED.secret });
      const { id } = await verifyWebhookSignature({ body, headers, from, now });
      expect(id).toBe(headers['webhook-id']);
      expect((await unwrapWebhook({ body, headers }, { from, now })).type).toBe('unknown');
    });

    it('openRouterWebhooks verifies the time, a comma and the body, and names a delivery by job and status', async () => {
      const body = '{"type":"video.generation.completed","data":{"id":"gen-vid-1","status":"completed"}}';
      const headers = signOpenRouter(body, 'whsec_any text is the key', seconds);
      const from = openRouterWebhooks({ secret: 'whsec_any text is the key' });
      for (const given of [body, new TextEncoder().encode(body)]) {
        expect(await verifyWebhookSignature({ body: given, headers, from, now })).toEqual({
          ...{ scheme: 'hmac-sha256-hex', secretIndex: 0, id: 'gen-vid-1-completed' },
          body: given,
          timestamp: new Date(now),
        });
      }
      const dot = createHmac('sha256', 'whsec_any text is the key')
        .update(`${seconds}.${body}`)
        .digest('hex');
      const stripes = { 'x-openrouter-signature': `t=${seconds},v1=${dot}` };
      await refusal(verifyWebhookSignature({ body, headers: stripes, from, now }), 'bad-signature');
    });
  },
);

describe('what independent implementations sign and verify', () => {
  const bodies = ['{"id":"żółw 🐢"}', '{"id":"a"}', JSON.stringify({ id: 'a', logs: 'x'.repeat(50_000) })];

  it.each([
    ['replicateWebhooks', replicateWebhooks],
    ['klingWebhooks', klingWebhooks],
  ])('standardwebhooks signs what %s takes', async (_, source) => {
    const at = new Date();
    // Not the same but for its end: two random bytes may be those that are put there, once in 65,536 runs.
    const another = `whsec_${randomBytes(32).toString('base64')}`;
    for (const body of bodies) {
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
      };
      await verifyWebhookSignature({ body, headers, from: source({ secret }) });
      await refusal(
        verifyWebhookSignature({ body, headers, from: source({ secret: another }) }),
        'bad-signature',
      );
    }
  });

  it('the client of Replicate judges as replicateWebhooks does, whatever is changed', async () => {
    const judgements = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.constantFrom('', 'body', 'webhook-id', 'webhook-timestamp', 'webhook-signature'),
        fc.boolean(),
        async (body, changed, hasPrefix) => {
          const headers = await signWebhook({ body, secret });
          if (changed in headers) headers[changed] = `${headers[changed]}1`;
          const sent = changed === 'body' ? `${body} ` : body;
          const given = hasPrefix ? secret : secret.slice('whsec_'.length);
          const request = new Request('http://localhost/', { method: 'POST', body: sent, headers });
          const theirs = await validateWebhook(request.clone(), given);
          const from = replicateWebhooks({ secret: given });
          const ours = await verifyWebhookSignature({ body: request, from }).then(
            () => true,
            () => false,
          );
          judgements.add(ours);
          expect(ours).toBe(theirs);
        },
      ),
      { numRuns: 60 },
    );
    expect(judgements).toEqual(new Set([true, false]));
  });
});

describe('replicateWebhooks reads a prediction', () => {
  const prediction = { id: 'ufawqhfynnddngldkgtslldrkq', model: 'google/veo-3.1', logs: '', error: null };

  it.each([
    ['starting', 'queued'],
    ['processing', 'processing'],
    ['succeeded', 'completed'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
    ['aborted', 'failed'],
  ])('whose status %s is %s', async (status, ours) => {
    const event = await fromReplicate({ ...prediction, status, output: null });
    expect(event).toMatchObject({ id: 'msg_1', type: `job.${ours}`, jobId: prediction.id });
    expect(event.snapshot).toMatchObject({ id: prediction.id, transport: 'webhook' });
  });

  it('with its files, and until when they are there', async () => {
    const url = 'https://replicate.delivery/a.mp4';
    const other = 'https://replicate.delivery/b.mp4';
    const snapshotOf = async (output: unknown, more: object = {}) => {
      const completed_at = '2026-11-26T12:00:00.000Z';
      return (await fromReplicate({ ...prediction, status: 'succeeded', completed_at, output, ...more }))
        .snapshot;
    };
    const expiresAt = new Date('2026-11-26T13:00:00.000Z');
    expect(await snapshotOf(url)).toMatchObject({ videoUrl: url, outputs: [{ url }], expiresAt });
    expect(await snapshotOf([url, other])).toMatchObject({
      videoUrl: url,
      outputs: [{ url }, { url: other }],
    });
    expect(await snapshotOf({ video: other, seed: 7, note: 'x', more: [url] })).toMatchObject({
      outputs: [
        { url: other, name: 'video' },
        { url, name: 'more' },
      ],
    });
    const deleted = await snapshotOf(null, { data_removed: true });
    expect(deleted).toMatchObject({ status: 'completed', gone: expect.stringContaining('removed') });
    expect(deleted).not.toHaveProperty('videoUrl');
  });

  it('with its error, or the word that is one', async () => {
    const snapshotOf = async (status: string, error: unknown) =>
      (await fromReplicate({ ...prediction, status, error })).snapshot;
    expect(await snapshotOf('failed', 'NSFW (E005)')).toMatchObject({ error: 'NSFW (E005)' });
    expect(await snapshotOf('failed', '')).toMatchObject({ error: '' });
    expect(await snapshotOf('canceled', null)).toMatchObject({ error: 'canceled', errorCode: 'canceled' });
    expect(await snapshotOf('aborted', null)).toMatchObject({ error: 'aborted', errorCode: 'aborted' });
  });
});

describe('openRouterWebhooks reads an event', () => {
  it('behind a byte order mark, and names its delivery all the same', async () => {
    const body = '{"type":"video.generation.completed","data":{"id":"gen-vid-1","status":"completed"}}';
    const event = { type: 'job.completed', jobId: 'gen-vid-1', id: 'gen-vid-1-completed' };
    for (const text of [body, `\uFEFF${body}`]) expect(await fromOpenRouter(text)).toMatchObject(event);
  });

  it.each([
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['expired', 'failed'],
    ['dead', 'failed'],
  ])('of the type video.generation.%s as %s', async (word, ours) => {
    const created_at = '2026-11-26T11:59:00Z';
    const event = await fromOpenRouter({
      type: `video.generation.${word}`,
      ...{ created_at, data: { id: 'gen-vid-1', status: word } },
    });
    expect(event).toMatchObject({ id: `gen-vid-1-${word}`, type: `job.${ours}`, jobId: 'gen-vid-1' });
    expect(event.timestamp).toEqual(new Date(now));
  });

  it('with its files, and its error as text or as an object', async () => {
    const url = 'https://openrouter.ai/api/v1/videos/gen-vid-1/content?index=0';
    const of = async (word: string, more: object) =>
      (
        await fromOpenRouter({
          type: `video.generation.${word}`,
          data: { id: 'gen-vid-1', status: word, ...more },
        })
      ).snapshot;
    expect(await of('completed', { unsigned_urls: [url, `${url}1`] })).toMatchObject({
      videoUrl: url,
      outputs: [{ url }, { url: `${url}1` }],
    });
    expect(await of('failed', { error: 'moderated' })).toMatchObject({ error: 'moderated' });
    expect(await of('failed', { error: { code: 'no', message: 'moderated' } })).toMatchObject({
      error: 'moderated',
      errorCode: 'no',
    });
    expect(await of('expired', {})).toMatchObject({ error: 'expired', errorCode: 'expired' });
  });

  it('of another kind, or of no job, as unknown', async () => {
    const data = { id: 'gen-vid-1', status: 'completed' };
    for (const body of [
      { type: 'video.completed', data },
      { type: 'x', data },
      { data },
      [],
      { type: 7, data: 7 },
    ]) {
      expect(await fromOpenRouter(body)).toMatchObject({ type: 'unknown' });
    }
    const nameless = await fromOpenRouter({
      type: 'video.generation.completed',
      data: { status: 'completed' },
    });
    expect(nameless).toMatchObject({ type: 'unknown', id: expect.stringMatching(/^sha256:/) });
  });
});

describe('klingWebhooks reads a task', () => {
  it.each([
    ['submitted', 'queued'],
    ['processing', 'processing'],
    ['succeeded', 'completed'],
    ['failed', 'failed'],
  ])('whose status %s is %s', async (status, ours) => {
    expect(await fromKling({ id: '1', status, outputs: [], message: '' })).toMatchObject({
      type: `job.${ours}`,
    });
  });

  it('with its videos, and until when they are there', async () => {
    const create_time = Date.parse('2026-11-01T00:00:00Z');
    const video = { type: 'video', id: '2', url: 'https://cdn.kling.ai/a.mp4', duration: '8.041' };
    const image = { type: 'image', id: '3', url: 'https://cdn.kling.ai/a.png' };
    const { snapshot } = await fromKling({
      id: '1',
      status: 'succeeded',
      create_time,
      outputs: [image, video],
    });
    expect(snapshot).toMatchObject({
      ...{ videoUrl: video.url, outputs: [{ url: video.url }] },
      expiresAt: new Date('2026-12-01T00:00:00Z'),
    });
    const failed = await fromKling({ id: '1', status: 'failed', message: 'risk control' });
    expect(failed.snapshot).toMatchObject({ error: 'risk control' });
  });

  it('as the older API writes it', async () => {
    const videos = [{ id: '2', url: 'https://cdn.kling.ai/a.mp4', duration: '5.1' }];
    const done = await fromKling({ task_id: '1', task_status: 'succeed', task_result: { videos } });
    expect(done).toMatchObject({ type: 'job.completed', jobId: '1', snapshot: { videoUrl: videos[0]?.url } });
    const failed = await fromKling({ task_id: '1', task_status: 'failed', task_status_msg: 'no' });
    expect(failed).toMatchObject({ type: 'job.failed', snapshot: { error: 'no' } });
  });
});

const READERS: [string, typeof fromKling, (id: unknown) => object][] = [
  ['replicateWebhooks', fromReplicate, (id) => ({ id, status: 'succeeded' })],
  ['klingWebhooks', fromKling, (id) => ({ id, status: 'succeeded' })],
  [
    'openRouterWebhooks',
    fromOpenRouter,
    (id) => ({ type: 'video.generation.completed', data: { id, status: 'completed' } }),
  ],
];

describe.each(READERS)('%s', (_, unwrap, bodyOf) => {
  it('takes an id of 2 KiB, and none that is longer or no id', async () => {
    const long = 'x'.repeat(2_048);
    expect(await unwrap(bodyOf(long))).toMatchObject({ type: 'job.completed', jobId: long });
    for (const id of [`${long}x`, '', ' ', '..', {}, [], null, true, '\ud800']) {
      expect(await unwrap(bodyOf(id)), JSON.stringify(id)).toMatchObject({ type: 'unknown' });
    }
  });

  it('survives fields of any type, and keys of the prototype', async () => {
    const names = [
      'id',
      'status',
      'error',
      'output',
      'outputs',
      'data',
      'type',
      'task_result',
      'completed_at',
    ];
    const hostile = ['__proto__', 'constructor', 'toString', 'create_time', 'task_id', 'unsigned_urls'];
    const name = fc.constantFrom(...names, ...hostile);
    const body = fc.dictionary(name, fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.jsonValue())));
    await fc.assert(
      fc.asyncProperty(body, async (fields) => {
        const text = JSON.parse(JSON.stringify({ ...bodyOf('a'), ...fields })) as object;
        expect((await unwrap(text)).type).toMatch(/^(unknown|job\.(queued|processing|completed|failed))$/);
      }),
      { numRuns: 200 },
    );
    const polluted = await unwrap(JSON.parse('{"__proto__":{"id":"a","status":"succeeded"}}') as object);
    expect(polluted).toMatchObject({ type: 'unknown' });
    expect({}).not.toHaveProperty('status');
  });

  it('survives 60,000 levels of JSON', async () => {
    const deep = `,"deep":${'['.repeat(60_000)}${']'.repeat(60_000)}}`;
    const event = await unwrap(JSON.stringify(bodyOf('a')).replace(/\}$/, deep));
    expect(event).toMatchObject({ type: 'job.completed', jobId: 'a' });
  });
});

describe('a forgery', () => {
  const body = '{"type":"video.generation.completed","data":{"id":"a","status":"completed"}}';
  const from = openRouterWebhooks({ secret: 's' });
  const right = signOpenRouter(body, 's', seconds)['x-openrouter-signature'] ?? '';
  const mac = right.split('v1=')[1] ?? '';
  const check = (header: string | readonly string[], at = now) =>
    verifyWebhookSignature({ body, headers: { 'X-OpenRouter-Signature': header }, from, now: at });

  it.each([
    ['no time', `v1=${mac}`],
    ['two times', `t=${seconds},t=1,v1=${mac}`],
    ['a time that is none', `t=1e9,v1=${mac}`],
    ['a giant time', `t=${'9'.repeat(400)},v1=${mac}`],
    ['a time before 1970', `t=-1,v1=${mac}`],
    ['hex for its time', `t=0x${seconds.toString(16)},v1=${mac}`],
    ['a time behind 100,000 signatures', `${`v1=${'0'.repeat(64)},`.repeat(100_000)}${right}`],
  ])('of OpenRouter with %s is refused as bad-timestamp', async (_, header) => {
    const error = await refusal(check(header), 'bad-timestamp');
    expect(error.message).toBe('x-openrouter-signature is malformed');
  });

  it.each([
    ['no signature', `t=${seconds}`],
    ['an empty one', `t=${seconds},v1=`],
    ['one cut short', `t=${seconds},v1=${mac.slice(0, -1)}`],
    ['one of another version', `t=${seconds},v0=${mac}`],
    ['another time', `t=${seconds + 1},v1=${mac}`],
    ['the right one behind 32 wrong ones', `t=${seconds}${`,v1=${'0'.repeat(64)}`.repeat(32)},v1=${mac}`],
  ])('of OpenRouter with %s is refused as bad-signature', async (_, header) => {
    await refusal(check(header), 'bad-signature');
  });

  it('is no delivery of OpenRouter with 32 signatures, the last of which is right', async () => {
    await check(`t=${seconds}${`,v1=${'0'.repeat(64)}`.repeat(31)},v1=${mac}`);
  });

  it('of OpenRouter whose header came twice is refused, and one with a second signature is taken', async () => {
    await refusal(check([right, right]), 'bad-timestamp');
    await refusal(check(`${right}, ${right}`), 'bad-timestamp');
    await check(`t=${seconds}, v1=${'0'.repeat(64)}, v1=${mac.toUpperCase()}`);
  });

  it('of OpenRouter is told what is missing, and is stale only where it is genuine', async () => {
    const none = await refusal(verifyWebhookSignature({ body, headers: {}, from, now }), 'missing-header');
    expect(none.message).toBe('no header x-openrouter-signature');
    await refusal(check(right, now + 301_000), 'stale');
    await refusal(check(right, now - 301_000), 'future');
    await refusal(check(right.replace(/.$/, 'x'), now + 301_000), 'bad-signature');
    await refusal(
      verifyWebhookSignature({ body, headers: { get: () => right }, from, now: Number.NaN }),
      'future',
    );
  });

  it('with a thousand signatures costs one HMAC, and is refused', async () => {
    const headers = await signWebhook({ body, secret });
    const others = Array.from({ length: 1_000 }, () => `v1,${randomBytes(32).toString('base64')}`).join(' ');
    const sources = [replicateWebhooks({ secret }), klingWebhooks({ secret })];
    for (const source of sources) {
      const late = { ...headers, 'webhook-signature': `${others} ${headers['webhook-signature']}` };
      await refusal(verifyWebhookSignature({ body, headers: late, from: source }), 'bad-signature');
      const both = { ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` };
      await verifyWebhookSignature({ body, headers: both, from: source });
    }
  });

  it('that repeats the headers of another source is refused by each', async () => {
    const standard = await signWebhook({ body, secret });
    const hex = { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
    const router = signOpenRouter(body, secret, Math.floor(Date.now() / 1_000));
    const all = [
      [replicateWebhooks({ secret }), [hex, router]],
      [klingWebhooks({ secret }), [hex, router]],
      [openRouterWebhooks({ secret }), [hex, standard]],
    ] as const;
    for (const [source, wrong] of all) {
      for (const headers of wrong) {
        await refusal(verifyWebhookSignature({ body, headers, from: source }), 'missing-header');
      }
    }
    // Of one secret for two, neither takes what the other's scheme signed.
    const mixed = { ...standard, ...router, ...hex };
    await verifyWebhookSignature({ body, headers: mixed, from: openRouterWebhooks({ secret }) });
    await refusal(
      verifyWebhookSignature({ body: `${body} `, headers: mixed, from: openRouterWebhooks({ secret }) }),
      'bad-signature',
    );
  });

  it('of any headers and any body is refused, and nothing else is thrown', async () => {
    const name = fc.constantFrom(
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'x-openrouter-signature',
    );
    const digits = fc.nat().map(String);
    const list = fc.array(fc.constantFrom('t=', 't=1', 'v1=', `v1=${mac}`, ',', ' ', 'v1,', '=', '\0'));
    const value = fc.oneof(
      digits,
      list.map((parts) => parts.join('')),
      fc.array(fc.string()),
      fc.anything(),
    );
    const headers = fc.oneof(
      fc.dictionary(fc.oneof(name, fc.string()), value),
      fc.array(fc.tuple(name, value)),
      fc.record({ 'webhook-id': digits, 'webhook-timestamp': digits, 'webhook-signature': value }),
      fc.anything(),
    );
    const anyBody = fc.oneof(fc.json(), fc.uint8Array(), fc.anything());
    const sources = [
      replicateWebhooks({ secret }),
      openRouterWebhooks({ secret: 's' }),
      klingWebhooks({ secret }),
    ];
    await fc.assert(
      fc.asyncProperty(headers, anyBody, fc.constantFrom(...sources), async (h, b, source) => {
        await refusal(verifyWebhookSignature({ body: b as string, headers: h as never, from: source, now }));
      }),
      { numRuns: 500 },
    );
  });

  it('of one bit of what OpenRouter signs is refused', async () => {
    const changed = (text: string) =>
      Array.from({ length: text.length * 8 }, (_, i) => {
        const code = text.charCodeAt(i >> 3) ^ (1 << (i & 7));
        return text.slice(0, i >> 3) + String.fromCharCode(code) + text.slice((i >> 3) + 1);
      });
    // Capitals are the same digits.
    const isAnother = (header: string) => header.toLowerCase() !== right;
    for (const header of changed(right).filter(isAnother)) await refusal(check(header));
    for (const other of changed(body)) {
      const headers = { 'x-openrouter-signature': right };
      await refusal(verifyWebhookSignature({ body: other, headers, from, now }), 'bad-signature');
    }
  });

  it('is told what became of its body, as where there is a secret', async () => {
    const headers = signOpenRouter(body, 's', seconds);
    const parsed = JSON.stringify(JSON.parse(body), null, 2);
    const error = await refusal(
      verifyWebhookSignature({ body: parsed, headers, from, now }),
      'bad-signature',
    );
    expect(error.message).toBe('something re-serialised the body');
    expect(error.hint).toContain('Express');
  });
});

describe('the secret of a source', () => {
  it.each([
    ['replicateWebhooks', replicateWebhooks],
    ['klingWebhooks', klingWebhooks],
    ['openRouterWebhooks', openRouterWebhooks],
  ])('is refused by %s at once where it is none, with what is wrong with it', async (_, source) => {
    const wrong = (given: string | undefined) =>
      refusal((async () => source({ secret: given }))(), 'bad-secret');
    expect((await wrong(undefined)).message).toMatch(/is not set/);
    expect((await wrong('')).message).toMatch(/is empty/);
    expect((await wrong('undefined')).message).toMatch(/variable that is not set/);
    expect((await wrong(`${secret}\n`)).message).toMatch(/whitespace/);
    expect((await refusal((async () => source({ secret: [] }))())).reason).toBe('bad-secret');
  });

  it('is no public key, and base64 with or without its prefix, where the provider signs by Standard Webhooks', async () => {
    for (const source of [replicateWebhooks, klingWebhooks]) {
      const whpk = `whpk_${randomBytes(32).toString('base64')}`;
      expect(() => source({ secret: whpk })).toThrow(/whpk_/);
      expect(() => source({ secret: 'whsec_not base64' })).toThrow(/base64/);
      const body = '{"id":"a"}';
      const headers = await signWebhook({ body, secret });
      await verifyWebhookSignature({ body, headers, from: source({ secret: secret.slice(6) }) });
      await verifyWebhookSignature({
        ...{ body, headers },
        from: source({ secret: Uint8Array.from(Buffer.from(secret.slice(6), 'base64')) }),
      });
    }
  });

  it('may be several while one replaces another, and tells which matched', async () => {
    const body = '{"id":"a"}';
    const headers = await signWebhook({ body, secret });
    const older = `whsec_${randomBytes(32).toString('base64')}`;
    const standard = replicateWebhooks({ secret: [older, secret] });
    expect((await verifyWebhookSignature({ body, headers, from: standard })).secretIndex).toBe(1);
    const router = openRouterWebhooks({ secret: ['old', 's', 'older'] });
    const signed = signOpenRouter(body, 's', seconds);
    expect((await verifyWebhookSignature({ body, headers: signed, from: router, now })).secretIndex).toBe(1);
  });

  it('may be a function, asked at each delivery; what it gives is looked at then', async () => {
    const body = '{"id":"a"}';
    const headers = await signWebhook({ body, secret });
    const given: (string | undefined)[] = [secret, undefined, '"quoted"'];
    const from = replicateWebhooks({ secret: async () => given[0] });
    await verifyWebhookSignature({ body, headers, from });
    given.shift();
    expect((await refusal(verifyWebhookSignature({ body, headers, from }), 'bad-secret')).message).toMatch(
      /not set/,
    );
    given.shift();
    expect((await refusal(verifyWebhookSignature({ body, headers, from }), 'bad-secret')).message).toMatch(
      /quotes/,
    );
  });
});

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidResponseError } from '../../../src/errors.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { onEachRuntime, PUBLISHED, refusal } from './support.js';

const { secret } = PUBLISHED;
const now = Date.parse('2026-01-01T00:00:00Z');
const unwrapSigned = async (body: string | Uint8Array) =>
  unwrapWebhook(
    { body, headers: await signWebhook({ body, secret, id: 'msg_1', timestamp: new Date(now) }) },
    { secret, now },
  );

describe('every webhook of the protocol', () => {
  const folder = new URL('../../fixtures/webhooks/', import.meta.url);
  const fixtures = readdirSync(folder).map((name) => ({
    name,
    ...(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      body: Record<string, unknown>;
      expect?: { jobId: string; status: string; expiresAt?: string };
    }),
  }));

  it.each(fixtures)('$name is read as the protocol says', async ({ body, expect: wanted }) => {
    const event = await unwrapSigned(JSON.stringify(body));
    expect(event).toMatchObject({ id: 'msg_1', raw: body });
    if (wanted === undefined) {
      expect(event.type).toBe('unknown');
      return;
    }
    const { jobId, expiresAt, ...snapshot } = wanted;
    expect(event).toMatchObject({ type: `job.${wanted.status}`, jobId });
    expect(event.snapshot).toMatchObject({ ...snapshot, id: jobId, transport: 'webhook', raw: body });
    if (expiresAt !== undefined) expect(event.snapshot).toMatchObject({ expiresAt: new Date(expiresAt) });
  });
});

describe('unwrapWebhook', () => {
  it('gives the time at which it happened, else the one that is signed', async () => {
    const told = await unwrapSigned('{"jobId":"j","status":"queued","timestamp":"2025-11-12T18:33:00.000Z"}');
    expect(told.timestamp).toEqual(new Date('2025-11-12T18:33:00.000Z'));
    const seconds = await unwrapSigned(
      '{"type":"video.completed","created_at":1758941485,"data":{"id":"v"}}',
    );
    expect(seconds.timestamp).toEqual(new Date(1_758_941_485_000));
    const silent = await unwrapSigned('{"jobId":"j","status":"queued","timestamp":"soon"}');
    expect(silent.timestamp).toEqual(new Date(now));
  });

  it.each([
    ['an event of another kind', '{"type":"batch.completed","data":{"id":"batch_1"}}', undefined],
    ['a video event nobody knows', '{"type":"video.remixed","data":{"id":"video_1"}}', 'video_1'],
    ['a status nobody knows', '{"jobId":"job-1","status":"pondering"}', 'job-1'],
    ['a job without a status', '{"jobId":"job-1"}', 'job-1'],
    ['an id that is no id', '{"jobId":{},"status":"completed"}', undefined],
    ['an empty id', '{"jobId":"","status":"completed"}', undefined],
    ['an id too long to be one', `{"jobId":"${'x'.repeat(2_049)}","status":"completed"}`, undefined],
    ['a list', '[1]', undefined],
    ['a text', '"completed"', undefined],
    ['null', 'null', undefined],
    ['a hostile key', '{"__proto__":{"jobId":"x","status":"completed"}}', undefined],
  ])('lets %s through as unknown', async (_, body, jobId) => {
    const event = await unwrapSigned(body);
    expect(event).toMatchObject({ id: 'msg_1', type: 'unknown', raw: JSON.parse(body) });
    expect(event.jobId).toBe(jobId);
  });

  it('rejects what is signed but is not JSON', async () => {
    for (const body of ['', '{"jobId":', 'jobId=1']) {
      await expect(unwrapSigned(body)).rejects.toBeInstanceOf(InvalidResponseError);
    }
  });

  it('reads over a byte order mark', async () => {
    const text = '\uFEFF{"jobId":"job-1","status":"done"}';
    for (const body of [text, new TextEncoder().encode(text)]) {
      expect(await unwrapSigned(body)).toMatchObject({ type: 'job.completed', jobId: 'job-1' });
    }
  });

  it('finds the reason of a failure in a list', async () => {
    const body = '{"jobId":"job-1","status":"failed","errors":[{"message":"no credits","code":"402"}]}';
    expect(await unwrapSigned(body)).toMatchObject({
      snapshot: { error: 'no credits', errorCode: '402' },
    });
  });

  it('takes a Request', async () => {
    const body = '{"jobId":"job-1","status":"failed","error":"no"}';
    const headers = await signWebhook({ body, secret });
    const request = new Request('http://localhost/', { method: 'POST', body, headers });
    const event = await unwrapWebhook(request, { secret });
    expect(event).toMatchObject({ type: 'job.failed', snapshot: { error: 'no' } });
  });

  it('reads nothing that is not verified', async () => {
    const body = '{"jobId":"job-1","status":"completed"}';
    const headers = { 'x-signature': 'ab'.repeat(32) };
    await refusal(unwrapWebhook({ body, headers }, { secret: 'raw' }), 'bad-signature');
  });
});

onEachRuntime(({ signWebhook, unwrapWebhook }) => {
  it('names a delivery without a signed id by a digest of its body', async () => {
    const body = '{"jobId":"job-1","status":"completed"}';
    const unwrapped = async (text: string) =>
      unwrapWebhook(
        { body: text, headers: await signWebhook({ body: text, secret: 'raw' }) },
        { secret: 'raw' },
      );
    const { id } = await unwrapped(body);
    expect(id).toBe(`sha256:${createHash('sha256').update(body).digest('hex')}`);
    expect((await unwrapped(body)).id).toBe(id);
    expect((await unwrapped(`${body} `)).id).not.toBe(id);
  });
});

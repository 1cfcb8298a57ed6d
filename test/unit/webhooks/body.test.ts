import { createHmac } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { refusal } from './support.js';

const secret = 'raw';
const body = '{"jobId":"job-1","status":"completed"}';
const headers = { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
const request = (stream: BodyInit, more = {}) =>
  new Request('http://localhost/', {
    method: 'POST',
    body: stream,
    headers: { ...headers, ...more },
    duplex: 'half',
  } as RequestInit);

function chunks(size: number, count: number): ReadableStream<Uint8Array> {
  let left = count;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(size));
      else controller.close();
    },
  });
}

describe('a body that has yet to come', () => {
  it('is read as a stream, in pieces of any size', async () => {
    const bytes = new TextEncoder().encode(body);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.enqueue(new Uint8Array());
        controller.close();
      },
    });
    expect(await unwrapWebhook({ body: stream, headers }, { secret })).toMatchObject({ jobId: 'job-1' });
  });

  it('is refused over 1 MiB, or over maxBodyBytes, by what came and by what its length says', async () => {
    await refusal(verifyWebhookSignature({ body: request(chunks(2 ** 16, 17)), secret }), 'body-too-large');
    await refusal(unwrapWebhook(request(chunks(2 ** 16, 17)), { secret }), 'body-too-large');
    await refusal(unwrapWebhook(request(body), { secret, maxBodyBytes: 10 }), 'body-too-large');
    await refusal(
      unwrapWebhook({ body: chunks(0, 5_000), headers }, { secret, maxBodyBytes: 100 }),
      'body-too-large',
    );
    const long = request(body, { 'content-length': String(2 ** 21) });
    await refusal(unwrapWebhook(long, { secret }), 'body-too-large');
    await refusal(unwrapWebhook(request(body), { secret, maxBodyBytes: Number.NaN }), 'body-too-large');
  });

  it('is refused where it takes longer than bodyTimeoutMs, however it drips', async () => {
    let cancelled = false;
    let timer: ReturnType<typeof setInterval> | undefined;
    const drip = new ReadableStream<Uint8Array>({
      start(controller) {
        timer = setInterval(() => controller.enqueue(Uint8Array.of(32)), 2);
      },
      cancel() {
        cancelled = true;
        clearInterval(timer);
      },
    });
    await refusal(unwrapWebhook(request(drip), { secret, bodyTimeoutMs: 30 }), 'body-timeout');
    expect(cancelled).toBe(true);
  });

  it('is refused where it breaks off, and where somebody is reading it', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    await refusal(unwrapWebhook(request(broken), { secret }), 'body-incomplete');
    const locked = chunks(1, 1);
    locked.getReader();
    await refusal(unwrapWebhook({ body: locked, headers }, { secret }), 'parsed-body');
    const strings = new ReadableStream({ start: (controller) => controller.enqueue('{}') });
    await refusal(unwrapWebhook({ body: strings, headers }, { secret }), 'parsed-body');
  });

  it('is taken of what has no stream, such as a Blob', async () => {
    const blob = new Blob([body]) as unknown as string;
    expect(await unwrapWebhook({ body: blob, headers }, { secret })).toMatchObject({ jobId: 'job-1' });
  });
});

it('takes an ArrayBuffer, and bytes, of another realm: Jest and the sandboxes of edge runtimes have their own', async () => {
  const foreign: Uint8Array = runInNewContext(`new Uint8Array([${[...new TextEncoder().encode(body)]}])`);
  expect(foreign.buffer instanceof ArrayBuffer).toBe(false);
  for (const given of [foreign, foreign.buffer as ArrayBuffer]) {
    expect(await unwrapWebhook({ body: given, headers }, { secret })).toMatchObject({ jobId: 'job-1' });
  }
});

it('refuses a delivery that is none, and headers that throw', async () => {
  await refusal(unwrapWebhook(undefined as unknown as Request, { secret }), 'missing-header');
  await refusal(verifyWebhookSignature({ body, headers: Headers.prototype, secret }), 'missing-header');
});

it('finds headers in a Map in any case', async () => {
  const map = new Map([['X-Signature', headers['x-signature']]]);
  await verifyWebhookSignature({ body, headers: map, secret });
});

it('keeps the digits of an id beyond 2^53', async () => {
  const big = '{"jobId":12345678901234567890,"status":"failed","progress":0,"error":"no"}';
  const event = await unwrapWebhook(
    { body: big, headers: await signWebhook({ body: big, secret }) },
    { secret },
  );
  expect(event).toMatchObject({
    type: 'job.failed',
    jobId: '12345678901234567890',
    snapshot: { progress: 0, error: 'no' },
  });
});

it('survives 60,000 levels of JSON, genuine or forged', async () => {
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  const signed = await signWebhook({ body: deep, secret });
  expect(await unwrapWebhook({ body: deep, headers: signed }, { secret })).toMatchObject({ type: 'unknown' });
  await refusal(unwrapWebhook({ body: deep, headers }, { secret }), 'bad-signature');
  const short = '['.repeat(8_000) + ']'.repeat(8_000);
  await refusal(unwrapWebhook({ body: short, headers }, { secret }), 'bad-signature');
});

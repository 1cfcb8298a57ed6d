import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { WebhookSource } from '../../../src/webhooks/source.js';
import { refusal } from './support.js';

const body = '{"jobId":"job-1","status":"completed"}';
const signedWith = (secret: string) => ({
  'x-signature': createHmac('sha256', secret).update(body).digest('hex'),
});
let verify: typeof import('../../../src/webhooks/verify.js').verifyWebhookSignature;

beforeAll(async () => {
  vi.resetModules();
  // As in a page, where it is a file of its own.
  vi.doMock('../../../src/webhooks/load-seldom.js', () =>
    vi.importActual('../../../src/webhooks/load-seldom.browser.js'),
  );
  vi.doMock('../../../src/webhooks/seldom.js', () => {
    throw new TypeError('Failed to fetch dynamically imported module');
  });
  ({ verifyWebhookSignature: verify } = await import('../../../src/webhooks/verify.js'));
});

afterAll(() => {
  vi.doUnmock('../../../src/webhooks/load-seldom.js');
  vi.doUnmock('../../../src/webhooks/seldom.js');
  vi.resetModules();
});

it('a genuine delivery with a plain secret passes where a part of the package cannot be loaded', async () => {
  const secret = 'f00d1234beef';
  for (const given of [body, new TextEncoder().encode(body)]) {
    expect(await verify({ body: given, headers: signedWith(secret), secret })).toMatchObject({
      secretIndex: 0,
    });
  }
});

it('a forged one is refused for the same reason, without the longer words', async () => {
  await refusal(verify({ body, headers: signedWith('b4d'), secret: 'f00d1234beef' }), 'bad-signature');
});

it.each(['changeme', 'undefined', '"f00d"', 'NAME_A=f00d1', 'changeme1', ' f00d1'])(
  'the secret %j is refused, and not believed unchecked',
  async (secret) => {
    await refusal(verify({ body, headers: signedWith(secret), secret }), 'bad-secret');
  },
);

it('headers that have to be looked for are refused, and so is a public key', async () => {
  const signed = signedWith('f00d1')['x-signature'];
  await refusal(verify({ body, headers: [['X-Signature', signed]], secret: 'f00d1' }), 'missing-header');
  const headers = { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1a,AAAA' };
  const secret = `whpk_${Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64')}`;
  await refusal(verify({ body, headers, secret }), 'bad-signature');
});

it('a delivery of a source is refused, and not believed unverified', async () => {
  const from: WebhookSource = {
    name: 'trusting',
    verify: async (delivery) => ({ scheme: 'trust', body: delivery.body }),
    read: () => undefined,
  };
  await refusal(verify({ body, headers: {}, from }), 'bad-signature');
});

it('a body that has yet to be read is refused, and not believed unread', async () => {
  const request = new Request('http://localhost/', { method: 'POST', body, headers: signedWith('f00d1') });
  await refusal(verify({ body: request, secret: 'f00d1' }), 'body-incomplete');
});

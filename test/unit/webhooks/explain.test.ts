import crypto, { createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { refusal } from './support.js';

const value = {
  jobId: 'żółw',
  videoUrl: 'https://example.com/a?b&c',
  list: [1, { a: null }, []],
  note: 'it\'s <"x">',
};
const compact = JSON.stringify(value);
const ascii = (json: string) =>
  json.replace(/[^\0-~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const spaced =
  '{"jobId": "żółw", "videoUrl": "https://example.com/a?b&c", "list": [1, {"a": null}, []], "note": "it\'s <\\"x\\">"}';

const SENT: Readonly<Record<string, string>> = {
  'compact JSON': compact,
  'Python, without escapes': spaced,
  Python: ascii(spaced),
  'Python, compact': ascii(compact),
  PHP: ascii(compact.replaceAll('/', '\\/')),
  Go: compact.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'),
  'two spaces': JSON.stringify(value, null, 2),
  'four spaces': JSON.stringify(value, null, 4),
  tabs: JSON.stringify(value, null, '\t'),
  'a line break at the end': `${compact}\n`,
  'Python with a line break at the end': `${ascii(spaced)}\n`,
};

describe.each(['raw', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])('a body signed with %s', (secret) => {
  it.each(Object.entries(SENT))(
    'as %s, and parsed and stringified by the receiver, is told so',
    async (_, sent) => {
      const headers = await signWebhook({ body: sent, secret });
      await verifyWebhookSignature({ body: sent, headers, secret });
      const body = sent === compact ? JSON.stringify(value, null, 3) : compact;
      const error = await refusal(verifyWebhookSignature({ body, headers, secret }), 'bad-signature');
      expect(error.message).toBe('something re-serialised the body');
      expect(error.hint).toContain('Express');
    },
  );

  it('says what else became of it', async () => {
    const headers = await signWebhook({ body: compact, secret });
    const because = async (body: string | Uint8Array) =>
      (await refusal(verifyWebhookSignature({ body, headers, secret }), 'bad-signature')).message;
    expect(await because(Buffer.from(compact).toString('base64'))).toBe('the body is base64');
    expect(await because(Buffer.from('{\n  "a": 1}').toString('base64'))).toBe('the body is base64');
    expect(await because(Uint8Array.of(0x1f, 0x8b, 8, 0))).toBe('the body is compressed');
    expect(await because('')).toBe('the body is empty');
    expect(await because('[object Object]')).toMatch(/parsed/);
    expect(await because(JSON.stringify(compact))).toBe('something re-serialised the body');
    expect(await because('{"jobId":"another"}')).toBe('no signature matches');
  });
});

it('says how to decode base64', async () => {
  const headers = await signWebhook({ body: compact, secret: 'raw' });
  const body = Buffer.from(compact).toString('base64');
  const error = await refusal(verifyWebhookSignature({ body, headers, secret: 'raw' }));
  expect(error.hint).toContain('isBase64Encoded');
});

it('parses no forgery that is large, and looks at few of many secrets', async () => {
  const parse = vi.spyOn(JSON, 'parse');
  const headers = { 'x-signature': 'ab'.repeat(32) };
  const large = `[${'{},'.repeat(2_731)}{}]`;
  await refusal(verifyWebhookSignature({ body: large, headers, secret: 'raw' }), 'bad-signature');
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();

  const secret = Array.from({ length: 5 }, (_, i) => `raw ${i}`);
  const of = async (index: number) => {
    const signed = await signWebhook({ body: spaced, secret: `raw ${index}` });
    return (await refusal(verifyWebhookSignature({ body: compact, headers: signed, secret }))).message;
  };
  expect([await of(2), await of(3)]).toEqual(['something re-serialised the body', 'no signature matches']);
});

it.each([
  ['deeply', '['.repeat(4_000) + ']'.repeat(4_000)],
  ['with much in its depth', `${'['.repeat(2_000)}${'0,'.repeat(2_000)}0${']'.repeat(2_000)}`],
  ['in objects', `${'{"a":'.repeat(1_000)}0${'}'.repeat(1_000)}`],
  ['as far as is looked at', `${'['.repeat(16)}${'0,'.repeat(4_000)}0${']'.repeat(16)}`],
  ['not at all, and written by everybody in another way', JSON.stringify({ a: 'é/<>'.repeat(900) })],
])('writes little anew of a forgery that is nested %s', async (_, body) => {
  const stringify = vi.spyOn(JSON, 'stringify');
  const hashed = vi.spyOn(Object.getPrototypeOf(createHmac('sha256', 'any')), 'update');
  const headers = { 'x-signature': 'ab'.repeat(32) };
  await refusal(verifyWebhookSignature({ body, headers, secret: 'raw' }), 'bad-signature');
  const written = stringify.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
  const signed = hashed.mock.calls.reduce((sum, [part]) => sum + String(part).length, 0);
  stringify.mockRestore();
  hashed.mockRestore();
  // Of a body of 8 kB.
  expect([written < 2 ** 19, signed < 2 ** 16]).toEqual([true, true]);
});

it('tries few of many signatures by a public key, for each takes long', async () => {
  const verified = vi.spyOn(crypto, 'verify');
  const headers = {
    'webhook-id': 'a',
    'webhook-timestamp': `${Math.floor(Date.now() / 1_000)}`,
    'webhook-signature': Array(32)
      .fill(`v1a,${'A'.repeat(86)}==`)
      .join(' '),
  };
  const body = '{"a":"é/<>"}';
  const secret = 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
  await refusal(verifyWebhookSignature({ body, headers, secret }), 'bad-signature');
  const tries = verified.mock.calls.length;
  verified.mockRestore();
  // 32 of them are the check itself.
  expect(tries).toBeGreaterThanOrEqual(32);
  expect(tries).toBeLessThanOrEqual(64);
});

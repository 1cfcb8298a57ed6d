import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { PUBLISHED, refusal } from './support.js';

const { secret: standard } = PUBLISHED;
const bodyOf = standard.slice('whsec_'.length);

/** What is wrong with it, in a word the message has. */
const NO_SECRETS: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  [' \n', /empty/],
  ['whsec_', /empty/],
  [`${standard}\n`, /whitespace/],
  [' raw', /whitespace/],
  ['raw\u200b', /invisible/],
  ['two\nlines', /line break/],
  ['raw\\n', /line break/],
  ['-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----', /line break/],
  [`"${standard}"`, /quotes/],
  [`'${standard}'`, /quotes/],
  ['`raw`', /quotes/],
  ['“raw”', /quotes/],
  ['undefined', /not set/],
  ['null', /not set/],
  ['NaN', /not set/],
  ['true', /not set/],
  ['[object Object]', /not set/],
  ['[object Promise]', /not set/],
  ['undefinedundefined', /not set/],
  ['whsec_undefined', /not set/],
  ['whsec_null', /not set/],
  [`WEBHOOK_SECRET=${standard}`, /name of a variable/],
  ['export HOOK=raw', /name of a variable/],
  ['webhook_secret: raw', /name of a variable/],
  [standard.replace('whsec', 'WHSEC'), /whsec_/],
  [`Bearer ${standard}`, /whsec_/],
  [`${standard},${standard}`, /whsec_|base64/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what nothing replaced.
  ['${WEBHOOK_SECRET}', /variable/],
  ['$WEBHOOK_SECRET', /variable/],
  ['$(cat /run/secrets/hook)', /variable/],
  ['%WEBHOOK_SECRET%', /variable/],
  ['{{ webhook }}', /variable/],
  ['process.env.WEBHOOK_SECRET', /variable/],
  ['https://example.com/webhook', /URL/],
  ['op://vault/item/field', /URL/],
  // Files that hold it, as Docker and Kubernetes mount them: their names are in every guide.
  ['/run/secrets/webhook1', /file/],
  ['/etc/hook/secret', /file/],
  // What a template makes of a function that was not called: its source may be public.
  ['() => process.env.WEBHOOK_SECRET', /function/],
  ['async () => (await vault()).secret', /function/],
  ['name=>secrets[name]', /function/],
  ['function secret() {}', /function/],
  ['async function () {}', /function/],
  ['changeme', /placeholder/],
  ['whsec_changeme', /placeholder/],
  ['<secret>', /placeholder/],
  ['your-secret', /placeholder/],
  ['your_webhook_secret_here', /placeholder/],
  ['whsec_xxxxxxxx', /placeholder/],
  ['********', /placeholder/],
  ['whsec_…', /placeholder/],
  [`whsec_${'A'.repeat(32)}`, /zeros/],
];

describe.each(NO_SECRETS)('%j is no secret', (bad, words) => {
  it('for a handler, at the start, with what is wrong with it', () => {
    for (const secret of [bad, ['raw', bad]]) {
      const make = () => createWebhookHandler({ secret });
      expect(make).toThrow(
        expect.objectContaining({ reason: 'bad-secret', message: expect.stringMatching(words) }),
      );
    }
  });

  it('for who verifies, signs, or names the scheme, and is never shown', async () => {
    const headers = { 'x-signature': 'ab'.repeat(32) };
    const scheme = bad.startsWith('whsec_') ? 'standard-webhooks' : 'hmac-sha256-hex';
    const options = { body: '{}', headers, secret: bad };
    for (const work of [
      () => verifyWebhookSignature(options),
      () => verifyWebhookSignature({ ...options, secret: [standard, bad], headers: PUBLISHED.headers }),
      () => verifyWebhookSignature({ ...options, scheme }),
      () => signWebhook({ body: '{}', secret: bad, scheme }),
    ]) {
      const error = await refusal(work(), 'bad-secret');
      expect(error.message).toMatch(words);
      expect(error.hint).toMatch(/\w/);
      const shown = inspect(error, { showHidden: true });
      if (bad.includes(bodyOf)) expect(shown).not.toContain(bodyOf);
    }
  });

  it('as the result of a function', async () => {
    const errors: unknown[] = [];
    const handler = createWebhookHandler({ secret: async () => bad, onError: (error) => errors.push(error) });
    const delivery = await createWebhookFactory({ secret: 'raw' }).completed('a');
    expect((await handler(delivery)).status).toBe(500);
    expect(errors).toMatchObject([{ reason: 'bad-secret', message: expect.stringMatching(words) }]);
  });
});

it('takes what only looks a little like one of these', async () => {
  const bytes = new TextEncoder().encode('"undefined"');
  const odd = [
    'c2VjcmV0IQ==',
    'abckey==',
    'a passphrase of words',
    "'a",
    'null pointer',
    '$2b$10$abc',
    'pa=ss',
    '/run7Zb0/x',
    '/c2VjcmV0/IQ==',
    'functional1',
    'x',
    's',
  ];
  for (const secret of [...odd, 'x'.repeat(5_000).concat('y'), bytes]) {
    const headers = await signWebhook({ body: '{}', secret });
    await verifyWebhookSignature({ body: '{}', headers, secret });
  }
});

it('takes no buffer that nobody filled', async () => {
  for (const secret of [new Uint8Array(32), `whsec_${'A'.repeat(32)}`]) {
    await refusal(signWebhook({ body: '{}', secret }), 'bad-secret');
  }
});

it('says which of several is wrong', () => {
  expect(() => createWebhookHandler({ secret: ['raw', 'null'] })).toThrow(/number 2/);
});

describe('a function that gives the secret', () => {
  const send = createWebhookFactory({ secret: 'raw' });

  it.each<[string, () => string | Promise<string>]>([
    [
      'throws',
      () => {
        throw new Error('no vault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no vault'))],
    ['hangs', () => new Promise(() => {})],
  ])('and %s makes the handler answer 500 within ackWithinMs, and is told', async (_, secret) => {
    const errors: unknown[] = [];
    const handler = createWebhookHandler({ secret, ackWithinMs: 20, onError: (error) => errors.push(error) });
    expect((await handler(await send.completed('a'))).status).toBe(500);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/no vault|did not answer within 20 ms/) },
    ]);
  });
});

it.each([undefined, '', 'undefined'])(
  'says of %j to give a function where a build has no secret',
  (secret) => {
    expect(() => createWebhookHandler({ secret })).toThrow(
      expect.objectContaining({
        reason: 'bad-secret',
        hint: expect.stringContaining('() => process.env.WEBHOOK_SECRET'),
      }),
    );
  },
);

import * as fc from 'fast-check';
import { describe, it, vi } from 'vitest';
import type { WebhookParts } from '../../../src/webhooks/check-delivery.js';
import { onEachRuntime, refusal } from './support.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='; // 32 bytes: its last digit has bits to spare
const body = '{"jobId":"job-1","status":"completed","progress":100}';
const encode = (text: string) => new TextEncoder().encode(text);

/** Every text that differs from this one (of ASCII) in one bit. */
function* flips(text: string): Generator<string> {
  for (let i = 0; i < text.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = String.fromCharCode(text.charCodeAt(i) ^ (1 << bit));
      yield text.slice(0, i) + changed + text.slice(i + 1);
    }
  }
}

// Some of them try thousands: a machine that is busy takes its time.
vi.setConfig({ testTimeout: 60_000 });

onEachRuntime(({ signWebhook, verifyWebhookSignature }) => {
  describe('a change of one bit', () => {
    it('anywhere in the body is refused', async () => {
      const headers = await signWebhook({ body, secret });
      const bytes = encode(body);
      for (let i = 0; i < bytes.length * 8; i++) {
        const changed = bytes.slice();
        changed[i >> 3] = (bytes[i >> 3] ?? 0) ^ (1 << (i & 7));
        await refusal(verifyWebhookSignature({ body: changed, headers, secret }), 'bad-signature');
      }
    });

    it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
      'anywhere in %s is refused',
      async (name) => {
        const headers = await signWebhook({ body, secret });
        for (const changed of flips(headers[name] ?? '')) {
          await refusal(verifyWebhookSignature({ body, headers: { ...headers, [name]: changed }, secret }));
        }
      },
    );

    it('anywhere in the secret is refused', async () => {
      const headers = await signWebhook({ body, secret });
      for (const changed of flips(secret)) {
        await refusal(
          verifyWebhookSignature({ body, headers, secret: changed, scheme: 'standard-webhooks' }),
        );
        await refusal(verifyWebhookSignature({ body, headers, secret: changed }));
      }
    });

    it('anywhere in a hex signature or its secret is refused', async () => {
      const headers = await signWebhook({ body, secret: 'raw' });
      for (const changed of flips(headers['x-signature'] ?? '')) {
        // Capitals are the same digits.
        if (changed.toLowerCase() === headers['x-signature']) continue;
        await refusal(verifyWebhookSignature({ body, headers: { 'x-signature': changed }, secret: 'raw' }));
      }
      for (const changed of flips('raw')) {
        await refusal(verifyWebhookSignature({ body, headers, secret: changed }));
      }
    });

    it('anywhere in an Ed25519 signature or its key is refused', async () => {
      // The key pair of RFC 8032, section 7.1, test 1.
      const whsk = 'whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=';
      const whpk = 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
      const headers = await signWebhook({ body, secret: whsk });
      await verifyWebhookSignature({ body, headers, secret: whpk });
      for (const changed of flips(headers['webhook-signature'] ?? '')) {
        const forged = { ...headers, 'webhook-signature': changed };
        await refusal(verifyWebhookSignature({ body, headers: forged, secret: whpk }));
      }
      for (const changed of flips(whpk)) {
        await refusal(
          verifyWebhookSignature({ body, headers, secret: changed, scheme: 'standard-webhooks' }),
        );
      }
    });
  });

  it('random headers and bodies throw nothing but a refusal', async () => {
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-signature', 'get', '__proto__'];
    const name = fc.oneof(fc.constantFrom(...names), fc.string());
    const digits = fc.integer().map(String);
    const value = fc.oneof(fc.string({ unit: 'binary' }), digits, fc.array(fc.string()), fc.anything());
    const headers = fc.oneof(
      fc.dictionary(name, value),
      fc.array(fc.tuple(name, value)),
      fc.array(value),
      fc.anything(),
      fc.record({
        'webhook-id': fc.string({ minLength: 1 }),
        'webhook-timestamp': digits,
        'webhook-signature': value,
      }),
    );
    const bytes = fc.uint8Array();
    const anyBody = fc.oneof(
      fc.string({ unit: 'binary' }),
      bytes,
      bytes.map((b) => b.buffer),
      fc.json(),
      fc.anything(),
    );
    await fc.assert(
      fc.asyncProperty(headers, anyBody, fc.constantFrom(secret, 'raw'), async (h, b, s) => {
        await refusal(
          verifyWebhookSignature({ body: b, headers: h, secret: s } as WebhookParts & { secret: string }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('whatever is signed verifies, and says the same of it', async () => {
    const id = fc.stringMatching(/^[\x21-\x2d\x2f-\x7e]{1,40}$/);
    const timestamp = fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true });
    const content = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array());
    await fc.assert(
      fc.asyncProperty(id, timestamp, content, async (i, t, b) => {
        const headers = await signWebhook({ body: b, secret, id: i, timestamp: t });
        const verified = await verifyWebhookSignature({ body: b, headers, secret, now: t });
        if (verified.id !== i || verified.body.length !== b.length) throw new Error('said something else');
      }),
      { numRuns: 200 },
    );
  });
});

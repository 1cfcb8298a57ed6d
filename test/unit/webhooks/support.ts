import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, vi } from 'vitest';
import {
  isVideoError,
  type WebhookVerificationError,
  type WebhookVerificationReason,
} from '../../../src/errors.js';

/** Of the Standard Webhooks documentation and of its reference libraries. */
export const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  now: 1_614_265_330_000,
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
};

/** Of Kling's document "Callbacks". */
export const KLING = {
  secret: 'whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=',
  body: '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}',
  now: 1_781_080_794_000,
  headers: {
    'webhook-id': '9876543210',
    'webhook-timestamp': '1781080794',
    'webhook-signature': 'v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=',
  },
};

/** No vector of fal's is public: this is made by node:crypto with the first key of RFC 8032, section 7.1. */
export const FAL = {
  jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  body: '{"request_id":"123e4567-e89b-12d3-a456-426614174000","gateway_request_id":"123e4567-e89b-12d3-a456-426614174000","status":"OK","payload":{"video":{"url":"https://v3.fal.media/files/a/b.mp4","content_type":"video/mp4"}}}',
  now: 1_767_225_600_000,
  headers: {
    'x-fal-webhook-request-id': '123e4567-e89b-12d3-a456-426614174000',
    'x-fal-webhook-user-id': 'user_42',
    'x-fal-webhook-timestamp': '1767225600',
    'x-fal-webhook-signature':
      'fddb92064a4ea4b28311a33c5599adc1fc4b8fedc20b33e3b838519aef53952ff5a768f7e0bcaf16e5d79fa0e3169e7f501842a12263d25241411317b3e20905',
  },
};

/** As OpenRouter's document has it: hex HMAC-SHA256 of the time, a comma and the body, by the secret as text. */
export function signOpenRouter(body: string, secret: string, at: number): Record<string, string> {
  const mac = createHmac('sha256', secret).update(`${at},${body}`).digest('hex');
  return { 'x-openrouter-signature': `t=${at},v1=${mac}` };
}

async function load() {
  const [{ signWebhook }, { unwrapWebhook }, { verifyWebhookSignature }, kling, openRouter, replicate, fal] =
    await Promise.all([
      import('../../../src/webhooks/sign.js'),
      import('../../../src/webhooks/unwrap.js'),
      import('../../../src/webhooks/verify.js'),
      import('../../../src/webhooks/sources/kling.js'),
      import('../../../src/webhooks/sources/open-router.js'),
      import('../../../src/webhooks/sources/replicate.js'),
      import('../../../src/webhooks/sources/fal.js'),
    ]);
  const sources = { ...kling, ...openRouter, ...replicate, ...fal };
  return { signWebhook, unwrapWebhook, verifyWebhookSignature, ...sources };
}
type Webhooks = Awaited<ReturnType<typeof load>> & { readonly runtime: 'node:crypto' | 'WebCrypto' };

const withNode = await load();
vi.resetModules();
const withWebCrypto = await load(); // Another copy: the first one has found node:crypto.
vi.resetModules();

/** The same tests where node:crypto is at hand, and where there is nothing but WebCrypto. */
export function onEachRuntime(tests: (webhooks: Webhooks) => void): void {
  describe('with node:crypto', () => tests({ ...withNode, runtime: 'node:crypto' }));
  describe('with WebCrypto alone, and no Buffer', () => {
    beforeEach(() => {
      // What is loaded when it is needed shall not have found node:crypto either.
      vi.resetModules();
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
      vi.stubGlobal('Buffer', undefined);
    });
    afterEach(() => {
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
      vi.resetModules();
    });
    tests({ ...withWebCrypto, runtime: 'WebCrypto' });
  });
}

/** What refused it; fails the test when nothing did, or something else was thrown. */
export async function refusal(
  work: Promise<unknown>,
  reason?: WebhookVerificationReason,
): Promise<WebhookVerificationError> {
  const error: unknown = await work.then(
    (value) => {
      throw new Error(`accepted: ${JSON.stringify(value)}`);
    },
    (thrown) => thrown,
  );
  // Not instanceof: each of the runtimes has a copy of the package.
  if (!isVideoError(error) || error.name !== 'WebhookVerificationError') throw error;
  const refused = error as WebhookVerificationError;
  if (reason !== undefined && refused.reason !== reason) throw new Error(`refused as ${refused.reason}`);
  return refused;
}

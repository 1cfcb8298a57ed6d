import { afterEach, beforeEach, describe, vi } from 'vitest';
import { WebhookVerificationError, type WebhookVerificationReason } from '../../../src/errors.js';

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

/** The same tests where node:crypto is at hand, and where there is nothing but WebCrypto. */
export function onEachRuntime(tests: () => void): void {
  describe('with node:crypto', tests);
  describe('with WebCrypto alone, and neither Buffer nor atob', () => {
    beforeEach(() => {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
      for (const name of ['Buffer', 'atob', 'btoa']) vi.stubGlobal(name, undefined);
    });
    afterEach(() => {
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
    });
    tests();
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
  if (!(error instanceof WebhookVerificationError)) throw error;
  if (reason !== undefined && error.reason !== reason) throw new Error(`refused as ${error.reason}`);
  return error;
}

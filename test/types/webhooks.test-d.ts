import { type AnyBackend, type VideoClient, verifyWebhookSignature } from 'reelwire';
import {
  createWebhookHandler,
  falWebhooks,
  type JobSnapshot,
  klingWebhooks,
  openRouterWebhooks,
  replicateWebhooks,
  unsignedWebhooks,
  unwrapWebhook,
  type VerifiedWebhook,
  type WebhookSource,
} from 'reelwire/webhooks';
import { expectTypeOf, it } from 'vitest';

const handler = createWebhookHandler({ secret: () => process.env.WEBHOOK_SECRET, logger: 'silent' });

/** What platforms give their functions beside the request, as far as it matters here. */
interface NextRoute {
  POST?: (request: Request, context: { params: Promise<object> }) => Promise<Response | undefined>;
}
interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}
interface BunServer {
  requestIP(request: Request): { readonly address: string } | null;
}
interface DenoInfo {
  readonly remoteAddr: { readonly hostname: string };
  readonly completed: Promise<void>;
}

it('a handler is a route of Next as it is', () => {
  const route = { POST: handler } satisfies NextRoute;
  expectTypeOf(route).toExtend<NextRoute>();
});

it('a handler takes what Workers, Bun and Deno give beside the request', () => {
  expectTypeOf(handler).toExtend<(request: Request, context: ExecutionContext) => Promise<Response>>();
  expectTypeOf(handler).toExtend<(request: Request, server: BunServer) => Promise<Response>>();
  expectTypeOf(handler).toExtend<(request: Request, info: DenoInfo) => Promise<Response>>();
  expectTypeOf(handler).toBeCallableWith(new Request('http://localhost/'));
});

it('a source takes the secret as it is at hand, one that is not set included', () => {
  for (const source of [replicateWebhooks, openRouterWebhooks, klingWebhooks]) {
    expectTypeOf(source).toBeCallableWith({ secret: process.env.WEBHOOK_SECRET });
    expectTypeOf(source).toBeCallableWith({ secret: [new Uint8Array(32), 'older'] });
    expectTypeOf(source).toBeCallableWith({ secret: async () => process.env.WEBHOOK_SECRET });
    expectTypeOf(source).returns.toEqualTypeOf<WebhookSource>();
  }
});

it('the source of fal has keys that are public, and no secret', () => {
  expectTypeOf(falWebhooks).toBeCallableWith();
  expectTypeOf(falWebhooks).toBeCallableWith({ app: 'fal-ai/veo3.1', jwksUrl: undefined, fetch });
  expectTypeOf(falWebhooks).returns.toEqualTypeOf<WebhookSource>();
  // @ts-expect-error there is none to give
  falWebhooks({ secret: 'x' });
});

it('a source stands in place of secret and scheme, and not beside them', async () => {
  const from = replicateWebhooks({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
  const parts = { body: '', headers: {} };
  expectTypeOf(verifyWebhookSignature).toBeCallableWith({ ...parts, from, now: 0, secret: undefined });
  expectTypeOf(unwrapWebhook).toBeCallableWith(parts, { from, toleranceSeconds: 60 });
  expectTypeOf(createWebhookHandler).toBeCallableWith({ from });
  // @ts-expect-error there is a secret beside it
  expectTypeOf(verifyWebhookSignature).toBeCallableWith({ ...parts, from, secret: 'raw' });
  // @ts-expect-error there is a scheme beside it
  expectTypeOf(unwrapWebhook).toBeCallableWith(parts, { from, scheme: 'standard-webhooks' });
  // @ts-expect-error it is neither
  expectTypeOf(unwrapWebhook).toBeCallableWith(parts, {});
});

it('what does not sign is asked of a client of any backend', () => {
  const ask = (client: VideoClient<AnyBackend>) =>
    unsignedWebhooks({ ask: (jobId, options) => client.status(jobId, options) });
  expectTypeOf(ask).returns.toEqualTypeOf<WebhookSource>();
  expectTypeOf(unsignedWebhooks).toBeCallableWith({
    ask: async (): Promise<JobSnapshot | undefined> => undefined,
  });
});

it('what is verified has a scheme of any name', () => {
  expectTypeOf<VerifiedWebhook['scheme']>().toEqualTypeOf<string>();
  expectTypeOf<VerifiedWebhook['secretIndex']>().toEqualTypeOf<number | undefined>();
});

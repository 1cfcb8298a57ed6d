import { createWebhookHandler } from 'reelwire/webhooks';
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

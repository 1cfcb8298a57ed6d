import { createServer } from 'node:http';
import crossws from 'crossws/adapters/node';
import {
  type AnyBackend,
  type BoundOperations,
  openAIVideos,
  type SoraGatewayInput,
  VideoClient,
} from 'reelwire';
import { openRouter, type RelayJobs, relayBackend } from 'reelwire/backends';
import { memoryJobs } from 'reelwire/jobs';
import { createRelay, type Relay, RelayRefusal, type RelayUser } from 'reelwire/relay';
import { attachRelay, toNodeListener } from 'reelwire/relay/node';
import { openRouterWebhooks } from 'reelwire/webhooks';
import { expectTypeOf, it } from 'vitest';

const jobs = memoryJobs();

interface Member extends RelayUser {
  readonly plan: 'free' | 'paid';
}

it('a relay takes for input what its client does, and knows the user as authenticate gives it', () => {
  const relay = createRelay({
    client: new VideoClient({ backend: openRouter(), auth: { type: 'bearer', token: 'x' }, jobs }),
    authenticate: (request): Member | undefined => {
      expectTypeOf(request.headers).toEqualTypeOf<Headers>();
      return { id: 'ada', plan: 'free' };
    },
    inputOf: (body, user) => {
      expectTypeOf(body.script).toBeUnknown();
      expectTypeOf(user).toEqualTypeOf<Member>();
      return { model: 'google/veo-3.1', prompt: String(body.script) };
    },
    authorize: (user, action) => {
      if (action.type === 'generate' && user.plan === 'free') throw new RelayRefusal(402, 'Top up first');
      if (action.type === 'download') expectTypeOf(action.jobId).toBeString();
    },
    webhooks: { from: openRouterWebhooks({ secret: 'x' }) },
  });
  expectTypeOf(relay).toEqualTypeOf<Relay>();
});

it('an input that the backend does not take is no input of a relay', () => {
  const client = new VideoClient({ baseUrl: 'http://x', backend: openAIVideos(), jobs });
  const authenticate = () => ({ id: 'ada' });
  // @ts-expect-error `promt` is no field, and `prompt` is missing.
  createRelay({ client, authenticate, inputOf: () => ({ promt: 'x' }) });
  // @ts-expect-error a user has an id.
  createRelay({ client, authenticate: () => ({ name: 'ada' }), inputOf: () => ({ prompt: 'x' }) });
  // @ts-expect-error the client is the relay's own.
  createRelay({ client, authenticate, inputOf: () => ({ prompt: 'x' }), webhooks: { secret: 'x', client } });
  // @ts-expect-error a relay refuses by these three.
  new RelayRefusal(500, 'no');
});

it('a relay is what platforms and crossws take', () => {
  const relay = createRelay({
    client: new VideoClient({ baseUrl: 'http://x', jobs }),
    authenticate: () => undefined,
    inputOf: (): SoraGatewayInput => ({ walletAddress: '0x1', script: 's' }),
  });
  const server = createServer(toNodeListener(relay.fetch));
  attachRelay(server, relay);
  crossws({ hooks: relay.websocket });
  interface ExecutionContext {
    waitUntil(promise: Promise<unknown>): void;
    passThroughOnException(): void;
  }
  expectTypeOf(relay.fetch).toExtend<(request: Request, context: ExecutionContext) => Promise<Response>>();
});

it('a page gives what inputOf is given, and lists and forgets', () => {
  const page = new VideoClient({ baseUrl: '/videos', backend: relayBackend<{ script: string }>() });
  expectTypeOf(page.generate).parameter(0).toEqualTypeOf<{ script: string }>();
  expectTypeOf(page.backend.list).returns.resolves.toEqualTypeOf<RelayJobs>();
  expectTypeOf(page.backend.forget).parameter(0).toBeString();
  // @ts-expect-error there is no such field.
  void page.generate({ scrip: 'x' });
  // @ts-expect-error a relay has one file by name.
  void page.download('x', { variant: 'thumbnail' });
  expectTypeOf<BoundOperations<AnyBackend>>().not.toBeAny();
});

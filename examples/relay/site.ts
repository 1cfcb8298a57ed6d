import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Jobs, VideoClient } from 'reelwire';
import { openRouter } from 'reelwire/backends';
import type { JobBus } from 'reelwire/jobs';
import { createRelay, type Relay, RelayRefusal } from 'reelwire/relay';
import { attachRelay, toNodeListener } from 'reelwire/relay/node';
import { openRouterWebhooks } from 'reelwire/webhooks';
import { Sessions } from './sessions.js';

export interface SiteOptions {
  readonly apiKey: string;
  /** @default OpenRouter itself */
  readonly upstreamUrl?: string | undefined;
  readonly webhookSecret: string;
  readonly sessionSecret: string;
  /** As the world, the provider's webhooks included, finds this site. @default where it listens */
  readonly publicUrl?: string | undefined;
  readonly jobs: Jobs;
  /** Where several processes make one site. */
  readonly bus?: JobBus | undefined;
  /** How often a job is asked about. The end is told by webhook; this is for one that got lost. @default 10 s */
  readonly pollMs?: number | undefined;
  readonly host?: string | undefined;
  /** @default any that is free */
  readonly port?: number | undefined;
}

export interface Site {
  readonly url: string;
  readonly relay: Relay;
  /** Ends what is left, once calls that are under way are answered. */
  close(): Promise<void>;
}

/** What one user may have at a time: it is here that you would look into an account. */
const MAX_VIDEOS = 5;
const MAX_SCRIPT = 500;

/** All of the site but its page: who is signed in, the relay, and a route that says whether it serves. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { apiKey, upstreamUrl, webhookSecret, sessionSecret, jobs, bus, pollMs } = options;
  let { publicUrl } = options;
  const sessions = new Sessions({
    secret: sessionSecret,
    isSecure: publicUrl?.startsWith('https:') === true,
  });
  const client = new VideoClient({
    ...(upstreamUrl !== undefined && { baseUrl: upstreamUrl }),
    // With the token a delivery finds its job, even where the answer to the submit was lost.
    backend: openRouter({ callbackUrl: ({ token }) => `${publicUrl}/videos/webhook?key=${token}` }),
    auth: { type: 'bearer', token: apiKey },
    ...{ jobs, bus, polling: { intervalMs: pollMs } },
  });
  const relay = createRelay({
    client,
    authenticate: ({ headers }) => sessions.userOf(headers),
    inputOf,
    async authorize({ id }, { type }) {
      if (type === 'generate' && (await countOf(jobs, id)) >= MAX_VIDEOS)
        throw new RelayRefusal(402, `${MAX_VIDEOS} videos are all that you have paid for: forget one first.`);
    },
    webhooks: { from: openRouterWebhooks({ secret: webhookSecret }) },
  });

  const server = createServer(
    toNodeListener(async (request, context) => {
      const answer = ownRoute(request, sessions, relay) ?? (await relay.fetch(request, context));
      // Whoever keeps a connection for the next call is to make that elsewhere.
      if (relay.stats.isDraining) answer.headers.set('connection', 'close');
      return answer;
    }),
  );
  attachRelay(server, relay);
  const underWay = new Set<ServerResponse>();
  server.on('request', (_, answer) => {
    underWay.add(answer);
    answer.once('close', () => underWay.delete(answer));
  });
  const { port = 0, host = '127.0.0.1' } = options;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  publicUrl ??= url;
  return {
    url,
    relay,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      relay.close();
      await Promise.all([...underWay].map((answer) => once(answer, 'close')));
      // Those that were opened ahead, and never asked anything, would be waited for.
      server.closeAllConnections();
      await closed;
      await client.close();
    },
  };
}

/** What may be paid for is decided here, and not by the page. The words of an error are for the user. */
function inputOf({ script }: Readonly<Record<string, unknown>>) {
  if (typeof script !== 'string' || script.trim() === '') throw new Error('Say what the video is to show.');
  if (script.length > MAX_SCRIPT)
    throw new Error(`A script has at most ${MAX_SCRIPT} characters; this one has ${script.length}.`);
  return { model: 'google/veo-3.1', prompt: script, duration: 4 };
}

/** Two submits at the same moment both count the same: an account that is charged is no such sum. */
async function countOf(jobs: Jobs, group: string): Promise<number> {
  let count = 0;
  for await (const { state } of jobs.list({ group })) if (state !== 'refused') count += 1;
  return count;
}

function ownRoute(request: Request, sessions: Sessions, relay: Relay): Response | undefined {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case '/sign-in': {
      const cookie = sessions.signIn(searchParams.get('user') ?? '');
      if (cookie === undefined) return Response.json({ error: 'No such member' }, { status: 404 });
      return new Response(null, { status: 303, headers: { location: '/', 'set-cookie': cookie } });
    }
    case '/me': {
      const user = sessions.userOf(request.headers);
      return user === undefined
        ? Response.json({ error: 'Sign in first' }, { status: 401 })
        : Response.json({ id: user.id });
    }
    case '/health':
      // One that drains is to be given nothing new. Whether redis is there is not asked: else all would be away at once.
      return Response.json(relay.stats, { status: relay.stats.isDraining ? 503 : 200 });
    default:
      return undefined;
  }
}

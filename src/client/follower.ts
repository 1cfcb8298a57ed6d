import type { JobUpdate } from '../core/model.js';
import { loadSeldom } from '../http/load-seldom.js';
import type { SocketRuntime } from '../runtime/runtime.js';
import { onWake } from '../runtime/wake.js';
import * as sockets from '../runtime/web-socket.js';
import { webSocketClass } from '../runtime/web-socket-class.js';
import { createRunner } from '../transports/runner.js';
import { StatusCalls } from '../transports/status-calls.js';
import { type StreamDeps, streamsOf } from '../transports/streams.js';
import type { Follower } from '../transports/transport.js';
import { followOnBus } from './bus-follower.js';
import { BusLink } from './bus-link.js';
import { type Settings, toWebSocketUrl } from './resolve-options.js';
import type { Server } from './server.js';

export { askStatus } from './ask-status.js';
export { cancelJob, cancelOwn } from './cancel-job.js';

/** Loads what SSE needs, which a page has to fetch. */
type LoadSse = () => Promise<Pick<typeof import('../transports/sse.js'), 'connectSse'>>;

/** The lines that status calls stand in. */
export function createCalls(server: Server): StatusCalls {
  const { runtime, settings } = server;
  const { polling, retry, timeouts } = settings;
  return new StatusCalls({
    runtime,
    concurrency: polling.concurrency,
    maxPauseMs: retry.maxDelayMs,
    quickMs: Math.min(1_000, timeouts.requestMs / 10),
    askStatus: (jobId, signal) => server.askStatus(jobId, signal, 'never'),
  });
}

/** The client on the bus of its settings, where there is one. */
export function createBusLink(server: Server, learned: (update: JobUpdate) => void): BusLink | undefined {
  const { backend, logger, runtime, settings } = server;
  const { baseUrl, bus } = settings;
  if (bus === undefined) return undefined;
  const namespace = `${backend.name} ${baseUrl.origin}${baseUrl.pathname.replace(/\/+$/, '')}`;
  return new BusLink({ bus, namespace, runtime, logger, learned });
}

/** What follows jobs of the server by these settings. */
export function createFollower(
  server: Server,
  settings: Settings,
  calls: StatusCalls,
  loadSse: LoadSse,
  link: BusLink | undefined,
): Follower {
  const streams = streamDepsOf(server, loadSse);
  const follower = createRunner({
    ...streams,
    runtime: { ...streams.runtime, onWake },
    backend: settings.backend,
    settings,
    calls,
    peers: link?.peers(settings.polling.intervalMs),
    locate: (update) => server.locate(update),
    redact: (text) => server.http.redact(text),
    logger: settings.logger,
  });
  return link === undefined ? follower : followOnBus(follower, link);
}

/** The streams of the server. */
export function streamsOfServer(server: Server, loadSse: LoadSse): ReturnType<typeof streamsOf> {
  return streamsOf(server.backend, streamDepsOf(server, loadSse));
}

/** Whether the upgrade of a socket can carry headers. */
export async function carriesHeaders({ WebSocket }: Settings): Promise<boolean> {
  return sockets.carriesHeaders(await webSocketClass(WebSocket));
}

function streamDepsOf(server: Server, loadSse: LoadSse): StreamDeps & { readonly runtime: SocketRuntime } {
  const { http, session, settings } = server;
  const runtime = { ...server.runtime, webSocket: () => webSocketClass(settings.WebSocket) };
  const { backend, baseUrl, retry, timeouts, webSocketUrl } = settings;
  const { path = '/' } = backend.webSocket ?? {};
  // What webSocketUrl says, or gives, is where the caller wants to be known; a backend's path may lead elsewhere.
  const isOurs = ({ origin }: URL) =>
    webSocketUrl !== undefined || origin.replace(/^ws/, 'http') === baseUrl.origin;
  return {
    runtime,
    // Where the caller says which it is, it stays.
    session: typeof path === 'function' && webSocketUrl === undefined ? session : undefined,
    loadSse: async (codec) => {
      const { connectSse } = await loadSse();
      return connectSse(
        {
          ...{ runtime, retry },
          openStream: async (url, signal, headers) =>
            (await http.open({ method: 'GET', url }, { signal, headers })).response,
        },
        codec,
        timeouts.connectMs,
      );
    },
    webSocketUrl: async (carriesHeaders) => {
      const given = typeof webSocketUrl === 'function' ? await webSocketUrl() : webSocketUrl;
      const own = typeof path === 'function' ? path(session.connect()) : path;
      const url = toWebSocketUrl(given ?? (/^(\/|\w+:)/.test(own) ? own : http.resolve(`/${own}`)), baseUrl);
      // Where a page's socket cannot say who it is in a header. A function has said what it wants to.
      const { auth } = settings;
      const isTold = carriesHeaders || typeof webSocketUrl === 'function' || url.searchParams.has('token');
      if (!isTold && backend.credential && auth?.type === 'bearer' && isOurs(url))
        url.searchParams.set('token', await (await loadSeldom()).askToken(auth));
      // A ticket for one connect, or that.
      await http.conceal(url.searchParams.values());
      return url.href;
    },
    webSocketHeaders: async (url) => {
      if (!isOurs(new URL(url))) return {};
      const { askCredentials } = await loadSeldom();
      const { headers, secrets } = await askCredentials(settings);
      await http.conceal(secrets, headers);
      return headers;
    },
  };
}

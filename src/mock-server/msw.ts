/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The same mock as handlers for `msw`, without a socket.
 *
 * @module reelwire/mock-server/msw
 */

import { http, type RequestHandler, type WebSocketHandler, ws } from 'msw';
import type { ByteArray } from './bytes.js';
import { checkMockOptions } from './check-options.js';
import type { MockMount } from './dialect-names.js';
import { ConnectionLost, type Exchange } from './exchange.js';
import type { MockFaults } from './faults.js';
import type { MockJobs } from './jobs.js';
import type { MockServiceOptions } from './options.js';
import type { MockRequest } from './request-log.js';
import { MockService } from './service.js';
import type { Wire } from './streams/stream.js';
import type { MockStreams } from './streams/stream-log.js';
import type { MockWebhooks } from './webhooks.js';

/** Where the application believes the server to be, and how the mock behaves. */
export interface MockHandlersOptions extends MockServiceOptions {
  /** What the application under test calls; a path of it is kept. @default 'http://localhost:3001' */
  baseUrl?: string | URL | undefined;
  /** @default the root of the host of `baseUrl`, as `ws:` */
  webSocketUrl?: string | URL | undefined;
  /** Where signed URLs and redirects lead. @default 'http://files.mock.invalid' */
  filesUrl?: string | URL | undefined;
}

/**
 * Handlers for `msw` over the same mock core as `createMockServer`: HTTP, SSE and WebSocket, without a socket.
 * Requests to other routes are left to other handlers.
 *
 * msw replaces `globalThis.WebSocket`, so there must be one by now: Node 20 has none, and there is no WebSocket then
 * unless that of `ws` is set. A WebSocket of msw cannot be kept from an answer: `stall` and `slow` open it, mute, and a refused one closes
 * with 1006 without an error event.
 *
 * @example
 * const mock = createMockHandlers({ baseUrl: 'http://localhost:3001', durationMs: 100 });
 * const server = setupServer(...mock.handlers);
 * server.listen();
 */
export function createMockHandlers(options: MockHandlersOptions = {}): MockHandlers {
  checkMockOptions(options, ['baseUrl', 'webSocketUrl', 'filesUrl']);
  return new MockHandlers(options);
}

/** Handlers for `msw`, and the hands on the mock server behind them. */
export class MockHandlers {
  /** For `setupServer` or `setupWorker`. */
  readonly handlers: readonly (RequestHandler | WebSocketHandler)[];
  readonly #service: MockService;

  /** @internal Use `createMockHandlers`. */
  constructor(options: MockHandlersOptions) {
    const { baseUrl = 'http://localhost:3001', webSocketUrl, filesUrl, ...rest } = options;
    // Only the application under test can submit here.
    const service = new MockService({ ...rest, webhooks: { allowedHosts: ['*'], ...rest.webhooks } });
    const base = withoutSlash(new URL(baseUrl, globalThis.location?.href));
    const files = withoutSlash(new URL(filesUrl ?? 'http://files.mock.invalid'));
    const socketUrl = withoutSlash(new URL(webSocketUrl ?? new URL('/', base))).replace(/^http/, 'ws');
    service.files.origin = files;
    service.baseUrl = base;
    this.#service = service;
    this.handlers = [
      http.all(`${base}/*`, ({ request }) => answer(service, exchangeOf(request, 'main', base))),
      http.all(`${files}/*`, ({ request }) => answer(service, exchangeOf(request, 'files', files))),
      // Without a global class there is nothing to replace, and msw would fail at every upgrade.
      ...(globalThis.WebSocket === undefined
        ? []
        : [ws.link(socketUrl).addEventListener('connection', ({ client }) => open(service, client))]),
    ];
  }

  /**
   * Where one dialect is, by the name of its backend in lower case; as that of `createMockServer`.
   *
   * @throws ConfigurationError for a dialect that the mock does not speak.
   */
  urlOf(dialect: MockMount): string {
    return this.#service.urlOf(this.#service.mounts.named(dialect));
  }

  /** What `urlOf` takes. */
  get dialects(): readonly MockMount[] {
    return this.#service.mounts.names;
  }

  /** The jobs, to be moved on by hand. */
  get jobs(): MockJobs {
    return this.#service.jobs;
  }

  /** What goes wrong, from now on. */
  get faults(): MockFaults {
    return this.#service.faults;
  }

  /** The webhooks that were sent. */
  get webhooks(): MockWebhooks {
    return this.#service.webhooks;
  }

  /** WebSockets and SSE streams, with hands on each. */
  get streams(): MockStreams {
    return this.#service.streams;
  }

  /** What came so far, oldest first. */
  get requests(): readonly MockRequest[] {
    return this.#service.requests;
  }

  /** Forgets them. */
  clearRequests(): void {
    this.#service.clearRequests();
  }

  /** Ends every stream and every job's timers. */
  close(): void {
    this.#service.streams.close();
    this.#service.close();
  }

  /** As `close()`; for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

async function answer(service: MockService, exchange: Exchange): Promise<Response | undefined> {
  if (!service.knows(exchange)) return undefined;
  try {
    return await service.handle(exchange);
  } catch (error) {
    if (error instanceof ConnectionLost || exchange.signal.aborted) return Response.error();
    throw error;
  }
}

interface Client {
  readonly url: URL;
  send(data: string | ByteArray): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
}

function open(service: MockService, client: Client): void {
  const exchange: Exchange = {
    method: 'GET',
    url: new URL(`/${client.url.search}`, client.url),
    headers: new Headers(),
    origin: 'main',
    signal: new AbortController().signal,
    read: async () => new Uint8Array(),
  };
  const { faults, refusal, attach } = service.upgrade(exchange);
  if (refusal !== undefined || faults.find('refuse') || faults.find('reset')) {
    client.close(1006);
    return;
  }
  const wire: Wire = {
    send: (frame) => client.send(frame),
    close: (code, reason) => client.close(code, reason),
    freeze: () => {},
  };
  const session = attach(wire);
  if (session === undefined) return;
  client.addEventListener('message', ({ data }) =>
    session.receive(typeof data === 'string' ? data : undefined),
  );
  client.addEventListener('close', ({ code }) => session.stream.ended(code));
  if (faults.find('stall') || faults.find('slow')) session.stream.mute();
  session.start();
}

function exchangeOf(request: Request, origin: Exchange['origin'], base: string): Exchange {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(new URL(base).pathname.replace(/\/$/, '').length);
  return {
    method: request.method,
    url,
    headers: request.headers,
    origin,
    signal: request.signal,
    read: async () => new Uint8Array(await request.arrayBuffer()),
  };
}

function withoutSlash(url: URL): string {
  return url.href.replace(/\/$/, '');
}

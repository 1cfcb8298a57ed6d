import { createServer } from 'node:http';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { relayBackend } from '../../../src/backends/relay.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import type { MockServer, MockServerOptions } from '../../../src/mock-server/index.js';
import { createRelay, type Relay, type RelayOptions, type RelayUser } from '../../../src/relay/index.js';
import { attachRelay, toNodeListener } from '../../../src/relay/node.js';
import { listen } from '../../support/listen.js';
import { connect, startServer } from '../client/support.js';

/** Of the server behind: no page may ever see it. */
export const KEY = 'key-of-the-video-server-0123456789';

type Options = Partial<RelayOptions<AnyBackend>>;

export interface Site {
  readonly url: string;
  /** The relay's own, which nobody looks at on the way. */
  readonly direct: string;
  readonly relay: Relay;
  readonly upstream: MockServer;
  readonly client: VideoClient<AnyBackend>;
  /** Every byte that was sent to pages. */
  sent(): string;
  /** A call as a page of this user makes it. */
  call(path: string, init?: RequestInit, user?: string | undefined): Promise<Response>;
  page(user?: string, options?: Partial<VideoClientOptions<AnyBackend>>): VideoClient<AnyBackend>;
  socket(user?: string, headers?: Record<string, string>): Promise<PageSocket>;
}

/** Who sends `cookie: session=ada` is Ada; a session such as `ada.1700000000000` ends at that time. */
export function userOf({ headers }: { readonly headers: Headers }): RelayUser | undefined {
  const [, id, until] = /\bsession=(\w+)(?:\.(\d+))?/.exec(headers.get('cookie') ?? '') ?? [];
  if (id === undefined) return undefined;
  return { id, ...(until !== undefined && { expiresAt: new Date(Number(until)) }) };
}

/** A relay before a server that wants a key, and before the relay something that sees every byte. */
export async function startSite(
  mock: MockServerOptions = {},
  options: Options = {},
  clientOptions: Partial<VideoClientOptions<AnyBackend>> = {},
): Promise<Site> {
  const upstream = await startServer({ auth: { type: 'bearer', token: KEY }, ...mock });
  const client = connect<AnyBackend>(upstream, {
    auth: { type: 'bearer', token: KEY },
    jobs: memoryJobs(),
    logger: 'silent',
    ...clientOptions,
  });
  const relay = createRelay<AnyBackend>({
    client,
    authenticate: userOf,
    inputOf: ({ script }) => ({ walletAddress: '0x123', script }) as never,
    logger: 'silent',
    ...options,
  });
  onTestFinished(() => relay.close());
  const server = createServer(toNodeListener(relay.fetch));
  attachRelay(server, relay);
  const { port, url: direct } = await listen(server);
  let sent = '';
  const tap = createTcpServer((page) => {
    const behind = connectTcp(port, '127.0.0.1');
    behind.on('data', (chunk) => {
      sent += chunk.toString('latin1');
    });
    page.pipe(behind).pipe(page);
    page.on('error', () => behind.destroy()).on('close', () => behind.destroy());
    behind.on('error', () => page.destroy()).on('close', () => page.destroy());
  });
  const { url } = await listen(tap);
  return {
    ...{ url, direct, relay, upstream, client },
    sent: () => sent,
    call: (path, init = {}, user = 'ada') =>
      fetch(`${url}/videos${path}`, { ...init, headers: { cookie: `session=${user}`, ...init.headers } }),
    page(user = 'ada', pageOptions = {}) {
      const page = new VideoClient<AnyBackend>({
        baseUrl: `${url}/videos`,
        backend: relayBackend(),
        headers: { cookie: `session=${user}` },
        polling: { intervalMs: 20 },
        retry: { minDelayMs: 5, maxDelayMs: 50 },
        logger: 'silent',
        ...pageOptions,
      });
      onTestFinished(() => page.close());
      return page;
    },
    socket: (user = 'ada', headers = {}) =>
      PageSocket.open(`${url}/videos/`, { cookie: `session=${user}`, ...headers }),
  };
}

/** A socket of a page, by hand. */
export class PageSocket {
  readonly socket: WebSocket;
  /** All that came, read. */
  readonly frames: Record<string, unknown>[] = [];
  /** The code of its end. */
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  /** Rejects with the status that it was refused with. */
  static open(url: string, headers: Record<string, string>): Promise<PageSocket> {
    const socket = new WebSocket(url, { headers });
    onTestFinished(() => socket.terminate());
    const page = new PageSocket(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(page));
      socket.once('unexpected-response', (_, { statusCode }) => reject(new Refusal(statusCode ?? 0)));
      socket.on('error', () => {});
    });
  }

  say(action: string, jobId: unknown): void {
    this.socket.send(JSON.stringify({ action, jobId }));
  }

  /** Waits for a frame that has these fields. */
  async until(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    await expect.poll(() => this.frames).toContainEqual(expect.objectContaining(fields));
    return this.frames.find((frame) =>
      Object.entries(fields).every(([name, value]) => frame[name] === value),
    ) as Record<string, unknown>;
  }
}

/** What an upgrade was answered. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

/** The status that an upgrade is refused with. */
export async function refusedWith(opening: Promise<PageSocket>): Promise<number> {
  return opening.then(
    () => {
      throw new Error('it was let in');
    },
    (error: unknown) => {
      if (error instanceof Refusal) return error.status;
      throw error;
    },
  );
}

/** A submit as a page makes it. */
export function submitting(body: unknown, key?: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

export const script = { script: 'Explain blockchain' };

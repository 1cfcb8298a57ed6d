/// <reference lib="esnext.disposable" preserve="true" />
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ConfigurationError } from '../errors.js';
import { checkMockOptions } from './check-options.js';
import type { MockMount } from './dialect-names.js';
import type { MockFaults } from './faults.js';
import { Gate, type MockGateOptions } from './gate.js';
import { answerHttp } from './http-adapter.js';
import type { MockJobs } from './jobs.js';
import type { MockServiceOptions } from './options.js';
import type { MockRequest } from './request-log.js';
import { MockService } from './service.js';
import type { MockStreams } from './streams/stream-log.js';
import { WebSocketUpgrades } from './streams/websocket-upgrade.js';
import type { MockWebhooks } from './webhooks.js';

/** Options for `createMockServer`. */
export interface MockServerOptions extends MockServiceOptions, MockGateOptions {
  /** @default 0, any free one */
  port?: number | undefined;
  /** @default '127.0.0.1' */
  host?: string | undefined;
}

/**
 * Starts a real HTTP server that speaks all dialects at once, and lets in pages of this machine only.
 *
 * @throws ConfigurationError for an option that there is not.
 * @example
 * await using server = await createMockServer({ durationMs: 500 });
 * const client = new VideoClient({ baseUrl: server.url });
 */
export async function createMockServer(options: MockServerOptions = {}): Promise<MockServer> {
  checkMockOptions(options, ['port', 'host', 'allowedOrigins', 'allowedHosts']);
  const { port = 0, host = '127.0.0.1', allowedHosts, allowedOrigins, ...rest } = options;
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536))
    throw new ConfigurationError('port', 'port must be a whole number from 0 to 65535');
  const gate = new Gate(
    { ...(allowedHosts && { allowedHosts }), ...(allowedOrigins && { allowedOrigins }) },
    host,
  );
  const server = new MockServer(rest, host, gate);
  await server.listen(port);
  return server;
}

/** A mock server that listens, with hands on all that it does. */
export class MockServer {
  readonly #service: MockService;
  readonly #host: string;
  readonly #main: Listener;
  readonly #files: Listener;

  /** @internal Use `createMockServer`. */
  constructor(options: MockServiceOptions, host: string, gate: Gate) {
    this.#host = host;
    this.#service = new MockService(options, gate);
    this.#main = new Listener(this.#service, 'main');
    this.#files = new Listener(this.#service, 'files');
  }

  /** @internal */
  async listen(port: number): Promise<void> {
    try {
      await this.#main.listen(port, this.#host);
      await this.#files.listen(0, this.#host);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#service.files.origin = this.filesUrl;
    this.#service.baseUrl = this.url;
  }

  /** Such as `http://127.0.0.1:3001`, without a slash at the end. */
  get url(): string {
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.port}`;
  }

  /**
   * Where one dialect is, by the name of its backend in lower case: for the `baseUrl` of a client. Several dialects have
   * the same routes, so each has a path of its own. Those of `soraGateway`, `vidBuilder` and `openAIVideos` are at `url`
   * as well.
   *
   * @throws ConfigurationError for a dialect that the server does not speak.
   * @example
   * const client = new VideoClient({ baseUrl: server.urlOf('openaivideos'), backend: openAIVideos() });
   */
  urlOf(dialect: MockMount): string {
    return this.#service.urlOf(this.#service.mounts.named(dialect));
  }

  /** What `urlOf` takes. */
  get dialects(): readonly MockMount[] {
    return this.#service.mounts.names;
  }

  get port(): number {
    return this.#main.port;
  }

  /** The second origin, where signed URLs and redirects lead. */
  get filesUrl(): string {
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#files.port}`;
  }

  /** The jobs, to be moved on by hand. */
  get jobs(): MockJobs {
    return this.#service.jobs;
  }

  /** What goes wrong, from now on. */
  get faults(): MockFaults {
    return this.#service.faults;
  }

  /** WebSockets and SSE streams, with hands on each. */
  get streams(): MockStreams {
    return this.#service.streams;
  }

  /** What is open now. `tcp` counts the sockets of both origins, those that clients keep alive too. */
  get connections(): { readonly tcp: number; readonly webSockets: number; readonly eventStreams: number } {
    return {
      tcp: this.#main.sockets.size + this.#files.sockets.size,
      webSockets: this.streams.count('websocket'),
      eventStreams: this.streams.count('sse'),
    };
  }

  /** The webhooks that were sent. */
  get webhooks(): MockWebhooks {
    return this.#service.webhooks;
  }

  /** What the server got so far, oldest first. */
  get requests(): readonly MockRequest[] {
    return this.#service.requests;
  }

  /** Forgets them. */
  clearRequests(): void {
    this.#service.clearRequests();
  }

  /** Breaks every open connection. With a code, WebSockets are closed with it, SSE ends, and the rest stays. */
  disconnectAll(code?: number): void {
    if (code !== undefined) {
      this.streams.close(code);
    } else {
      this.#main.disconnect();
      this.#files.disconnect();
    }
  }

  /** Away for everybody, as while it restarts: connections break, new ones are refused. Jobs run on. */
  async pause(): Promise<void> {
    await Promise.all([this.#main.close(), this.#files.close()]);
  }

  /** Back on the same ports. */
  async resume(): Promise<void> {
    await this.#main.listen(this.#main.port, this.#host);
    await this.#files.listen(this.#files.port, this.#host);
  }

  /** Ends every connection and every job's timers. Safe to call twice. */
  async close(): Promise<void> {
    this.#service.close();
    await Promise.all([this.#main.close(), this.#files.close()]);
  }

  /** As `close()`; for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** One port with its open sockets. */
class Listener {
  readonly #server: Server;
  readonly sockets = new Set<Socket>();
  port = 0;

  constructor(service: MockService, origin: 'main' | 'files') {
    this.#server = createServer((request, response) => void answerHttp(service, origin, request, response));
    if (origin === 'main') {
      const upgrades = new WebSocketUpgrades(service);
      this.#server.on(
        'upgrade',
        (request, socket: Socket, head) => void upgrades.take(request, socket, head),
      );
    }
    // Faults hold requests for as long as they like.
    this.#server.requestTimeout = 0;
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(port: number, host: string): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.disconnect();
    await closed;
  }

  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

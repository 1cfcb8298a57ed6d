import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import { recordOf, storeAt } from '../../../src/jobs/contract/check.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import { MockFaults } from '../../../src/mock-server/faults.js';
import type { MockFault, MockJob, MockJobInit, MockServer } from '../../../src/mock-server/index.js';
import { MockStreams } from '../../../src/mock-server/streams/stream-log.js';
import { createRelay, type Relay } from '../../../src/relay/index.js';
import { toNodeListener } from '../../../src/relay/node.js';
import { BASE_PATH, faultyFetch, type PageRequest, pageRequest } from './faulty-fetch.js';
import { attachFaulty } from './faulty-sockets.js';

const USER = 'ada';

export interface RelaySiteOptions {
  /** Behind the relay. The site ends before it. */
  readonly upstream: MockServer;
  /** Of the client that holds the key. */
  readonly client: Partial<VideoClientOptions<AnyBackend>> & { readonly backend: AnyBackend };
  /** What that is given, whatever the page wrote. */
  readonly input: object;
  /** Between the pages and the relay. */
  readonly faults?: readonly MockFault[] | undefined;
  readonly onRequest?: ((request: PageRequest) => void) | undefined;
}

/** A relay on a port of its own, with the hands on it that there are on the mock server. All pages are one user's. */
export class RelaySite {
  readonly upstream: MockServer;
  readonly client: VideoClient<AnyBackend>;
  readonly relay: Relay;
  readonly faults: MockFaults;
  /** Of pages, as they have them. */
  readonly streams = new MockStreams();
  readonly requests: PageRequest[] = [];
  readonly #store = new MemoryJobStore();
  /** As records have it. */
  readonly #server: { readonly backend: string; readonly baseUrl: string };
  /** What the server calls them, by what pages do. */
  readonly #ids = new Map<string, string>();
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor({ upstream, client, input, faults, onRequest }: RelaySiteOptions) {
    const { backend, baseUrl = upstream.url } = client;
    this.upstream = upstream;
    this.faults = new MockFaults(faults);
    this.#server = { backend: backend.name, baseUrl: String(baseUrl).replace(/\/$/, '') };
    this.client = new VideoClient<AnyBackend>({
      ...{ baseUrl, jobs: jobsOver(this.#store), logger: 'silent' },
      ...client,
    });
    this.relay = createRelay<AnyBackend>({
      client: this.client,
      authenticate: () => ({ id: USER }),
      inputOf: () => input as never,
      logger: 'silent',
    });
    const asked = (request: PageRequest) => {
      this.requests.push(request);
      onRequest?.(request);
    };
    const onOpen: MockStreams['add'] = (stream) => this.streams.add(stream);
    const fetch = faultyFetch(this.relay.fetch, {
      ...{ faults: this.faults, onRequest: asked, onOpen },
      jobOf: (jobId) => this.upstream.jobs.get(this.#ids.get(jobId) ?? ''),
    });
    this.#http = createServer(toNodeListener(fetch));
    // Faults hold requests for as long as they like.
    this.#http.requestTimeout = 0;
    attachFaulty(this.#http, this.relay, {
      take: ({ url = '/', headers }) => {
        const sent = new Headers(headers as Record<string, string>);
        asked(pageRequest({ method: 'GET', url, headers: sent }, 'websocket'));
        return this.faults.take('websocket', []);
      },
      onOpen,
    });
    this.#http.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: RelaySiteOptions): Promise<RelaySite> {
    const site = new RelaySite(options);
    await site.resume();
    return site;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** For the `baseUrl` of a page. */
  get url(): string {
    return this.origin + BASE_PATH;
  }

  /** What pages have open. */
  get connections() {
    return {
      tcp: this.#sockets.size,
      webSockets: this.streams.count('websocket'),
      eventStreams: this.streams.count('sse'),
    };
  }

  /** True where nothing of a page is open any more, and the relay follows no job for one. */
  get isIdle(): boolean {
    const { sockets, streams, jobs } = this.relay.stats;
    return this.streams.open.length + sockets + streams + jobs === 0;
  }

  /** A job that was made before, and what pages call it. */
  async createJob(init: MockJobInit = {}): Promise<{ readonly id: string; readonly job: MockJob }> {
    const job = this.upstream.jobs.create(init);
    const id = `page-${crypto.randomUUID()}`;
    const record = recordOf({ key: id, group: USER, ...this.#server });
    await storeAt(this.#store, record, { state: 'submitted', jobId: job.id });
    this.#ids.set(id, job.id);
    return { id, job };
  }

  /** The server's job that a page calls so. */
  async jobOf(id: string): Promise<MockJob | undefined> {
    const { jobId = '' } = (await this.#store.get(id)) ?? {};
    return this.upstream.jobs.get(jobId);
  }

  /** Another tab of the user watches this job, by a socket to which nothing happens, until the job ends. */
  async watch(id: string): Promise<void> {
    const { websocket } = this.relay;
    const verdict = await websocket.upgrade({ url: this.url, headers: new Headers() });
    if (verdict instanceof Response) throw new Error(`refused with ${verdict.status}`);
    const peer = {
      context: verdict.context,
      send: (frame: string) => {
        const { status } = JSON.parse(frame) as { readonly status?: string };
        if (status === 'completed' || status === 'failed') websocket.close(peer);
      },
      close: () => {},
    };
    websocket.open(peer);
    websocket.message(peer, { text: () => JSON.stringify({ action: 'subscribe', jobId: id }) });
  }

  /** Breaks every open connection. With a code, WebSockets are closed with it, event streams end, and the rest stays. */
  disconnectAll(code?: number): void {
    if (code !== undefined) this.streams.close(code);
    else for (const socket of this.#sockets) socket.destroy();
  }

  /** Away for everybody: connections break, new ones are refused. */
  async pause(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.disconnectAll();
    await closed;
  }

  /** Back on the same port. */
  async resume(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.relay.close();
    await this.client.close();
    await this.pause();
  }
}

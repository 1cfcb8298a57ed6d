import { onTestFinished } from 'vitest';
import type { AnyBackend } from '../../src/backends/backend.js';
import { relayBackend } from '../../src/backends/relay.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import type { VideoClient } from '../../src/client/client.js';
import type { VideoClientOptions } from '../../src/client/options.js';
import type {
  MockFault,
  MockFaults,
  MockJob,
  MockJobInit,
  MockRoute,
  MockServerOptions,
} from '../../src/mock-server/index.js';
import { RelaySite } from '../support/relay-site/site.js';
import { until } from '../support/until.js';
import { INPUTS } from './faults.js';
import { connect, noStreamIsLeft, QUICK, startServer } from './support.js';

/** What a client speaks to in the gateway's dialect, and what happens between the two: hands on that. */
export interface Subject {
  readonly url: string;
  readonly faults: MockFaults;
  readonly requests: readonly { readonly route: MockRoute | undefined }[];
  /** Of the server that makes the videos, whoever stands before it. */
  readonly jobs: Iterable<MockJob>;
  /** The id is what the client calls it. */
  createJob(init?: MockJobInit): Promise<{ readonly id: string; readonly job: MockJob }>;
  connect(options?: Partial<VideoClientOptions<AnyBackend>>): VideoClient<AnyBackend>;
  /** The server's id of a job of this client. */
  serverIdOf(id: string): Promise<string | undefined>;
  /** Somebody else of the same user watches it. */
  watch(id: string): Promise<void>;
  nothingIsLeft(): Promise<void>;
}

export interface SubjectOptions
  extends Pick<MockServerOptions, 'manual' | 'durationMs' | 'style' | 'videoBytes'> {
  /** Between the client and whatever it speaks to. */
  readonly faults?: readonly MockFault[];
  readonly onRequest?: (request: { readonly route: MockRoute | undefined }) => void;
}

async function startMock(options: SubjectOptions): Promise<Subject> {
  const server = await startServer({ ...options, faults: options.faults ?? [] });
  return {
    ...{ url: server.url, faults: server.faults, requests: server.requests, jobs: server.jobs },
    async createJob(init) {
      const job = server.jobs.create(init);
      return { id: job.id, job };
    },
    connect: (more) => connect(server, more),
    serverIdOf: async (id) => id,
    watch: async () => {},
    nothingIsLeft: () => noStreamIsLeft(server),
  };
}

async function startRelay(
  { faults, onRequest, ...mock }: SubjectOptions,
  speaking: (url: string) => Partial<VideoClientOptions<AnyBackend>>,
): Promise<Subject> {
  const upstream = await startServer(mock);
  const site = await RelaySite.start({
    // What the relay hears of the server is none of what is tried here.
    client: { backend: soraGateway(), ...QUICK, timeouts: { ...QUICK.timeouts, requestMs: 5_000 } },
    ...{ upstream, faults, onRequest, input: INPUTS.soraGateway },
  });
  onTestFinished(() => site.close());
  const { url } = site;
  return {
    ...{ url, faults: site.faults, requests: site.requests, jobs: upstream.jobs },
    createJob: (init) => site.createJob(init),
    connect: (more) => connect({ url }, { ...speaking(url), ...more }),
    serverIdOf: async (id) => (await site.jobOf(id))?.id,
    watch: (id) => site.watch(id),
    async nothingIsLeft() {
      await until(() => site.isIdle, 'nothing of a page is left on the relay');
      await noStreamIsLeft(upstream);
    },
  };
}

export type StartSubject = (options: SubjectOptions) => Promise<Subject>;

export const MOCK: readonly [string, StartSubject] = ['the mock server', startMock];

export const RELAY: readonly [string, StartSubject] = [
  'a relay',
  (options) => startRelay(options, () => ({ backend: relayBackend() })),
];

/** A page that was there before the relay: it knows the gateway, and by what it is found. */
export const RELAY_AS_GATEWAY: readonly [string, StartSubject] = [
  'a relay taken for a gateway',
  (options) => startRelay(options, (webSocketUrl) => ({ backend: soraGateway(), webSocketUrl })),
];

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserCommand } from 'vitest/node';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import {
  createMockServer,
  type MockFault,
  type MockJobChange,
  type MockJobInit,
  type MockServer,
  type MockServerOptions,
} from '../../../src/mock-server/index.js';
import { FAL_PROXY_ROUTE, falProxy } from '../../support/fal-proxy.js';
import { RelaySite } from '../../support/relay-site/site.js';

/** What a page speaks to, and the mock server that is it, or is behind it. */
interface Subject {
  readonly front: MockServer | RelaySite;
  readonly mock: MockServer;
}

/** What a page may have done to a mock server, or to a relay before it. Arguments and answers are JSON. */
const ACTIONS = {
  fault: ({ front }: Subject, fault: MockFault) => void front.faults.add(fault),
  clearFaults: ({ front }: Subject) => front.faults.clear(),
  createJob: async ({ front, mock }: Subject, init: MockJobInit) =>
    (front instanceof RelaySite ? await front.createJob(init) : mock.jobs.create(init)).id,
  jobIds: ({ mock }: Subject) => Array.from(mock.jobs, ({ id }) => id),
  async advance({ front, mock }: Subject, jobId: string, change: MockJobChange) {
    const job = front instanceof RelaySite ? await front.jobOf(jobId) : mock.jobs.get(jobId);
    job?.advance(change);
  },
  /** Another tab has a socket at the relay. */
  watch: async ({ front }: Subject, jobId: string) =>
    front instanceof RelaySite ? front.watch(jobId) : undefined,
  disconnect: ({ front }: Subject, code?: number) => front.disconnectAll(code),
  pause: ({ front }: Subject) => front.pause(),
  resume: ({ front }: Subject) => front.resume(),
  connections: ({ front }: Subject) => front.connections,
  requests: ({ front }: Subject) =>
    front.requests.map(({ method, query, route, headers }) => ({ method, query, route, headers })),
  /** fal's own proxy, in front of the mock; it ends with that. */
  async falProxy({ mock }: Subject) {
    const proxy = falProxy('hono', mock.urlOf('fal'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    proxies.set(mock, proxy);
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${FAL_PROXY_ROUTE}`;
  },
  async close({ front, mock }: Subject) {
    for (const [url, { mock: one }] of subjects) if (one === mock) subjects.delete(url);
    const proxy = proxies.get(mock);
    proxies.delete(mock);
    proxy?.close().closeAllConnections();
    await front.close();
    await mock.close();
  },
};

export type MockActions = typeof ACTIONS;
export type MockAction = keyof MockActions;
export type ArgumentsOf<A extends MockAction> =
  Parameters<MockActions[A]> extends [Subject, ...infer Rest] ? Rest : never;
export type ResultOf<A extends MockAction> = Awaited<ReturnType<MockActions[A]>>;

/** By their URLs. */
const subjects = new Map<string, Subject>();
/** Of the mock behind each. */
const proxies = new Map<MockServer, Server>();

const startMock: BrowserCommand<[options: MockServerOptions], string> = async (_context, options) => {
  const mock = await createMockServer(options);
  subjects.set(mock.url, { front: mock, mock });
  return mock.url;
};

/** The faults are those between the page and the relay, which is to be found at the page's own origin. */
const startRelay: BrowserCommand<[options: MockServerOptions], string> = async (
  _context,
  { faults, ...options },
) => {
  const mock = await createMockServer(options);
  const input = { walletAddress: '0x123', script: 'Explain blockchain' };
  const front = await RelaySite.start({ upstream: mock, client: { backend: soraGateway() }, input, faults });
  const url = `/at/${front.port}${new URL(front.url).pathname}`;
  subjects.set(url, { front, mock });
  return url;
};

const mock: BrowserCommand<[url: string, action: MockAction, args: unknown[]], unknown> = async (
  _context,
  url,
  action,
  args,
) => {
  const subject = subjects.get(url);
  if (subject === undefined) throw new Error(`no mock server at ${url}`);
  const act = ACTIONS[action] as (subject: Subject, ...args: unknown[]) => unknown;
  return act(subject, ...args);
};

export const mockCommands = { startMock, startRelay, mock };

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserCommand } from 'vitest/node';
import {
  createMockServer,
  type MockFault,
  type MockJobChange,
  type MockJobInit,
  type MockServer,
  type MockServerOptions,
} from '../../../src/mock-server/index.js';
import { FAL_PROXY_ROUTE, falProxy } from '../../support/fal-proxy.js';

/** What a page may have done to a mock server. Arguments and answers are JSON. */
const ACTIONS = {
  fault: (server: MockServer, fault: MockFault) => void server.faults.add(fault),
  clearFaults: (server: MockServer) => server.faults.clear(),
  createJob: (server: MockServer, init: MockJobInit) => server.jobs.create(init).id,
  jobIds: (server: MockServer) => Array.from(server.jobs, ({ id }) => id),
  advance: (server: MockServer, jobId: string, change: MockJobChange) =>
    void server.jobs.get(jobId)?.advance(change),
  disconnect: (server: MockServer, code?: number) => server.disconnectAll(code),
  pause: (server: MockServer) => server.pause(),
  resume: (server: MockServer) => server.resume(),
  connections: (server: MockServer) => server.connections,
  requests: (server: MockServer) =>
    server.requests.map(({ method, query, route, headers }) => ({ method, query, route, headers })),
  /** fal's own proxy, in front of the mock; it ends with that. */
  async falProxy(server: MockServer) {
    const proxy = falProxy('hono', server.urlOf('fal'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    proxies.set(server.url, proxy);
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${FAL_PROXY_ROUTE}`;
  },
  close: (server: MockServer) => {
    servers.delete(server.url);
    const proxy = proxies.get(server.url);
    proxies.delete(server.url);
    proxy?.close().closeAllConnections();
    return server.close();
  },
};

export type MockActions = typeof ACTIONS;
export type MockAction = keyof MockActions;
export type ArgumentsOf<A extends MockAction> =
  Parameters<MockActions[A]> extends [MockServer, ...infer Rest] ? Rest : never;
export type ResultOf<A extends MockAction> = Awaited<ReturnType<MockActions[A]>>;

const servers = new Map<string, MockServer>();
/** By the URL of the mock behind each. */
const proxies = new Map<string, Server>();

const startMock: BrowserCommand<[options: MockServerOptions], string> = async (_context, options) => {
  const server = await createMockServer(options);
  servers.set(server.url, server);
  return server.url;
};

const mock: BrowserCommand<[url: string, action: MockAction, args: unknown[]], unknown> = async (
  _context,
  url,
  action,
  args,
) => {
  const server = servers.get(url);
  if (server === undefined) throw new Error(`no mock server at ${url}`);
  const act = ACTIONS[action] as (server: MockServer, ...args: unknown[]) => unknown;
  return act(server, ...args);
};

export const mockCommands = { startMock, mock };

import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { createHttpClient, type HttpSettings } from '../../../src/http/request.js';
import type { HttpClient } from '../../../src/http/types.js';
import { systemRuntime } from '../../../src/runtime/system.js';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly seen: Seen[];
  /** How many answers are under way. (Connections say less: after an abort, Node's fetch opens an idle one.) */
  readonly underWay: () => number;
}

type Closer = () => Promise<void>;
const closers: Closer[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A real HTTP server for one test. The answer is given once the request's body was read. */
export async function serve(
  answer: (seen: Seen, response: ServerResponse, index: number) => unknown,
): Promise<TestServer> {
  const seen: Seen[] = [];
  let underWay = 0;
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    underWay++;
    response.on('close', () => underWay--);
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(one);
    await answer(one, response, seen.length - 1);
  };
  return { ...(await listen(createServer(listener))), seen, underWay: () => underWay };
}

/** A bare TCP server, for answers that no HTTP server would give. */
export async function serveTcp(
  onConnection: (socket: Socket, index: number) => void,
): Promise<{ url: string }> {
  let index = 0;
  return listen(createTcpServer((socket) => onConnection(socket, index++)));
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<{ url: string }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A port where nothing listens. */
export async function deadUrl(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export type ClientOptions = Partial<Omit<HttpSettings, 'baseUrl' | 'timeouts' | 'retry'>> & {
  readonly timeouts?: Partial<HttpSettings['timeouts']>;
  readonly retry?: Partial<HttpSettings['retry']>;
};

export function settings(baseUrl: string, options: ClientOptions = {}): HttpSettings {
  return {
    webSocketUrl: undefined,
    auth: undefined,
    headers: undefined,
    backend: {},
    ...options,
    baseUrl: new URL(baseUrl),
    timeouts: {
      requestMs: 5_000,
      connectMs: 5_000,
      headStartMs: 300,
      silenceMs: 5_000,
      jobMs: 5_000,
      notReadyMs: 1_000,
      missingMs: 60_000,
      ...options.timeouts,
    },
    retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 5_000, ...options.retry },
  };
}

export function client(baseUrl: string, options: ClientOptions = {}): HttpClient {
  return createHttpClient(settings(baseUrl, options), systemRuntime());
}

/** What a promise rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** An abort signal that counts its listeners. */
export function countedSignal(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const listeners = new Set<unknown>();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: unknown[]) => {
    listeners.add(args[1]);
    Reflect.apply(add, undefined, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners.delete(args[1]);
    Reflect.apply(remove, undefined, args);
  };
  return { controller, listeners: () => listeners.size };
}

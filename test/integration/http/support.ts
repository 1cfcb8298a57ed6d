import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createHttpClient, type HttpSettings } from '../../../src/http/request.js';
import type { HttpClient } from '../../../src/http/types.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { freePort } from '../../support/free-port.js';
import { listen } from '../../support/listen.js';

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
  return { ...(await listen(listener)), seen, underWay: () => underWay };
}

/** A bare TCP server, for answers that no HTTP server would give. */
export async function serveTcp(
  onConnection: (socket: Socket, index: number) => void,
): Promise<{ readonly url: string }> {
  let index = 0;
  return listen(createTcpServer((socket) => onConnection(socket, index++)));
}

/** Where nothing listens. */
export async function deadUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
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

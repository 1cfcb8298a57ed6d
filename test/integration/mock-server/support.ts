import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { MockServer } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; the tests say what must be in it. */
  readonly body: Record<string, unknown>;
}

export async function get(
  server: MockServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return answerOf(await fetch(server.url + path, { headers }));
}

export async function post(
  server: MockServer,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return answerOf(response);
}

/** The `body` of a golden file. */
export function golden(name: string): Record<string, unknown> {
  const url = new URL(`../../fixtures/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { body: Record<string, unknown> }).body;
}

/** A plain WebSocket that writes down what comes. */
export class Listener {
  readonly socket: WebSocket;
  readonly frames: Record<string, unknown>[] = [];
  readonly raw: (string | Buffer)[] = [];
  closeCode: number | undefined;
  error: Error | undefined;

  constructor(server: MockServer, path = '/', headers: Record<string, string> = {}) {
    this.socket = new WebSocket(server.url.replace('http', 'ws') + path, { headers });
    this.socket.on('message', (data: Buffer, binary) => {
      this.raw.push(binary ? data : String(data));
      try {
        this.frames.push(JSON.parse(String(data)));
      } catch {
        // Kept in `raw`.
      }
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
  }

  async opened(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN);
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves once all is here that the server had sent: frames and pongs come in their order. */
  async quiet(): Promise<void> {
    const pong = new Promise((resolve) => this.socket.once('pong', resolve));
    this.socket.ping();
    await pong;
  }

  /** Subscribes, and comes back when the server knows. */
  async subscribe(server: MockServer, jobId: string): Promise<void> {
    this.send({ action: 'subscribe', jobId });
    await until(() => server.streams.open.some((stream) => stream.jobIds.has(jobId)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
  }
}

/** Reads an SSE response to its end, or until it is aborted, chunk by chunk. */
export async function readEvents(
  server: MockServer,
  jobIds: string,
): Promise<{ response: Response; chunks: Uint8Array[]; text(): string; done: Promise<void>; abort(): void }> {
  const abort = new AbortController();
  const response = await fetch(`${server.url}/api/jobs/events?jobIds=${jobIds}`, { signal: abort.signal });
  const chunks: Uint8Array[] = [];
  const done = (async () => {
    if (response.body) for await (const chunk of response.body) chunks.push(chunk);
  })().catch(() => {});
  return {
    response,
    chunks,
    text: () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks)),
    done,
    abort: () => abort.abort(),
  };
}

/** Some calls to and fro: what the server was about to send on another connection has had its time. */
export async function someCalls(server: MockServer): Promise<void> {
  for (let i = 0; i < 5; i++) await get(server, '/api/webhook/events');
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}

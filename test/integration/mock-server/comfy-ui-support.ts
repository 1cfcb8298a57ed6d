import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';

export async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ durationMs: 150, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** What of an answer is looked into; whatever it is, it was checked by then. */
export interface Body {
  readonly prompt_id: string;
  readonly number: number;
  readonly status: string;
  readonly error?: { readonly type: string };
  readonly execution_error?: { readonly exception_message: string };
  readonly queue_running: readonly unknown[];
  readonly queue_pending: readonly unknown[];
  readonly outputs: Record<
    string,
    { readonly images: readonly Record<'filename' | 'subfolder' | 'type', string>[] }
  >;
}
export interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export async function call(
  server: MockServer,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(server.urlOf('comfyui') + path, { ...init, headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    body: isJson ? JSON.parse(text) : text,
    headers: response.headers,
  } as Answer;
}

export interface Frame {
  readonly type: string;
  readonly data: {
    readonly prompt_id?: string;
    readonly node?: string | null;
    readonly sid?: string;
    readonly nodes?: Readonly<Record<string, { readonly state?: string }>>;
  };
}

/** A socket, and all that came by it; what is binary is `{ type: 'binary' }`. */
export async function listen(server: MockServer, clientId?: string) {
  const query = clientId === undefined ? '' : `?clientId=${clientId}`;
  const socket = new WebSocket(`${server.urlOf('comfyui').replace('http', 'ws')}/ws${query}`);
  onTestFinished(() => socket.terminate());
  const frames: Frame[] = [];
  socket.on('message', (data, isBinary) =>
    frames.push(isBinary ? { type: 'binary', data: {} } : (JSON.parse(String(data)) as Frame)),
  );
  await once(socket, 'open');
  await until(() => frames.length > 0, 'its greeting');
  return { socket, frames, types: () => frames.map(({ type }) => type) };
}

export const isEnd = ({ type, data }: Frame) => type === 'executing' && data.node === null;

export async function run(server: MockServer, client_id: string | undefined, prompt: object = workflow()) {
  const { body } = await call(server, '/prompt', { prompt, client_id });
  return String(body.prompt_id);
}

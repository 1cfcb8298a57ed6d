import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Backend } from '../../../src/backends/backend.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import type { JobUpdate } from '../../../src/core/model.js';
import { json, type Seen, serve, type TestServer } from '../http/support.js';

export type Input = Readonly<Record<string, unknown>>;
export type Plain = Backend<Input, 'video', Record<never, never>>;

/** What the plain server answers of a job: our own words. */
export type Answer = Omit<JobUpdate, 'jobId' | 'raw'> & { readonly id: string };

/** The plainest dialect that can be: each test adds what its own is about. */
export function plain<Own extends Partial<Plain>>(own: Own = {} as Own): Plain & Own {
  return {
    name: 'plain',
    variants: ['video'],
    generate: (value) => ({ method: 'POST', url: '/jobs', body: { type: 'json', value } }),
    parseGenerate: ({ body }) => updateOf(body),
    status: (jobId) => ({ method: 'GET', url: `/jobs/${jobId}` }),
    parseStatus: ({ body }) => updateOf(body),
    download: ({ id }) => ({ method: 'GET', url: `/jobs/${id}/file` }),
    ...own,
  };
}

export function updateOf(body: unknown): JobUpdate {
  const { id, ...update } = body as Answer;
  return { ...update, jobId: id, raw: body };
}

/** A client that is impatient, and ends with the test. */
export function connect<B extends Plain>(
  baseUrl: string | undefined,
  backend: B,
  options: Partial<VideoClientOptions<B>> = {},
): VideoClient<B> {
  const client = new VideoClient<B>({
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: 'silent',
    ...options,
    baseUrl: baseUrl as string,
    backend,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A server by its routes, such as `GET /jobs/a`; an object is answered as JSON, one after the other of a list. */
export async function routes(
  answers: Readonly<
    Record<string, object | readonly object[] | ((response: ServerResponse, seen: Seen) => unknown)>
  >,
): Promise<TestServer> {
  const times = new Map<string, number>();
  return serve((seen, response) => {
    const route = `${seen.method} ${seen.url}`;
    const answer = answers[route];
    const index = times.get(route) ?? 0;
    times.set(route, index + 1);
    if (typeof answer === 'function') return answer(response, seen);
    if (Array.isArray(answer)) return json(response, 200, answer[Math.min(index, answer.length - 1)]);
    return json(response, answer === undefined ? 404 : 200, answer ?? { error: `no ${route}` });
  });
}

/** A file that is taken for a video. */
export function film(response: ServerResponse, words = 'film'): void {
  const box = `ftypisom ${words}`;
  const size = String.fromCharCode(0, 0, 0, 4 + box.length);
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': 4 + box.length }).end(size + box);
}

export async function textOf(video: Promise<{ bytes(): Promise<Uint8Array> }>): Promise<string> {
  return new TextDecoder().decode(await (await video).bytes());
}

/** What was asked of the server, in order. */
export function callsOf({ seen }: TestServer): string[] {
  return seen.map(({ method, url }) => `${method} ${url}`);
}

import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import { json, type Seen, serve } from '../http/support.js';

type Answer = (response: ServerResponse, index: number, seen: Seen) => unknown;
type Videos = ReturnType<typeof openAIVideos>;

/** A server of OpenAI videos with one job, `v1`, that is queued; the test may answer otherwise. */
export async function startVideos(answers: { submit?: Answer; status?: Answer; cancel?: Answer } = {}) {
  const status = { value: 'queued' };
  const counts = { POST: 0, GET: 0, DELETE: 0 };
  const video: Answer = (response) => json(response, 200, { id: 'v1', status: status.value, progress: 0 });
  const server = await serve((seen, response) => {
    const index = counts[seen.method as keyof typeof counts]++;
    if (seen.method === 'POST') return (answers.submit ?? video)(response, index, seen);
    if (seen.method === 'GET') return (answers.status ?? video)(response, index, seen);
    return (answers.cancel ?? ((response) => json(response, 200, { deleted: true })))(response, index, seen);
  });
  const warned: string[] = [];
  return {
    ...server,
    warned,
    methods: () => server.seen.map(({ method }) => method),
    /** What the server says of the job from now on. */
    say: (word: string) => {
      status.value = word;
    },
    connect(options: Partial<VideoClientOptions<Videos>> = {}): VideoClient<Videos> {
      const client = new VideoClient({
        baseUrl: server.url,
        backend: openAIVideos({ model: 'm' }),
        transports: ['polling'],
        polling: { intervalMs: 20 },
        retry: { minDelayMs: 5, maxDelayMs: 50 },
        logger: { debug() {}, info() {}, error() {}, warn: (message) => warned.push(message) },
        ...options,
      });
      onTestFinished(() => void client.close());
      return client;
    },
  };
}

/** A promise that the test fulfils. */
export function gate<T = void>(): { readonly promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value) => open(value) };
}

import {
  type AnyBackend,
  type JobWarning,
  soraGateway,
  VideoClient,
  type VideoClientOptions,
  vidBuilder,
} from 'reelwire';
import type { MockJob, MockServer, MockServerOptions } from 'reelwire/mock-server';
import { vi } from 'vitest';
import { partNotLoaded } from '../../../src/errors.js';
import { connect, input, startServer } from '../client/support.js';
import { rejection, type Situations, shownAs, words } from './situations.js';

function asShown(server: MockServer, lines: readonly string[]): string[] {
  return shownAs('localhost:3001', new URL(server.url).host, lines);
}

/** What `diagnose` says of some of the transports. */
async function diagnosis<B extends AnyBackend>(
  server: MockServer,
  names: readonly ('websocket' | 'sse' | 'polling')[],
  options: Partial<VideoClientOptions<B>> = {},
): Promise<string[]> {
  const { transports } = await connect<B>(server, options).diagnose();
  return asShown(
    server,
    names.flatMap((name) => words(transports[name])),
  );
}

async function withFault(fault: NonNullable<MockServerOptions['faults']>[number]): Promise<MockServer> {
  return startServer({ faults: [fault] });
}

/** The first warning of this code about a job that goes on. */
async function warning(
  server: MockServer,
  code: JobWarning['code'],
  provoke: (job: MockJob, tries: number) => void,
): Promise<string> {
  const job = await connect(server, { timeouts: { silenceMs: 50, headStartMs: 10_000 } }).generate(input);
  let said: string | undefined;
  job.on('warning', (one) => {
    if (one.code === code) said ??= one.message.replaceAll(job.id, 'job-1');
  });
  // What is changed before the stream carries the job is none of its business: it is changed until something is said.
  let tries = 0;
  await vi.waitUntil(
    () => {
      const jobOfServer = server.jobs.get(job.id);
      if (said === undefined && jobOfServer !== undefined) provoke(jobOfServer, ++tries);
      return said;
    },
    { timeout: 50_000 },
  );
  return String(said);
}

/** Each line of the lists about following and downloading, and what the library says in its situation. */
export const followSituations: Situations = {
  async 'Check if server is running: `npm run dev`'() {
    const server = await startServer();
    await server.pause();
    const refused = await rejection(connect(server, { retry: { attempts: 1 } }).generate(input));
    return [...(await diagnosis(server, ['websocket', 'polling'])), ...asShown(server, words(refused))];
  },

  async 'Check if WebSocket server is listening on correct port'() {
    const wrongPath = await withFault({ route: 'websocket', type: 'status', status: 404 });
    const elsewhere = await startServer();
    const nobody = await startServer();
    await nobody.pause();
    const blocked = await withFault({ route: 'websocket', type: 'status', status: 400 });
    const swallowed = await withFault({ route: 'websocket', type: 'stall' });
    const all = await Promise.all([
      diagnosis(wrongPath, ['websocket']),
      diagnosis(elsewhere, ['websocket'], { webSocketUrl: nobody.url }),
      diagnosis(blocked, ['websocket']),
      diagnosis(swallowed, ['websocket'], { timeouts: { connectMs: 300 } }),
    ]);
    return shownAs('10000 ms', '300 ms', all.flat());
  },

  async 'Look for CORS issues in browser console'() {
    const server = await startServer();
    vi.stubGlobal('document', {});
    vi.stubGlobal('location', { origin: 'http://localhost:5173' });
    try {
      // A browser lets the request out, and keeps the answer from the page.
      const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
      return await diagnosis(server, ['polling'], { fetch });
    } finally {
      vi.unstubAllGlobals();
    }
  },

  async 'Ensure you subscribed with the correct `jobId`'() {
    const server = await startServer();
    const client = connect(server);
    return [
      ...asShown(server, words(await rejection(client.subscribe('job-2').completed()))),
      ...words(await rejection(async () => client.subscribe(''))),
    ];
  },

  async 'Check browser console for errors'() {
    const mute = await withFault({ route: 'websocket', type: 'mute' });
    const garbage = await withFault({ route: 'websocket', type: 'inject', frame: 'garbage' });
    const inventive = await startServer();
    return [
      await warning(mute, 'transport-lied', (job, tries) =>
        job.advance({ status: 'processing', progress: tries / 20 }),
      ),
      await warning(garbage, 'bad-frame', () => {}),
      await warning(inventive, 'unknown-status', (job) => job.advance({ word: 'marinating' })),
    ];
  },

  async 'Verify wallet address in request body'() {
    const server = await startServer();
    const client = connect(server);
    const forgotten: object = { script: 'Explain blockchain' };
    return words(await rejection(client.generate(forgotten as typeof input)));
  },

  async 'Video might still be processing (wait for `completed` status)'() {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true }).advance({ status: 'processing', progress: 40 });
    const client = connect(server, { timeouts: { notReadyMs: 50 } });
    return asShown(server, words(await rejection(client.download('job-1'))));
  },

  async 'Check jobId is correct'() {
    const server = await startServer();
    const client = connect(server, { timeouts: { notReadyMs: 50 } });
    return asShown(server, words(await rejection(client.download('job-2'))));
  },

  async 'Verify `renderVersion=v3` in query parameter'() {
    const server = await withFault({
      route: 'status',
      type: 'status',
      status: 400,
      body: { error: 'renderVersion=v3 required' },
    });
    const backend = soraGateway({ statusRoute: 'query', renderVersion: 'v2' });
    return asShown(server, words(await rejection(connect(server, { backend }).status('job-1'))));
  },

  async 'OpenAI Sora typically takes 2-5 minutes'() {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true });
    const error = await rejection(connect(server).subscribe('job-1').completed({ timeoutMs: 60 }));
    return shownAs('600000 ms', '60 ms', words(error));
  },

  async 'Check server logs for errors'() {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true }).fail('Out of memory');
    const failed = await rejection(connect(server).subscribe('job-1').completed());
    const broken = await withFault({ route: 'status', type: 'status', status: 503 });
    return [...words(failed), ...(await diagnosis(broken, ['polling']))];
  },

  async 'Monitor `/api/videos/status/{jobId}` for progress'() {
    const server = await withFault({
      route: 'status',
      type: 'status',
      status: 500,
      body: { error: 'database is away' },
    });
    return asShown(server, [await warning(server, 'status-failed', () => {})]);
  },

  async 'Webhook URL is required for async video generation.'() {
    const server = await startServer();
    const client = connect(server, { backend: vidBuilder() });
    const scenes = [{ type: 'hero-title', duration: 4, content: {} }];
    const forgotten: object = { scenes };
    return words(
      await rejection(client.generate(forgotten as { scenes: typeof scenes; webhookUrl: string })),
    );
  },

  async 'Invalid webhook URL format.'() {
    return words(await rejection(async () => vidBuilder({ webhookUrl: 'invalid-url' })));
  },

  async 'The answer to a submit was lost'() {
    const server = await withFault({ route: 'generate', type: 'reset', at: 'after-handling' });
    return asShown(server, words(await rejection(connect(server).generate(input))));
  },

  async 'The client was closed'() {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true });
    const client = connect(server);
    const waiting = rejection(client.subscribe('job-1').completed());
    client.close();
    return words(await waiting);
  },

  async 'A part of the package could not be loaded'() {
    const cause = new TypeError('Failed to fetch dynamically imported module');
    return words(partNotLoaded('download', 'job-1', cause));
  },

  async 'A relative baseUrl where there is no page'() {
    return words(await rejection(async () => new VideoClient({ baseUrl: '/videos' })));
  },

  async 'An option is misspelt'() {
    const job = connect(await startServer()).subscribe('job-1');
    return words(await rejection(job.completed({ timeout: 600_000 } as object)));
  },
};

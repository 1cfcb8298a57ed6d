/** What must and must not compile with a VideoClient; `npm run types` is the test. */
import { expectTypeOf } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import {
  type Backend,
  type CompletedJob,
  type FailedJob,
  type JobSnapshot,
  type OpenAIList,
  openAIVideos,
  soraGateway,
  type TransportChange,
  VideoClient,
  type VideoJob,
  vidBuilder,
} from '../../src/index.js';

const baseUrl = 'http://localhost:3001';

export async function theInputOfGenerateFollowsFromTheBackend() {
  const byDefault = new VideoClient({ baseUrl });
  await byDefault.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  // @ts-expect-error the wallet is missing
  await byDefault.generate({ script: 'Explain blockchain' });
  // @ts-expect-error no such field
  await byDefault.generate({ walletAddress: '0x123', script: 'x', prompt: 'y' });

  const withWallet = new VideoClient({ baseUrl, backend: soraGateway({ walletAddress: '0x123' }) });
  await withWallet.generate({ script: 'Explain blockchain' });

  const openAI = new VideoClient({ baseUrl, backend: openAIVideos({ model: 'm' }) });
  await openAI.generate({ prompt: 'A paper boat' });
  // @ts-expect-error the input of another backend
  await openAI.generate({ script: 'Explain blockchain' });

  const custom: Backend<{ topic: string }, 'full'> = {} as never;
  const own = new VideoClient({ baseUrl, backend: custom });
  await own.generate({ topic: 'boats' });
  // @ts-expect-error the input of another backend
  await own.generate({ prompt: 'boats' });
  for await (const result of own.generateMany([{ topic: 'a' }])) {
    if (result.job !== undefined) expectTypeOf(result.job).toEqualTypeOf<VideoJob<'full'>>();
    else expectTypeOf(result.error).toBeUnknown();
  }
}

export async function variantsFollowFromTheBackend() {
  const reels = new VideoClient({ baseUrl, backend: vidBuilder({ webhookUrl: 'https://example.com' }) });
  await reels.download('job-1', { variant: 'reels' });
  // @ts-expect-error the variant of another backend
  await reels.download('job-1', { variant: 'thumbnail' });
  await reels.subscribe('job-1').download({ variant: 'reels' });
  // @ts-expect-error the variant of another backend
  await reels.subscribe('job-1').download({ variant: 'thumbnail' });
}

export async function furtherCallsFollowFromTheBackend() {
  const openAI = new VideoClient({ baseUrl, backend: openAIVideos() });
  expectTypeOf(await openAI.backend.list()).toEqualTypeOf<OpenAIList>();
  expectTypeOf(await openAI.backend.remix({ jobId: 'video_1', prompt: 'x' })).toExtend<VideoJob>();
  // @ts-expect-error an id is needed
  await openAI.backend.delete();
  // @ts-expect-error the gateway has no list
  await new VideoClient({ baseUrl }).backend.list();
}

export async function snapshotsAreAUnionOfTheirStatus(client: VideoClient, job: VideoJob) {
  const snapshot = await client.status('job-1');
  expectTypeOf(snapshot).toEqualTypeOf<JobSnapshot>();
  if (snapshot.status === 'failed') expectTypeOf(snapshot.error).toBeString();
  else if (snapshot.status === 'completed')
    expectTypeOf(snapshot.videoUrl).toEqualTypeOf<string | undefined>();
  // @ts-expect-error a pending job has no URL
  else snapshot.videoUrl;
  // @ts-expect-error snapshots are immutable
  snapshot.progress = 1;
  expectTypeOf(await job.completed()).toEqualTypeOf<CompletedJob>();
  expectTypeOf(await client.poll('job-1')).toEqualTypeOf<CompletedJob>();
}

export function eventsAreTyped(job: VideoJob) {
  job.on('completed', (event) => expectTypeOf(event).toEqualTypeOf<CompletedJob>());
  job.on('failed', (event) => expectTypeOf(event).toEqualTypeOf<FailedJob>());
  job.on('progress', (event) => expectTypeOf(event).toEqualTypeOf<JobSnapshot>());
  job.once('transport', (event) => expectTypeOf(event).toEqualTypeOf<TransportChange>());
  // @ts-expect-error no such event
  job.on('done', () => {});
}

export function optionsAreTyped() {
  // @ts-expect-error baseUrl is missing
  new VideoClient({});
  // @ts-expect-error no such option
  new VideoClient({ baseUrl, baseURL: 'x' });
  // @ts-expect-error no such transport
  new VideoClient({ baseUrl, transports: ['websockets'] });
  // @ts-expect-error a password is missing
  new VideoClient({ baseUrl, auth: { type: 'basic', username: 'me' } });
  new VideoClient({
    baseUrl,
    auth: { type: 'bearer', token: async () => 'token' },
    headers: () => ({ 'x-team': 'a' }),
  });
  // The class of a browser, and of Node from 22 on; and the one of ws.
  new VideoClient({ baseUrl, WebSocket: globalThis.WebSocket });
  new VideoClient({ baseUrl, WebSocket: NodeWebSocket });
}

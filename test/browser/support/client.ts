import { type JobSnapshot, type TransportChange, VideoClient, type VideoJob } from 'reelwire';
import { expect, onTestFinished } from 'vitest';
import type { MockFault } from '../../../src/mock-server/index.js';
import type { RemoteMock } from './remote-mock.js';

export const input = { walletAddress: '0x123', script: 'Explain blockchain' };

type Options = Partial<ConstructorParameters<typeof VideoClient>[0]>;

/** Ten times as fast as in earnest; the order of the times is kept. Ends with the test. */
export function connect(server: RemoteMock, options: Options = {}): VideoClient {
  const client = new VideoClient({
    ...server.speaking,
    polling: { intervalMs: 200 },
    timeouts: { connectMs: 1_500, headStartMs: 100, silenceMs: 1_000, jobMs: 14_000 },
    retry: { minDelayMs: 50, maxDelayMs: 500 },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/**
 * Comments on the event stream, as many servers send them. Firefox tells no script of an answer before the first byte
 * of its body: a stream that is silent at first is open for it only then.
 */
export const heartbeat: MockFault = { route: 'sse', type: 'format', commentEveryMs: 50 };

/** What a job told. */
export interface Story {
  readonly snapshots: JobSnapshot[];
  readonly ends: JobSnapshot[];
  readonly changes: TransportChange[];
}

/** Listens to everything, which starts to follow. */
export function listen(job: VideoJob): Story {
  const story: Story = { snapshots: [], ends: [], changes: [] };
  job.on('update', (snapshot) => story.snapshots.push(snapshot));
  job.on('completed', (snapshot) => story.ends.push(snapshot));
  job.on('failed', (snapshot) => story.ends.push(snapshot));
  job.on('transport', (change) => story.changes.push(change));
  return story;
}

/** Waits until this transport brings the updates. */
export async function served(story: Story, transport: 'websocket' | 'sse' | 'polling'): Promise<void> {
  await expect.poll(() => story.changes.at(-1)?.transport, { timeout: 8_000 }).toBe(transport);
}

/** Waits until nothing of the client's is open at the server. */
export async function allClosed(server: RemoteMock): Promise<void> {
  await expect
    .poll(() => server.do('connections'), { timeout: 5_000 })
    .toMatchObject({ webSockets: 0, eventStreams: 0 });
}

/** How often the server was asked for the status of any job. */
export async function statusCalls(server: RemoteMock): Promise<number> {
  const requests = await server.do('requests');
  return requests.filter(({ route, method }) => route === 'status' && method === 'GET').length;
}

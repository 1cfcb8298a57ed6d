import { setTimeout as sleep } from 'node:timers/promises';
import { relayBackend } from '../../../src/backends/relay.js';
import { VideoClient } from '../../../src/client/client.js';
import { TRANSPORTS, type TransportName } from '../../../src/core/model.js';
import { type ApiError, isVideoError } from '../../../src/errors.js';
import type { VideoJob } from '../../../src/job/job.js';
import { VIDEO } from './upstream.js';

/** Pages of one user. */
const PER_USER = 5;

export type PageClient = VideoClient<ReturnType<typeof relayBackend>>;

/** The client of one page of many, which take their transports in turn. */
export function openPage(index: number, url: string): PageClient {
  return new VideoClient({
    baseUrl: `${url}/videos`,
    backend: relayBackend(),
    headers: { 'x-user': userOf(index) },
    // All pages are in one process here, and would share their connections.
    ...(index % 2 === 0 && { fetch: fetchAlone }),
    transports: [transportOf(index)],
    polling: { intervalMs: PAGE_INTERVAL_MS },
    retry: { attempts: 4, minDelayMs: 50, maxDelayMs: 1_000 },
    timeouts: { requestMs: 30_000, silenceMs: 5_000, headStartMs: 100 },
    logger: 'silent',
  });
}

export const PAGE_INTERVAL_MS = 1_000;

export function transportOf(index: number): TransportName {
  return TRANSPORTS[index % TRANSPORTS.length] ?? 'polling';
}

/** What a page sends as its user's cookie would be. */
export function userOf(index: number): string {
  return `user-${Math.floor(index / PER_USER)}`;
}

/** What a page was told of one job, in order. */
export interface Story {
  readonly script: string;
  /** The page's id of it. */
  jobId?: string;
  /** The ends that it was told. */
  readonly ends: ('completed' | 'failed')[];
  /** It was told that nobody knows whether the job was made. */
  isUnknown: boolean;
  /** What of the file is as it should be. */
  file: 'none' | 'whole' | 'wrong';
  /** What it could not go on after. */
  error?: unknown;
}

/** One page, with its own client. */
export class Page {
  readonly transport: TransportName;
  readonly stories: readonly Story[];
  readonly #client: PageClient;

  constructor(index: number, url: string, jobs = 2) {
    this.transport = transportOf(index);
    this.stories = Array.from({ length: jobs }, (_, job) => newStory(`script-${index * jobs + job}`));
    this.#client = openPage(index, url);
  }

  /** @param isLost - Whether the server behind has made no job of a script, and never will. */
  async live(isLost: (script: string) => boolean, until: AbortSignal): Promise<void> {
    await Promise.all(
      this.stories.map((story) =>
        this.#tell(story, isLost, until).catch((error: unknown) => {
          story.error = error;
        }),
      ),
    );
  }

  async #tell(story: Story, isLost: (script: string) => boolean, until: AbortSignal): Promise<void> {
    const job = await this.#submit(story, isLost, until);
    if (job === undefined) return;
    story.jobId = job.id;
    await this.#follow(job, story, until);
    if (story.ends[0] !== 'completed') return;
    for (;;) {
      until.throwIfAborted();
      try {
        const bytes = await (await this.#client.download(job.id, { signal: until })).bytes();
        story.file = Buffer.compare(bytes, VIDEO) === 0 ? 'whole' : 'wrong';
        return;
      } catch (error) {
        // Both processes may be gone for as long as a download tries.
        if (!isPassing(error)) throw error;
        await sleep(100);
      }
    }
  }

  /** Again and again under the same key, as a user does. */
  async #submit(
    story: Story,
    isLost: (script: string) => boolean,
    until: AbortSignal,
  ): Promise<VideoJob | undefined> {
    const { script } = story;
    for (;;) {
      until.throwIfAborted();
      try {
        return await this.#client.generate({ script }, { idempotencyKey: script, signal: until });
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (isUnknown(error)) {
          story.isUnknown = true;
          if (isLost(script)) return undefined;
        }
        await sleep(100);
      }
    }
  }

  #follow(job: VideoJob, story: Story, until: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const told = (end: 'completed' | 'failed') => () => {
        story.ends.push(end);
        resolve();
      };
      job.on('completed', told('completed'));
      job.on('failed', told('failed'));
      job.on('stopped', reject);
      until.addEventListener('abort', () => reject(until.reason));
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function newStory(script: string): Story {
  return { script, ends: [], isUnknown: false, file: 'none' };
}

/** Each call by a connection of its own. */
const fetchAlone: typeof fetch = (resource, init) => {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return fetch(resource, { ...init, headers });
};

/** What a page is told of a process that died, restarts or cannot reach its store: it may come again. */
export function isPassing(error: unknown): boolean {
  if (!isVideoError(error)) return false;
  const { code, status = 0 } = error;
  return status >= 500 || status === 429 || status === 409 || PASSING.includes(code);
}

const PASSING: readonly string[] = [
  ...['network', 'request-timeout', 'submit-outcome-unknown', 'download-incomplete', 'download-not-ready'],
];

/** In the relay's own words. */
function isUnknown(error: unknown): boolean {
  const { cause } = error as { readonly cause?: Partial<ApiError> };
  return cause?.serverMessage === 'Nobody knows whether the job was made';
}

import type { JobStatus } from '../core/model.js';
import type { MockDialect } from './dialect-names.js';

/** How a job runs and how it is told. Given to the server it holds for all jobs, by `onSubmit` for one. */
export interface MockJobBehaviour {
  /** From submit to end, in milliseconds, in ten steps of progress. @default 2000 */
  durationMs?: number | undefined;
  /** The job stays as it is until `advance`, `complete` or `fail` is called. @default false */
  manual?: boolean | undefined;
  /** The job fails half way, for this reason. */
  failWith?: string | { message: string; code?: string | undefined } | undefined;
  /**
   * `documented`: what the documents of the dialect say, and nothing else. `field`: what running servers send,
   * with their additional fields, typed frames, greetings and headers. @default 'documented'
   */
  style?: 'documented' | 'field' | undefined;
  /** Words used for a status in place of the dialect's own, such as `{ processing: 'generating' }`. */
  words?: Partial<Record<JobStatus, string>> | undefined;
  /** What the status call says while processing, whatever the job's progress is. Running servers say 50. */
  coarseProgress?: number | undefined;
  /**
   * soraGateway: the status call says `pending` and 50 for ever, and `videoAvailable` once the video is there. Running
   * servers do so where their webhooks go to the customer. @default false
   */
  staysPending?: boolean | undefined;
  /** The progress told with a failure. Some emitters say 0. @default where it stopped */
  failureProgress?: number | undefined;
  /** For so many milliseconds after the end the download answers `notReadyStatus`. @default 0 */
  notReadyMs?: number | undefined;
  /** @default 404 */
  notReadyStatus?: number | undefined;
  /** Serve a pattern of so many bytes in place of the real video; see `patternBytes`. */
  videoBytes?: number | undefined;
  /**
   * vidBuilder: results are on the second origin by signed URL, `only` there or `also`; `disabled` tells that they
   * are not. openAIVideos with the flavour `sglang`: `only`. @default nothing is said of it
   */
  s3?: 'only' | 'also' | 'disabled' | undefined;
  /**
   * Validity of a signed URL and, for openAIVideos and openRouter, of the content, in milliseconds; for replicate, how
   * long a prediction keeps its data; for fal, a result. @default 7 days; an hour for replicate and fal, a day for runway and
   * xai
   */
  urlLifetimeMs?: number | undefined;
  /** How many videos a job has, where the dialect tells of several: the first, and upright ones. @default 1 */
  outputs?: number | undefined;
  /** vidBuilder: make an upright version too. @default `generateReels` of the request */
  reels?: boolean | undefined;
}

export interface MockJobInit extends MockJobBehaviour {
  /** Any string. @default one in the manner of the dialect */
  id?: string | undefined;
  dialect?: MockDialect | undefined;
  /** The parsed body of the submit. */
  input?: Readonly<Record<string, unknown>> | undefined;
}

/** What changes of a job. Everything goes: a mock may fall back, repeat itself and speak after the end. */
export interface MockJobChange {
  status?: JobStatus | undefined;
  /** Told in place of the status word, for this change and until the next; any word. */
  word?: string | undefined;
  progress?: number | undefined;
  message?: string | undefined;
  error?: string | undefined;
  errorCode?: string | undefined;
}

/** A job at the moment of a change, as it is told to streams and webhooks. */
export interface MockJobUpdate {
  readonly job: MockJob;
  readonly status: JobStatus;
  readonly word: string | undefined;
  readonly progress: number;
  readonly message: string | undefined;
  readonly error: string | undefined;
  readonly errorCode: string | undefined;
  readonly at: Date;
}

const STEPS = 10;
const WEEK_MS = 7 * 24 * 3_600_000;

/** One job of the mock server: runs by itself, or by hand. */
export class MockJob {
  readonly id: string;
  readonly dialect: MockDialect;
  /** The id that the gateway's upstream knows the job by; the job is found by it as well. */
  readonly upstreamId: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly behaviour: Readonly<MockJobBehaviour>;
  readonly createdAt = new Date();
  updatedAt = this.createdAt;
  completedAt: Date | undefined;
  status: JobStatus = 'queued';
  word: string | undefined;
  progress = 0;
  message: string | undefined;
  error: string | undefined;
  errorCode: string | undefined;

  readonly #tell: (update: MockJobUpdate) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    init: MockJobInit & { id: string; dialect: MockDialect },
    tell: (update: MockJobUpdate) => void,
  ) {
    const { id, dialect, input = {}, ...behaviour } = init;
    this.id = id;
    this.dialect = dialect;
    this.input = input;
    this.behaviour = behaviour;
    const hasUpstream = dialect === 'soraGateway' || dialect === 'vidBuilder';
    // fal's own name for a request is the last part of what it is found at.
    this.upstreamId = hasUpstream ? `video_${randomHex(12)}` : id.replace(/^.*\/requests\//, '');
    this.#tell = tell;
  }

  /** @internal Its turn has come. */
  start(): void {
    if (!this.behaviour.manual && this.status === 'queued') this.#run(0);
  }

  get ended(): boolean {
    return isEnd(this.status);
  }

  /** True once the file can be fetched: `notReadyMs` after the end. */
  get ready(): boolean {
    return this.status === 'completed' && this.msSinceEnd >= (this.behaviour.notReadyMs ?? 0);
  }

  get msSinceEnd(): number {
    return this.completedAt === undefined ? -1 : Date.now() - this.completedAt.getTime();
  }

  get urlLifetimeMs(): number {
    return this.behaviour.urlLifetimeMs ?? WEEK_MS;
  }

  /** Sets what is given and tells everybody. The job stops running by itself. */
  advance(change: MockJobChange = {}): this {
    this.stop();
    return this.#change(change);
  }

  /** The video is there, and everybody is told. */
  complete(message?: string): this {
    return this.advance({
      status: 'completed',
      progress: 100,
      ...(message === undefined ? {} : { message }),
    });
  }

  /** The job ends without a video, and everybody is told. */
  fail(reason = 'Video generation failed', code?: string): this {
    return this.advance({
      status: 'failed',
      error: reason,
      progress: this.behaviour.failureProgress ?? this.progress,
      ...(code === undefined ? {} : { errorCode: code }),
    });
  }

  /** What there is to tell of it now. */
  current(): MockJobUpdate {
    const { status, word, progress, message, error, errorCode, updatedAt: at } = this;
    return { job: this, status, word, progress, message, error, errorCode, at };
  }

  /** Stops running by itself. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves at the job's end, rejects with the signal's reason. */
  async untilEnd(signal: AbortSignal, watch: (listener: (update: MockJobUpdate) => void) => () => void) {
    if (this.ended) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => {
        unwatch();
        signal.removeEventListener('abort', abort);
        settle();
      };
      const abort = () => finish(() => reject(signal.reason));
      const unwatch = watch((update) => {
        if (update.job === this && this.ended) finish(resolve);
      });
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
  }

  #change(change: MockJobChange): this {
    this.word = change.word;
    if (change.status !== undefined) this.status = change.status;
    if (change.progress !== undefined) this.progress = change.progress;
    if (change.message !== undefined) this.message = change.message;
    if (change.error !== undefined) this.error = change.error;
    if (change.errorCode !== undefined) this.errorCode = change.errorCode;
    this.updatedAt = new Date();
    if (this.ended) this.completedAt ??= this.updatedAt;
    this.#tell(this.current());
    return this;
  }

  #run(step: number): void {
    const { durationMs = 2_000, failWith } = this.behaviour;
    this.#timer = setTimeout(() => {
      const next = step + 1;
      if (failWith !== undefined && next === STEPS / 2) {
        const reason = typeof failWith === 'string' ? { message: failWith } : failWith;
        this.fail(reason.message, reason.code);
      } else if (next === STEPS) {
        this.complete();
      } else {
        this.#change({
          status: 'processing',
          progress: (100 / STEPS) * next,
          message: `Rendering frames: ${next * 12}/120`,
        });
        this.#run(next);
      }
    }, durationMs / STEPS);
  }
}

/** Own, so that a mistake in the client's model does not cancel itself out. */
export function isEnd(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed';
}

export function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

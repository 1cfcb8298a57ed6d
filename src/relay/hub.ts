import {
  type AnyBackend,
  isVideoError,
  type JobRecord,
  type JobSnapshot,
  type VideoClient,
} from '../index.js';
import { viewOf } from './frames.js';
import { FRESH_MS, type Records } from './records.js';
import { tellAll } from './tell-all.js';
import { viewOfRecord, WatchedJob, type Watcher } from './watched-job.js';

/** Jobs nobody watches whose last state is remembered; the oldest are forgotten. */
const MAX_IDLE = 10_000;
/** How long an ended job is asked for once more, for the list of its files, in milliseconds. */
const LAST_ASK_MS = 2_000;
/** How often it is looked whether a submit has got its id, while somebody watches, in milliseconds. */
const LOOK_MS = 2_000;
/** After following stopped without an end, in milliseconds. */
const AGAIN_MS = 30_000;
/** After a status call that failed, until there is another, in milliseconds: all who ask meanwhile are told that. */
const FAILED_MS = 1_000;
/**
 * How long a refusal to tell of a job that was made is no word about the job, in milliseconds: balancers and redeploys
 * answer so for a while, and a page would take it for the end.
 */
const MISSING_MS = 60_000;
/** As long as a timer can be: following goes on while somebody watches. */
const NEVER_MS = 2 ** 31 - 1;

/** What is known of jobs, and who is told: one `subscribe` and one status call a job, however many ask. */
export class JobHub {
  readonly #client: VideoClient<AnyBackend>;
  readonly #records: Records;
  readonly #jobs = new Map<string, WatchedJob>();
  /** Those nobody watches; the longest so first. */
  readonly #idle = new Set<WatchedJob>();
  #isClosed = false;

  constructor(client: VideoClient<AnyBackend>, records: Records) {
    this.#client = client;
    this.#records = records;
  }

  /** How many are followed. */
  get followed(): number {
    return this.#jobs.size - this.#idle.size;
  }

  isFollowed(key: string): boolean {
    return this.#jobs.get(key)?.stop !== undefined;
  }

  /** What is known of it without asking anybody; undefined where that is nothing. */
  known(key: string): WatchedJob | undefined {
    return this.#jobs.get(key);
  }

  /** What a page that asks for the status is told: of what was heard some seconds ago, or one call. Throws what that does. */
  async status(record: JobRecord): Promise<string> {
    const job = this.#of(record);
    const isFresh = performance.now() - job.heardAt < FRESH_MS;
    if (job.isOver || (isFresh && !hasEnded(record))) return job.frame;
    const { failure } = job;
    if (failure !== undefined && performance.now() - failure.at < FAILED_MS) throw failure.error;
    await this.#ask(job, record);
    return job.frame;
  }

  /** Tells the watcher what is known, as soon as something is, and then each change until the end. */
  watch(record: JobRecord, watcher: Watcher): void {
    const job = this.#of(record);
    if (job.isOver) return void watcher.tell(job);
    job.watchers.add(watcher);
    this.#idle.delete(job);
    clearTimeout(job.lingering);
    if (job.isKnown) watcher.tell(job);
    // What is too much for a slow page ends it.
    if (job.watchers.has(watcher) && job.stop === undefined) this.#follow(job, record);
  }

  /** Safe to call twice. */
  unwatch(key: string, watcher: Watcher): void {
    const job = this.#jobs.get(key);
    if (job?.watchers.delete(watcher) && job.watchers.size === 0) this.#rest(job);
  }

  /** A submit has been answered: what a page is told of its job. */
  made(key: string, snapshot: JobSnapshot): string {
    const view = viewOf(key, snapshot);
    const job = this.#jobs.get(key);
    if (job === undefined) return JSON.stringify(view);
    job.jobId = snapshot.id;
    if (job.learn(view)) this.#tell(job);
    return job.frame;
  }

  /** The key is that of a new submit. */
  startOver(key: string): void {
    this.#jobs.get(key)?.startOver();
  }

  forget(key: string): void {
    const job = this.#jobs.get(key);
    if (job === undefined) return;
    this.#stop(job);
    this.#jobs.delete(key);
    this.#idle.delete(job);
    for (const watcher of [...job.watchers]) watcher.forgotten(key);
    job.watchers.clear();
  }

  close(): void {
    this.#isClosed = true;
    for (const key of [...this.#jobs.keys()]) this.forget(key);
  }

  #of(record: JobRecord): WatchedJob {
    let job = this.#jobs.get(record.key);
    if (job === undefined) {
      job = new WatchedJob(record.key);
      this.#jobs.set(record.key, job);
      this.#rest(job);
    }
    job.jobId ??= record.jobId;
    return job;
  }

  /** It is followed on for a while: a page that comes and goes is to cost the server nothing each time. */
  #rest(job: WatchedJob): void {
    this.#idle.add(job);
    if (job.isOver) this.#stop(job);
    else if (job.stop !== undefined) {
      clearTimeout(job.lingering);
      job.lingering = setTimeout(() => this.#stop(job), FRESH_MS);
    }
    if (this.#idle.size <= MAX_IDLE) return;
    for (const oldest of this.#idle) {
      this.#stop(oldest);
      this.#idle.delete(oldest);
      this.#jobs.delete(oldest.key);
      return;
    }
  }

  #stop(job: WatchedJob): void {
    clearTimeout(job.lingering);
    job.stop?.();
    job.stop = undefined;
  }

  #ask(job: WatchedJob, record: JobRecord): Promise<void> {
    job.asking ??= this.#askOnce(job, record)
      .catch((error: unknown) => {
        throw job.failed(error, MISSING_MS);
      })
      .finally(() => {
        job.asking = undefined;
      });
    return job.asking;
  }

  async #askOnce(job: WatchedJob, record: JobRecord): Promise<void> {
    const isLast = hasEnded(record);
    if (record.jobId === undefined) return this.#learn(job, record);
    try {
      const signal = isLast ? AbortSignal.timeout(LAST_ASK_MS) : undefined;
      const snapshot = await this.#client.status(record.jobId, { signal });
      if (job.learn(viewOf(job.key, snapshot))) this.#tell(job);
    } catch (error) {
      // That it has ended is known, whatever the server has to say of it now.
      if (!isLast) throw error;
    }
    if (isLast) this.#learn(job, record);
  }

  #learn(job: WatchedJob, record: JobRecord): void {
    if (job.learn(viewOfRecord(record))) this.#tell(job);
  }

  #follow(job: WatchedJob, record: JobRecord): void {
    if (record.jobId === undefined) this.#awaitId(job, record);
    else if (record.state === 'submitted') this.#subscribe(job, record.jobId);
    else void this.#ask(job, record).catch(() => {});
  }

  #subscribe(job: WatchedJob, jobId: string): void {
    const followed = this.#client.subscribe(jobId, { timeoutMs: NEVER_MS });
    let timer: ReturnType<typeof setTimeout> | undefined;
    job.stop = () => {
      clearTimeout(timer);
      followed.close();
    };
    followed.on('update', (snapshot) => {
      if (job.learn(viewOf(job.key, snapshot))) this.#tell(job);
    });
    // Nobody is told: a page asks by itself where it hears nothing.
    followed.on('stopped', (error) => {
      const isClosed = this.#isClosed || (isVideoError(error) && error.code === 'closed');
      if (isClosed) return;
      if (job.watchers.size === 0) this.#stop(job);
      else timer = setTimeout(() => this.#subscribe(job, jobId), AGAIN_MS);
    });
  }

  /** Its submit is under way, here or in another process, or nobody knows of it. */
  #awaitId(job: WatchedJob, record: JobRecord): void {
    this.#learn(job, record);
    let isOver = false;
    const look = async () => {
      const now = await this.#records.read(job.key).catch(() => record);
      if (isOver) return;
      if (now === undefined || now.jobId !== undefined || now.state === 'refused') {
        job.stop = undefined;
        job.jobId = now?.jobId;
        if (now !== undefined) this.#follow(job, now);
      } else timer = setTimeout(look, LOOK_MS);
    };
    let timer = setTimeout(look, LOOK_MS);
    job.stop = () => {
      isOver = true;
      clearTimeout(timer);
    };
  }

  /** What watches an ended job is told that, and no more. */
  #tell(job: WatchedJob): void {
    void tellAll(job, () => {
      if (!job.isOver) return;
      job.watchers.clear();
      this.#rest(job);
    });
  }
}

function hasEnded({ state }: JobRecord): boolean {
  return state === 'completed' || state === 'failed';
}

import type { JobRecord } from '../index.js';
import { Refused } from './answer.js';
import { isPassedOn } from './failures.js';
import { Few } from './few.js';
import { hasEnded, isNews, type JobView } from './frames.js';
import { cleanWords } from './words.js';

/** Whoever is told what becomes of a job. */
export interface Watcher {
  /** There is something new: `job.frame`. */
  tell(job: WatchedJob): void;
  /** The user has taken the job off the list: there is no more to tell. */
  forgotten(key: string): void;
}

interface Failure {
  readonly error: unknown;
  readonly at: number;
  readonly refusedSince: number | undefined;
}

/** What this process knows of one job. */
export class WatchedJob {
  /** The page's id. */
  readonly key: string;
  /** The server's; undefined until it is known. */
  jobId: string | undefined;
  readonly watchers = new Few<Watcher>();
  status: JobView['status'] = 'queued';
  progress = 0;
  /** What pages are told, as JSON, made once for all of them; empty until something is known. */
  frame = '';
  /** When the server, or another process, last said something; by the monotonic clock. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Ends following, while somebody watches, and for a while after. */
  stop: (() => void) | undefined;
  /** Until it is no longer followed for nobody. */
  lingering: ReturnType<typeof setTimeout> | undefined;
  /** The status call that is under way. */
  asking: Promise<void> | undefined;
  /** What the last one failed with, when by the monotonic clock, and since when the server refuses to tell. */
  failure: Failure | undefined;
  /** Watchers are being told, some at a time. */
  isTelling = false;
  mustTell = false;

  constructor(key: string) {
    this.key = key;
  }

  get isKnown(): boolean {
    return this.frame !== '';
  }

  get isOver(): boolean {
    return hasEnded(this);
  }

  /** True where pages are told otherwise from now on. */
  learn(view: JobView): boolean {
    this.heardAt = performance.now();
    this.failure = undefined;
    if (!isNews(view, this.isKnown ? this : undefined)) return false;
    const frame = JSON.stringify(view);
    if (frame === this.frame) return false;
    this.status = view.status;
    this.progress = view.progress;
    this.frame = frame;
    return true;
  }

  /**
   * A status call has failed. What pages are told of it: that the server refuses to tell only once it has done so for
   * `patienceMs`, and was asked all that time. An outage, or one refusal long ago, says nothing of that.
   */
  failed(error: unknown, patienceMs: number): unknown {
    const at = performance.now();
    const last = this.failure;
    let refusedSince = last !== undefined && at - last.at < patienceMs ? last.refusedSince : undefined;
    let told = error;
    if (isPassedOn(error)) {
      refusedSince ??= at;
      if (at - refusedSince < patienceMs)
        told = new Refused(502, 'The video server does not tell of the job now');
    }
    this.failure = { error: told, at, refusedSince };
    return told;
  }

  /** The key was refused, and is used again: it is another job. */
  startOver(): void {
    this.status = 'queued';
    this.progress = 0;
    this.frame = '';
    this.heardAt = Number.NEGATIVE_INFINITY;
    this.failure = undefined;
  }
}

/** What a record alone says of its job. */
export function viewOfRecord({ key, jobId, state, error = '' }: JobRecord): JobView {
  switch (state) {
    case 'submitting':
    case 'submitted':
      return { jobId: key, status: 'queued', progress: 0 };
    case 'completed':
      return {
        ...{ jobId: key, status: 'completed', progress: 100 },
        videoUrl: `/api/download?jobId=${encodeURIComponent(key)}`,
      };
    default:
      return { jobId: key, status: 'failed', progress: 0, error: cleanWords(error, key, jobId) };
  }
}

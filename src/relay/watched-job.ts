import type { JobRecord } from '../index.js';
import { Few } from './few.js';
import { hasEnded, isNews, type JobView } from './frames.js';
import { cleanWords } from './words.js';

/** Whoever is told what becomes of a job. */
export interface Watcher {
  /** There is something new: `job.frame`. */
  tell(job: WatchedJob): void;
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
  /** What the last one failed with, when by the monotonic clock, and since when none was answered. */
  failure: { readonly error: unknown; readonly at: number; readonly refusedSince: number } | undefined;
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

  /** The key was refused, and is used again: it is another job. */
  startOver(): void {
    this.status = 'queued';
    this.progress = 0;
    this.frame = '';
    this.heardAt = Number.NEGATIVE_INFINITY;
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

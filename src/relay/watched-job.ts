import type { JobRecord } from '../index.js';
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
  readonly watchers = new Set<Watcher>();
  view: JobView | undefined;
  /** The view as JSON, made once for all watchers. */
  frame = '';
  /** When the server, or another process, last said something; by the monotonic clock. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Ends following, while somebody watches, and for a while after. */
  stop: (() => void) | undefined;
  /** Until it is no longer followed for nobody. */
  lingering: ReturnType<typeof setTimeout> | undefined;
  /** The status call that is under way. */
  asking: Promise<void> | undefined;
  /** What the last one that failed did so with, and when by the monotonic clock. */
  failure: { readonly error: unknown; readonly at: number } | undefined;
  /** Watchers are being told, some at a time. */
  isTelling = false;
  mustTellAgain = false;

  constructor(key: string) {
    this.key = key;
  }

  get isOver(): boolean {
    return this.view !== undefined && hasEnded(this.view);
  }

  /** True where the view has changed. */
  learn(view: JobView): boolean {
    this.heardAt = performance.now();
    if (!isNews(view, this.view)) return false;
    const frame = JSON.stringify(view);
    if (frame === this.frame) return false;
    this.view = view;
    this.frame = frame;
    return true;
  }

  /** The key was refused, and is used again: it is another job. */
  startOver(): void {
    this.view = undefined;
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

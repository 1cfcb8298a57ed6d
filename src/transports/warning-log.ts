import type { JobWarning } from '../core/model.js';
import type { Logger } from '../core/settings.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';

const INTERVAL_MS = 60_000;
/** Of one kind, each in a line of its own; the rest of the interval is counted. */
const MAX_LINES = 10;

interface Told {
  lines: number;
  /** Not told yet. */
  more: number;
  jobIds: string[];
}

/** Tells the logger of warnings: in an outage each of ten thousand jobs has the same one. Never throws. */
export class WarningLog {
  readonly #runtime: Pick<Runtime, 'elapsedMs' | 'setTimeout' | 'clearTimeout'>;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #kinds = new Map<JobWarning['code'], Told>();
  #startedAt = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle;
  #isWaiting = false;

  constructor({ runtime, logger }: { readonly runtime: Runtime; readonly logger: Logger }) {
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /** Each line names its job. */
  tell({ code, jobId, message }: JobWarning): void {
    const now = this.#runtime.elapsedMs();
    if (now - this.#startedAt >= INTERVAL_MS) {
      this.flush();
      this.#kinds.clear();
      this.#startedAt = now;
    }
    const kind = this.#kinds.get(code) ?? { lines: 0, more: 0, jobIds: [] };
    this.#kinds.set(code, kind);
    if (kind.lines < MAX_LINES) {
      kind.lines += 1;
      this.#warn(message.includes(jobId) ? message : `job ${JSON.stringify(jobId)}: ${message}`);
      return;
    }
    kind.more += 1;
    if (kind.jobIds.length < 3) kind.jobIds.push(JSON.stringify(jobId));
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#timer = this.#runtime.setTimeout(() => this.flush(), this.#startedAt + INTERVAL_MS - now);
  }

  /** Tells what was counted, and leaves no timer. */
  flush(): void {
    this.#runtime.clearTimeout(this.#timer);
    this.#isWaiting = false;
    for (const [code, kind] of this.#kinds) {
      if (kind.more === 0) continue;
      const others = kind.more > kind.jobIds.length ? ' and others' : '';
      this.#warn(`${kind.more} more warnings of the kind ${code}: jobs ${kind.jobIds.join(', ')}${others}`);
      kind.more = 0;
      kind.jobIds = [];
    }
  }

  #warn(line: string): void {
    try {
      this.#logger.warn(line);
    } catch {
      // A logger that throws is nobody's concern but its own.
    }
  }
}

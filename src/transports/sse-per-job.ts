import { backoffDelayMs } from '../core/backoff.js';
import type { StreamFailure } from '../core/follow-model.js';
import type { StreamMessage } from '../core/model.js';
import type { TimerHandle } from '../runtime/runtime.js';
import type { OpenSse, SseDeps, SseStream } from './sse-stream.js';
import { MAX_STREAMS, type StreamConnection, type StreamEvents } from './transport.js';

/** Of a job that no stream carries now, but has before, or will again. */
interface Pause {
  readonly failures: number;
  readonly timer: TimerHandle;
}

/**
 * One event stream a job, for servers that have no other. The end of one concerns its job alone; where the first of all
 * could not be opened, or none that was to be opened anew while no other is there, there is no such stream here.
 */
export class JobStreams implements StreamConnection {
  readonly #deps: SseDeps;
  readonly #openSse: OpenSse;
  readonly #events: StreamEvents;
  /** Jobs that wait for one of the few streams, in turn. */
  readonly #waiting: Set<string>;
  readonly #streams = new Map<string, SseStream>();
  readonly #pauses = new Map<string, Pause>();
  #hasOpened = false;
  #isFilling = false;
  #closed = false;

  constructor(deps: SseDeps, open: OpenSse, jobIds: readonly string[], events: StreamEvents) {
    this.#deps = deps;
    this.#openSse = open;
    this.#events = events;
    this.#waiting = new Set(jobIds);
    this.#fill();
  }

  subscribe(jobId: string): void {
    this.#waiting.add(jobId);
    this.#fill();
  }

  unsubscribe(jobId: string): void {
    this.#waiting.delete(jobId);
    this.#deps.runtime.clearTimeout(this.#pauses.get(jobId)?.timer);
    this.#pauses.delete(jobId);
    this.#streams.get(jobId)?.close();
    this.#streams.delete(jobId);
    this.#fill();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#pauses.values()) this.#deps.runtime.clearTimeout(timer);
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  #fill(): void {
    // A stream that fails at once comes back here, and one of thousands of jobs would be within that of another.
    if (this.#isFilling) return;
    this.#isFilling = true;
    for (const jobId of this.#waiting) {
      if (this.#closed || this.#streams.size >= MAX_STREAMS) break;
      this.#waiting.delete(jobId);
      this.#open(jobId);
    }
    this.#isFilling = false;
  }

  #open(jobId: string): void {
    let openedAt: number | undefined;
    let isOver = false;
    const stream = this.#openSse([jobId], {
      opened: () => {
        openedAt = this.#deps.runtime.elapsedMs();
        this.#hasOpened = true;
        this.#events.opened([jobId]);
        this.#fill();
      },
      said: (message) => this.#events.said(ofJob(jobId, message)),
      failed: (failure) => {
        isOver = true;
        this.#streams.delete(jobId);
        if (!this.#closed) this.#failed(jobId, failure, openedAt);
      },
    });
    // A codec that throws has failed already.
    if (!isOver) this.#streams.set(jobId, stream);
  }

  #failed(jobId: string, failure: StreamFailure, openedAt: number | undefined): void {
    const isAbsent = failure.kind === 'absent';
    // Nothing gets through: jobs that wait are not sent after this one, or a server in trouble is asked by all of them.
    const isShut = openedAt === undefined && ![...this.#streams.values()].some(({ isOpen }) => isOpen);
    if (isAbsent ? !this.#hasOpened : isShut && this.#streams.size === 0) {
      this.close();
      this.#events.failed(failure);
      return;
    }
    // One that is not there for this job will not be: it is polled.
    if (!isAbsent) this.#pause(jobId, failure.retryAfterMs, openedAt);
    if (openedAt !== undefined) this.#events.dropped(jobId);
    if (isAbsent || !isShut) this.#fill();
  }

  #pause(jobId: string, retryAfterMs = 0, openedAt = Number.POSITIVE_INFINITY): void {
    const { retry, runtime } = this.#deps;
    const wasStable = runtime.elapsedMs() - openedAt >= retry.maxDelayMs;
    const failures = 1 + (wasStable ? 0 : (this.#pauses.get(jobId)?.failures ?? 0));
    const delayMs = Math.max(retryAfterMs, backoffDelayMs(failures, retry, runtime.random()));
    const timer = runtime.setTimeout(() => this.subscribe(jobId), delayMs);
    this.#pauses.set(jobId, { failures, timer });
  }
}

/** What a job's own stream says is said of that job: an end that is another's is nobody's. */
function ofJob(jobId: string, message: StreamMessage): StreamMessage {
  if (message.type === 'control') return message;
  if (message.type !== 'update') return { ...message, jobId: message.jobId ?? jobId };
  if (message.update.jobId === jobId) return message;
  return {
    type: 'problem',
    jobId,
    message: 'The event stream of a job told of another job; that was dropped.',
  };
}

import { EventEmitter } from 'eventemitter3';
import {
  type CompletedJob,
  type FailedJob,
  isEnd,
  type JobSnapshot,
  type JobWarning,
  type TransportChange,
} from '../core/model.js';
import { didYouMean } from '../core/nearest.js';
import { wordsOf } from '../core/text.js';
import { InputError, isVideoError } from '../errors.js';
import type { JobWaiter, JobWaits, Wait } from './waits.js';

/** What `VideoJob` tells its listeners. */
export interface VideoJobEvents {
  /** Each snapshot that differs from the one before. */
  update: (snapshot: JobSnapshot) => void;
  /** The status moved on. */
  status: (snapshot: JobSnapshot) => void;
  /** The progress rose. */
  progress: (snapshot: JobSnapshot) => void;
  /** The end, told once; a listener added after it is told too. */
  completed: (snapshot: CompletedJob) => void;
  /** The end, told once; a listener added after it is told too. */
  failed: (snapshot: FailedJob) => void;
  /** Another transport brings the updates now. */
  transport: (change: TransportChange) => void;
  /** Something is odd, and following goes on. */
  warning: (warning: JobWarning) => void;
  /**
   * Following ended before the job did: it is not there, was refused, took too long, was closed or aborted. The error
   * is what `completed()` rejects with. The logger is told if there is no listener for it and nothing waits.
   */
  stopped: (error: unknown) => void;
}

const EVENTS: readonly (keyof VideoJobEvents)[] = [
  'update',
  'status',
  'progress',
  'completed',
  'failed',
  'transport',
  'warning',
  'stopped',
];

// biome-ignore lint/suspicious/noExplicitAny: what EventEmitter takes; `VideoJob.on` types each event.
type Listener = (payload: any) => unknown;

/** All listeners of one job: together they are one who waits for it. */
export class JobListeners extends EventEmitter<keyof VideoJobEvents> implements JobWaiter {
  readonly #waits: JobWaits;
  #wait: Wait | undefined;

  constructor(waits: JobWaits) {
    super();
    this.#waits = waits;
  }

  /** Returns a function that removes it, safe to call twice. */
  add(event: keyof VideoJobEvents, listener: Listener, isOnce: boolean): () => void {
    checkEvent(event);
    if (typeof listener !== 'function') {
      throw new InputError('listener', `the listener for ${event} is no function`, {
        jobId: this.#waits.snapshot.id,
      });
    }
    const { snapshot } = this.#waits;
    if (isEnd(snapshot) && (event === 'update' || event === snapshot.status))
      return this.#tellSoon(listener, snapshot);
    // One function for all, which finds the listener as its `this`: nothing is made for each.
    const guarded = isOnce ? guardedOnce(listener) : callGuarded;
    const context = isOnce ? undefined : listener;
    this[isOnce ? 'once' : 'on'](event, guarded, context);
    this.#wait ??= this.#waits.add(this);
    let isRemoved = false;
    return () => {
      if (isRemoved) return;
      isRemoved = true;
      this.off(event, guarded, context);
      this.#stopIfEmpty();
    };
  }

  remove(event: keyof VideoJobEvents, listener: Listener): void {
    checkEvent(event);
    this.off(event, callGuarded, listener);
    for (const guarded of this.listeners(event)) {
      if ((guarded as Partial<GuardedOnce>).listener === listener) this.off(event, guarded);
    }
    this.#stopIfEmpty();
  }

  update(snapshot: JobSnapshot, before: JobSnapshot | undefined): void {
    this.#tell('update', snapshot);
    if (snapshot.status !== before?.status) this.#tell('status', snapshot);
    if (snapshot.progress !== (before?.progress ?? 0)) this.#tell('progress', snapshot);
    if (!isEnd(snapshot)) return;
    this.#tell(snapshot.status, snapshot);
    this.removeAllListeners();
  }

  transport(change: TransportChange): void {
    this.#tell('transport', change);
  }

  warning(warning: JobWarning): void {
    this.#tell('warning', warning);
  }

  stopped(error: unknown, isAlone: boolean): void {
    // Where all is over, the wait that has left stays: no other is made.
    if (!this.#waits.isOver) this.#wait = undefined;
    // What the caller ended is no news to it.
    const isNews = isVideoError(error) && error.code !== 'closed';
    if (isNews && isAlone && this.listenerCount('stopped') === 0) {
      const { id } = this.#waits.snapshot;
      this.#waits.report(`job ${id} is followed no longer: ${error.message}. ${error.hint ?? ''}`.trim());
    }
    this.#tell('stopped', error);
  }

  /** A listener that throws, or rejects, neither keeps the end from the others nor ends the process. */
  guard(listener: Listener, payload: unknown): void {
    try {
      const result = listener(payload) as { then?: unknown } | undefined;
      // It may be a promise of another realm, or of a library that has put its own in the place of the global one.
      if (typeof result?.then === 'function')
        Promise.resolve(result).catch((error: unknown) => this.#reportThrown(error));
    } catch (error) {
      this.#reportThrown(error);
    }
  }

  #reportThrown(error: unknown): void {
    this.#waits.report(`a listener of job ${this.#waits.snapshot.id} threw: ${wordsOf(error)}`);
  }

  #tellSoon(listener: Listener, snapshot: JobSnapshot): () => void {
    let isRemoved = false;
    queueMicrotask(() => {
      if (!isRemoved) this.guard(listener, snapshot);
    });
    return () => {
      isRemoved = true;
    };
  }

  #tell(event: keyof VideoJobEvents, payload: unknown): void {
    // The last may have been there for once.
    if (this.emit(event, payload, this) && this.listenerCount(event) === 0) this.#stopIfEmpty();
  }

  #stopIfEmpty(): void {
    if (this.eventNames().length > 0) return;
    this.#wait?.release();
    this.#wait = undefined;
  }
}

type GuardedOnce = ((payload: unknown, of: JobListeners) => void) & { readonly listener: Listener };

/** Of its own for each: an emitter that has told one for once removes all that are the same function. */
function guardedOnce(listener: Listener): GuardedOnce {
  return Object.assign((payload: unknown, of: JobListeners) => of.guard(listener, payload), { listener });
}

function callGuarded(this: Listener, payload: unknown, of: JobListeners): void {
  of.guard(this, payload);
}

function checkEvent(event: string): void {
  if ((EVENTS as readonly string[]).includes(event)) return;
  throw new InputError('event', `a job has no event ${JSON.stringify(event)}`, {
    hint: didYouMean(String(event), EVENTS),
  });
}

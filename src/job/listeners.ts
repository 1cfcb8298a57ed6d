import { EventEmitter } from 'eventemitter3';
import {
  type CompletedJob,
  type FailedJob,
  isEnd,
  type JobSnapshot,
  type JobWarning,
  type TransportChange,
} from '../core/model.js';
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
  /** Something is odd. Of code `stopped`: following ended before the job did, and `error` says why. */
  warning: (warning: JobWarning) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: what EventEmitter takes; `VideoJob.on` types each event.
type Listener = (payload: any) => void;

/** All listeners of one job: together they are one who waits for it. */
export class JobListeners extends EventEmitter<keyof VideoJobEvents> implements JobWaiter {
  readonly #waits: JobWaits;
  #wait: Wait | undefined;

  constructor(waits: JobWaits) {
    super();
    this.#waits = waits;
  }

  /** Returns the way to remove it, safe to call twice. */
  add(event: keyof VideoJobEvents, listener: Listener, isOnce: boolean): () => void {
    const { snapshot } = this.#waits;
    if (isEnd(snapshot) && (event === 'update' || event === snapshot.status))
      return tellSoon(listener, snapshot);
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

  stopped(error: unknown): void {
    // Where all is over, the wait that has left stays: no other is made.
    if (!this.#waits.isOver) this.#wait = undefined;
    const message = error instanceof Error ? error.message : 'the wait was aborted';
    this.warning({ code: 'stopped', message, jobId: this.#waits.snapshot.id, error });
  }

  #tell(event: keyof VideoJobEvents, payload: unknown): void {
    // The last may have been there for once.
    if (this.emit(event, payload) && this.listenerCount(event) === 0) this.#stopIfEmpty();
  }

  #stopIfEmpty(): void {
    if (this.eventNames().length > 0) return;
    this.#wait?.release();
    this.#wait = undefined;
  }
}

type GuardedOnce = Listener & { readonly listener: Listener };

/** Of its own for each: an emitter that has told one for once removes all that are the same function. */
function guardedOnce(listener: Listener): GuardedOnce {
  return Object.assign((payload: unknown) => guard(listener, payload), { listener });
}

/** A listener that throws must not keep the end from the others. */
function callGuarded(this: Listener, payload: unknown): void {
  guard(this, payload);
}

function guard(listener: Listener, payload: unknown): void {
  try {
    listener(payload);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function tellSoon(listener: Listener, snapshot: JobSnapshot): () => void {
  let isRemoved = false;
  queueMicrotask(() => {
    if (!isRemoved) guard(listener, snapshot);
  });
  return () => {
    isRemoved = true;
  };
}

import type { Runtime } from './runtime.js';

type Timers = Pick<Runtime, 'setTimeout' | 'clearTimeout'>;

/**
 * Waits for `work`, or rejects with the signal's own reason as soon as that is aborted, whether or not `work`
 * itself listens. Leaves no listener behind.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stopListening = () => signal.removeEventListener('abort', onAbort);
    const onAbort = () => {
      stopListening();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    work.finally(stopListening).then(resolve, reject);
  });
}

/** Waits; rejects with the signal's own reason as soon as that is aborted. */
export async function sleep(runtime: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  let timer: unknown;
  const over = new Promise<void>((resolve) => {
    timer = runtime.setTimeout(resolve, delayMs);
  });
  try {
    await abortable(over, signal);
  } finally {
    runtime.clearTimeout(timer);
  }
}

/** What `work` comes to, or what `late` gives, or throws, where that takes longer. */
export async function within<T>(
  runtime: Timers,
  timeoutMs: number,
  work: T | Promise<T>,
  late: () => T,
): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, sleep(runtime, timeoutMs, over.signal).then(late)]);
  } finally {
    over.abort();
  }
}

/** A signal that aborts with `outer`, and after a time. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** True once it was the time that ran out. */
  readonly expired: boolean;
  /** Stops the clock; `outer` still aborts. */
  stopClock(): void;
  /** Stops the clock and lets go of `outer`. */
  end(): void;
}

export function startDeadline(runtime: Timers, timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = runtime.setTimeout(() => {
    expired = true;
    // No DOMException, which React Native has not.
    controller.abort(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' }));
  }, timeoutMs);
  const follow = (): void => controller.abort(outer?.reason);
  outer?.addEventListener('abort', follow);
  if (outer?.aborted === true) follow();
  const stopClock = (): void => runtime.clearTimeout(timer);
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    stopClock,
    end() {
      stopClock();
      outer?.removeEventListener('abort', follow);
    },
  };
}

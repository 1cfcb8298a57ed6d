import type { ResolveContext, WebhookSource } from './source.js';
import { startTimer } from './timer.js';

/** How long to wait for a source, in milliseconds; a handler has its `ackWithinMs`. */
export const SOURCE_MS = 30_000;

/** Undefined where it takes longer than so; the signal aborts then. */
export async function inTime<T>(
  ms: number,
  work: (limit: ResolveContext) => Promise<T>,
): Promise<T | undefined> {
  // Made where somebody looks at it: it takes as long as a forgery is looked at.
  let controller: AbortController | undefined;
  let reason: Error | undefined;
  const limit = {
    get signal() {
      controller ??= new AbortController();
      if (reason !== undefined) controller.abort(reason);
      return controller.signal;
    },
  };
  const timer = startTimer(ms);
  const late = timer.passed.then(() => {
    reason = new Error(`no answer within ${ms} ms`);
    controller?.abort(reason);
    return undefined;
  });
  try {
    return await Promise.race([late, work(limit)]);
  } finally {
    timer.clear();
  }
}

export function tooLate({ name }: WebhookSource, ms: number): Error {
  return new Error(`the webhook source ${name} did not answer within ${ms} ms`);
}

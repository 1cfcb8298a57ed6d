import { backoffDelayMs } from '../core/backoff.js';
import { ApiError } from '../errors.js';
import { abortable, sleep } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkOption, type Settings, wholeNumber } from './options.js';

/** What became of one input: a job, or the error of its submit. `index` is the input's place. */
export type GenerateManyResult<Job> =
  | { readonly index: number; readonly job: Job; readonly error?: undefined }
  | { readonly index: number; readonly error: unknown; readonly job?: undefined };

/** Of `VideoClient.generateMany`. */
export interface GenerateManyOptions {
  /** Submits under way, and results not read yet, together. @default 6 */
  readonly concurrency?: number | undefined;
  /** Stops submitting; the iteration throws the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface GenerateManyHost<Input, Job> {
  readonly runtime: Runtime;
  readonly retry: Settings['retry'];
  generate(input: Input, signal: AbortSignal): Promise<Job>;
  /** A job that was submitted, but whose result nobody reads any more. */
  unread(job: Job): void;
}

// Rate limited so often in a row, without one submit accepted between, a server will not take it today.
const MAX_REFUSALS_IN_A_ROW = 50;

/**
 * Submits one input after another, a bounded number at once, and yields each result as it comes. What was not read
 * counts as under way, so that a reader who stops has submitted little that it did not see. A 429 makes all
 * submits wait, and halves how many go at once until they are accepted again; the refused one is sent again.
 */
export async function* generateMany<Input, Job>(
  host: GenerateManyHost<Input, Job>,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: GenerateManyOptions = {},
): AsyncGenerator<GenerateManyResult<Job>, void, undefined> {
  const { concurrency = 6, signal } = options;
  checkOption('concurrency', concurrency, wholeNumber(1, 1_000));
  const source = iterate(inputs);
  const underWay = new Set<Promise<GenerateManyResult<Job>>>();
  const gate = createGate(host, concurrency);
  let index = 0;
  let exhausted = false;

  // One listener on the caller's signal, however many submits it ends.
  const controllers = new Set<AbortController>();
  const onAbort = () => {
    for (const controller of controllers) controller.abort(signal?.reason);
  };
  signal?.addEventListener('abort', onAbort);

  async function submit(input: Input, at: number): Promise<GenerateManyResult<Job>> {
    const controller = new AbortController();
    controllers.add(controller);
    try {
      return { index: at, job: await gate((abort) => host.generate(input, abort), controller.signal) };
    } catch (error) {
      return { index: at, error };
    } finally {
      controllers.delete(controller);
    }
  }

  try {
    for (;;) {
      signal?.throwIfAborted();
      while (!exhausted && underWay.size < concurrency) {
        const next = await abortable(Promise.resolve(source.next()), signal);
        if (next.done === true) exhausted = true;
        else underWay.add(submit(next.value, index++));
      }
      if (underWay.size === 0) return;
      const [first, result] = await firstOf(underWay);
      underWay.delete(first);
      signal?.throwIfAborted();
      yield result;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    for (const rest of underWay) void rest.then(({ job }) => job === undefined || host.unread(job));
    await source.return?.();
  }
}

/** Lets so many calls through at once, fewer after a 429, more again as calls are accepted. */
function createGate<Input, Job>(host: GenerateManyHost<Input, Job>, concurrency: number) {
  const { runtime, retry } = host;
  let limit = concurrency;
  let running = 0;
  let refusals = 0;
  let openAt = 0;
  const waiting: (() => void)[] = [];
  const wake = () => {
    if (running < limit) waiting.shift()?.();
  };

  return async function pass<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      while (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      running++;
      try {
        // Again after each wait: another refusal may have moved the time on.
        for (let waitMs = openAt - runtime.now(); waitMs > 0; waitMs = openAt - runtime.now()) {
          await sleep(runtime, waitMs, signal);
        }
        const result = await call(signal);
        refusals = 0;
        limit = Math.min(concurrency, limit + 1);
        return result;
      } catch (error) {
        const limited = error instanceof ApiError && error.code === 'rate-limited';
        if (!limited || ++refusals > MAX_REFUSALS_IN_A_ROW) throw error;
        limit = Math.max(1, Math.floor(limit / 2));
        const delayMs = error.retryAfterMs ?? backoffDelayMs(Math.min(refusals, 10), retry, runtime.random());
        openAt = Math.max(openAt, runtime.now() + delayMs);
      } finally {
        running--;
        wake();
        wake();
      }
    }
  };
}

function iterate<T>(inputs: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  if (Symbol.asyncIterator in inputs) return inputs[Symbol.asyncIterator]();
  return inputs[Symbol.iterator]();
}

function firstOf<T>(promises: Set<Promise<T>>): Promise<[Promise<T>, T]> {
  return Promise.race([...promises].map(async (promise) => [promise, await promise] as [Promise<T>, T]));
}

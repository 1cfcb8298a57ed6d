import { type Check, optional, wholeNumber } from '../core/check.js';
import { checkCall, checkOption } from '../core/check-option.js';
import { wordsOf } from '../core/text.js';
import { howToGoOn, InputError, isVideoError } from '../errors.js';
import type { ClientJobs } from '../jobs/jobs.js';
import { abortable, sleep, within } from '../runtime/abort.js';
import type { Aborts } from '../runtime/aborts.js';
import { createRateGate, type RateGateHost } from './rate-gate.js';

/** What became of one input: a job, or the error of its submit. `index` is the input's place. */
export type GenerateManyResult<Job> =
  | { readonly index: number; readonly job: Job; readonly error?: undefined }
  | { readonly index: number; readonly error: unknown; readonly job?: undefined };

/** Options for `VideoClient.generateMany`. */
export interface GenerateManyOptions<Input = never> {
  /** Submits under way, and results not read yet, together. @default 6 */
  readonly concurrency?: number | undefined;
  /**
   * Stops submitting. What was sent already is waited for, for 2 s at most, and yielded; then the iteration throws the
   * signal's own reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The key of each input, `index` being its place: as `key` of `generate`, so that a list that is submitted again after a
   * crash makes no job a second time. Needs the client's option `jobs`.
   */
  readonly keyOf?: ((input: Input, index: number) => string | Promise<string>) | undefined;
}

export interface GenerateManyHost<Input, Job> extends RateGateHost {
  readonly aborts: Aborts;
  readonly settings: { readonly timeouts: { readonly requestMs: number } };
  readonly jobs: Pick<ClientJobs, 'newKey'> | undefined;
  /** The signal ends a submit that has not been sent; one that has is waited for. */
  generate(input: Input, signal: AbortSignal, key: string | undefined): Promise<Job>;
}

const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'must be a function');

/** How long an iteration that ends waits for answers, and for its source to be closed. */
const ENDING_MS = 2_000;

/**
 * Submits one input after another, a bounded number at once, and yields each result as it comes, however slow the
 * source is. What was not read counts as under way, so that a reader who stops has submitted little that it did not
 * see; that is told to the logger. A 429 makes all submits wait, and halves how many go at once until they are
 * accepted again; the refused one is sent again. Where the source throws, so does the iteration, once all that is
 * under way was yielded.
 */
export function generateMany<Input, Job extends { readonly id: string }>(
  host: GenerateManyHost<Input, Job>,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: GenerateManyOptions<Input> = {},
): AsyncGenerator<GenerateManyResult<Job>, void, undefined> {
  const { aborts, jobs, logger, runtime, settings } = host;
  /** Goes on with the loop where it waits. */
  let wake = () => {};
  let hasLeft = false;
  const results = run();
  const giveBack = results.return.bind(results);
  // By itself a generator looks at this only when what it waits for has come, which may be never.
  results.return = (value) => {
    hasLeft = true;
    wake();
    return giveBack(value);
  };
  return results;

  async function* run(): AsyncGenerator<GenerateManyResult<Job>, void, undefined> {
    const { concurrency = 6, keyOf = () => jobs?.newKey(), signal } = options;
    checkCall(options, undefined, 'concurrency', 'keyOf');
    checkOption('concurrency', concurrency, wholeNumber(1, 1_000));
    checkOption('keyOf', options.keyOf, optional(isFunction));
    signal?.throwIfAborted();
    const source = iterate(inputs);
    const gate = createRateGate(host, concurrency);
    const unsent = Object.assign(new Error('not submitted'), { name: 'AbortError' });
    const controllers = new Set<AbortController>();
    const arrived: GenerateManyResult<Job>[] = [];
    /** The answer of the source, which is asked for one input at a time. */
    let next: { readonly result: IteratorResult<Input> } | undefined;
    let isAsked = false;
    let isExhausted = false;
    let failure: { readonly error: unknown } | undefined;
    let index = 0;
    let isOverdue = false;
    let timer: unknown;

    const endUnsent = () => {
      for (const controller of controllers) controller.abort(unsent);
    };
    const stopListening =
      signal &&
      aborts.listen(signal, () => {
        endUnsent();
        // Its own word, since a timer may fire a little before the clock says so.
        timer = runtime.setTimeout(() => {
          isOverdue = true;
          wake();
        }, ENDING_MS);
        wake();
      });

    try {
      for (;;) {
        if (hasLeft) return;
        if (signal?.aborted !== true) fill();
        const result = arrived.shift();
        if (result !== undefined) yield result;
        else if (signal?.aborted === true) {
          if (controllers.size === 0 || isOverdue) throw signal.reason;
          await new Promise<void>((resolve) => (wake = resolve));
        } else if (controllers.size > 0 || isAsked) await new Promise<void>((resolve) => (wake = resolve));
        else if (failure !== undefined) throw failure.error;
        else return;
      }
    } finally {
      hasLeft = true;
      stopListening?.();
      runtime.clearTimeout(timer);
      endUnsent();
      for (const result of arrived) tellUnread(result);
      await closeSource();
    }

    /** Submits what the source has, as long as there is room. */
    function fill(): void {
      while (!isExhausted && !isAsked && controllers.size + arrived.length < concurrency) {
        try {
          const answer = next === undefined ? source.next() : next.result;
          next = undefined;
          if ('then' in answer) ask(answer);
          else if (answer.done === true) isExhausted = true;
          else void submit(answer.value, index++);
        } catch (error) {
          fail(error);
        }
      }
    }

    function ask(answer: Promise<IteratorResult<Input>>): void {
      isAsked = true;
      answer
        .then((result) => {
          next = { result };
        }, fail)
        .finally(() => {
          isAsked = false;
          wake();
        });
    }

    function fail(error: unknown): void {
      isExhausted = true;
      failure = { error };
    }

    async function submit(input: Input, at: number): Promise<void> {
      const { requestMs } = settings.timeouts;
      const late = () => {
        throw new InputError(
          'keyOf',
          `keyOf gave no key for input ${at} within ${requestMs} ms; nothing was sent`,
        );
      };
      const controller = new AbortController();
      controllers.add(controller);
      let result: GenerateManyResult<Job>;
      try {
        // Once, before the gate: a submit that is made again after a 429 is the same.
        const asked = abortable((async () => keyOf(input, at))(), controller.signal);
        const key = await within(runtime, requestMs, asked, late);
        // One made for this call alone would make a second job after a crash.
        if (key === undefined && options.keyOf !== undefined)
          throw new InputError('keyOf', `keyOf gave no key for input ${at}`);
        const job = await gate((abort) => host.generate(input, abort, key), controller.signal);
        result = { index: at, job };
      } catch (error) {
        result = { index: at, error };
      }
      controllers.delete(controller);
      if (result.error === unsent) wake();
      else if (hasLeft) tellUnread(result);
      else {
        arrived.push(result);
        wake();
      }
    }

    /** A source that hangs, or fails, while it is closed is nothing to wait for, nor to fail by. */
    async function closeSource(): Promise<void> {
      if (isExhausted || source.return === undefined) return;
      const closed = (async () => source.return?.())().catch((error: unknown) =>
        logger.warn(`the inputs of generateMany could not be closed: ${wordsOf(error)}`),
      );
      // An async generator that is asked for an input closes only after it has given that.
      if (isAsked || signal?.aborted === true) return;
      const over = new AbortController();
      await Promise.race([closed, sleep(runtime, ENDING_MS, over.signal)]);
      over.abort();
    }
  }

  function tellUnread({ error, index, job }: GenerateManyResult<Job>): void {
    if (job !== undefined) {
      logger.warn(
        `job ${JSON.stringify(job.id)} was submitted by generateMany (input ${index}), but never read. ${howToGoOn(job.id)}.`,
      );
    } else if (isVideoError(error) && /^(submit-outcome-unknown|closed)$/.test(error.code)) {
      logger.warn(
        `input ${index} of generateMany, which was never read: ${error.message}. ${error.hint ?? ''}`,
      );
    }
  }
}

function iterate<T>(inputs: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  const given: Partial<Iterable<T> & AsyncIterable<T>> = Object(inputs);
  const source = given[Symbol.asyncIterator]?.() ?? given[Symbol.iterator]?.();
  // A text is one of letters.
  if (!source || typeof inputs === 'string')
    throw new InputError('inputs', 'inputs must be an array or iterable');
  return source;
}

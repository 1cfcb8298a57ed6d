import { checkCall } from '../core/check-option.js';
import { initialSnapshot } from '../core/job-state.js';
import type { JobSnapshot } from '../core/model.js';
import { wordsOf } from '../core/text.js';
import type { JobStoreError } from '../errors.js';
import { abortable, sleep } from '../runtime/abort.js';
import { checkGroup } from './check-keys.js';
import { isHonoured } from './decide.js';
import type { ResumeOptions, ResumeResult } from './jobs.js';
import { LEASE_MS } from './leases.js';
import type { JobRecord } from './record.js';
import { outcomeUnknown } from './refusals.js';
import { keptUntil } from './rules.js';
import type { World } from './world.js';
import { WritersClock } from './writers-clock.js';

/** Between two looks at submits whose answer may still come. */
const LOOK_MS = 500;
/** A lease is over a little after its time. */
const MARGIN_MS = 100;

/** What the last process left, each once: see `VideoClient.resume`. */
export async function* resume<Job>(
  records: World,
  options: ResumeOptions,
  attach: (job: { readonly snapshot: JobSnapshot; readonly key: string }) => Job,
): AsyncGenerator<ResumeResult<Job>, void, undefined> {
  checkCall(options, undefined, 'group', 'open');
  checkGroup(options.group);
  const { group, open } = options;
  const { host, leases, store } = records;
  const { runtime, logger } = host;
  options.signal?.throwIfAborted();
  const { signal, stop } = records.life(options.signal);

  /** Those that were yielded, or are no business of ours. */
  const done = new Set<string>();
  /** Those whose answer may still come, each by its writer's clock. */
  const undecided = new Map<string, WritersClock>();
  let foreign = 0;
  const startedAt = runtime.elapsedMs();

  try {
    const passedOver = yield* list();
    if (foreign > 0)
      logger.warn(`resume left ${foreign} records alone, which are of another backend or baseUrl`);
    // Whoever holds them may have died since it took them.
    let listsAgainAt = passedOver > 0 ? startedAt + LEASE_MS + MARGIN_MS : undefined;
    if (passedOver + undecided.size > 0)
      logger.info(
        `resume waits for ${passedOver} records that others hold and ${undecided.size} submits under way`,
      );
    while (undecided.size > 0 || listsAgainAt !== undefined) {
      const restMs = (listsAgainAt ?? Number.POSITIVE_INFINITY) - runtime.elapsedMs();
      await sleep(runtime, Math.max(0, undecided.size > 0 ? Math.min(restMs, LOOK_MS) : restMs), signal);
      if (listsAgainAt !== undefined && runtime.elapsedMs() >= listsAgainAt) {
        listsAgainAt = undefined;
        yield* list();
      }
      yield* lookAgain();
    }
  } finally {
    stop();
    for (const key of undecided.keys()) records.release(key);
  }

  /** Returns how many are leased by others, or could not be leased. */
  async function* list(): AsyncGenerator<ResumeResult<Job>, number, undefined> {
    let passedOver = 0;
    const listing = store.list({ group, open });
    try {
      for (;;) {
        const next = await abortable(listing.next(), signal);
        if (next.done === true) return passedOver;
        const { record, error } = next.value;
        if (record === undefined) {
          const { key } = next.value;
          if (key !== undefined && done.has(key)) continue;
          if (key !== undefined) done.add(key);
          yield { key, record: undefined, error };
          continue;
        }
        if (done.has(record.key) || undecided.has(record.key)) continue;
        if (!records.isOurs(record)) {
          done.add(record.key);
          foreign++;
        } else if (record.state === 'refused' || keptUntil(record) <= runtime.now()) {
          done.add(record.key);
        } else if (await take(record.key)) yield* give(record);
        else passedOver++;
      }
    } finally {
      listing.return().catch(() => {});
    }
  }

  /** What comes once nobody waits for it is given back: it would be kept from others. */
  async function take(key: string): Promise<boolean> {
    const taking = leases.take(key);
    try {
      return await abortable(taking, signal);
    } catch (error) {
      taking.then(() => records.release(key)).catch(() => {});
      signal.throwIfAborted();
      logger.warn(`resume passes over key ${JSON.stringify(key)}: ${wordsOf(error)}`);
      return false;
    }
  }

  /** What is known of it by now, or nothing yet. */
  async function* give(record: JobRecord): AsyncGenerator<ResumeResult<Job>, void, undefined> {
    const { key, jobId } = record;
    const clock = undecided.get(key) ?? new WritersClock(runtime);
    const isAwaited = records.underWay(key) !== undefined || clock.now(record) < record.decidedBy;
    if (jobId === undefined && isAwaited) {
      undecided.set(key, clock);
      return;
    }
    undecided.delete(key);
    done.add(key);
    if (jobId === undefined) {
      const { idempotency } = host.backend;
      const asked = { idempotency, idempotencyKey: undefined, now: runtime.now() };
      yield { record, error: outcomeUnknown(key, isHonoured(record, asked)) };
      return;
    }
    records.known(record);
    yield { record, job: attach({ snapshot: initialSnapshot(jobId, 'polling', runtime.now()), key }) };
  }

  async function* lookAgain(): AsyncGenerator<ResumeResult<Job>, void, undefined> {
    for (const key of undecided.keys()) {
      let record: JobRecord | undefined;
      try {
        record = await abortable(store.get(key), signal);
      } catch (error) {
        signal.throwIfAborted();
        undecided.delete(key);
        done.add(key);
        records.release(key);
        yield { key, record: undefined, error: error as JobStoreError };
        continue;
      }
      if (record === undefined || record.state === 'refused') {
        undecided.delete(key);
        records.release(key);
      } else yield* give(record);
    }
  }
}

import { checkCall } from '../core/check-option.js';
import { initialSnapshot } from '../core/job-state.js';
import type { JobSnapshot } from '../core/model.js';
import { abortable, sleep } from '../runtime/abort.js';
import { checkGroup } from './check-keys.js';
import { isHonoured } from './decide.js';
import type { ResumeOptions, ResumeResult } from './jobs.js';
import { LEASE_MS } from './leases.js';
import type { JobRecord } from './record.js';
import { outcomeUnknown } from './refusals.js';
import { keptUntil } from './rules.js';
import type { World } from './world.js';

/** Between two looks at submits whose answer may still come. */
const LOOK_MS = 500;

/** What the last process left, each once: see `VideoClient.resume`. */
export async function* resume<Job>(
  records: World,
  options: ResumeOptions,
  attach: (job: { readonly snapshot: JobSnapshot; readonly key: string }) => Job,
): AsyncGenerator<ResumeResult<Job>, void, undefined> {
  checkCall(options, undefined, 'group', 'open');
  checkGroup(options.group);
  const { group, open, signal } = options;
  const { host, leases, store } = records;
  const { runtime, logger } = host;
  signal?.throwIfAborted();

  /** Those that were yielded, or are no business of ours. */
  const done = new Set<string>();
  const undecided = new Set<string>();
  let foreign = 0;
  const startedAt = runtime.elapsedMs();

  let passedOver = yield* list();
  for (;;) {
    while (undecided.size > 0) {
      await sleep(runtime, LOOK_MS, signal);
      yield* lookAgain();
    }
    if (foreign > 0) {
      logger.warn(`resume left ${foreign} records alone, which are of another backend or baseUrl`);
      foreign = 0;
    }
    if (passedOver === 0) return;
    // Whoever holds them may have died since it took them.
    await sleep(runtime, Math.max(0, startedAt + LEASE_MS - runtime.elapsedMs()) + 50, signal);
    yield* list();
    passedOver = 0;
  }

  /** Returns how many are leased by others. */
  async function* list(): AsyncGenerator<ResumeResult<Job>, number, undefined> {
    let leased = 0;
    const listing = store.list({ group, open });
    try {
      for (;;) {
        const next = await abortable(listing.next(), signal);
        if (next.done === true) return leased;
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
        } else if (await abortable(leases.take(record.key), signal)) yield* give(record);
        else leased++;
      }
    } finally {
      listing.return().catch(() => {});
    }
  }

  /** What is known of it by now, or nothing yet. */
  async function* give(record: JobRecord): AsyncGenerator<ResumeResult<Job>, void, undefined> {
    const { key, jobId } = record;
    const isOpen = jobId === undefined && record.state === 'submitting';
    if (isOpen && (records.underWay(key) !== undefined || runtime.now() < record.decidedBy)) {
      undecided.add(key);
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
    for (const key of undecided) {
      const record = await abortable(store.get(key), signal);
      if (record === undefined || record.state === 'refused') undecided.delete(key);
      else yield* give(record);
    }
  }
}

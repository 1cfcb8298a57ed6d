import type { JobUpdate } from '../core/model.js';
import type { JobRecord } from './record.js';
import type { World } from './world.js';

/** Between two warnings of one kind, in milliseconds. */
const QUIET_MS = 60_000;

/** Finds the record that a delivery's token is of: a submit whose answer was lost has its job again. */
export class Tokens {
  readonly #records: World;
  readonly #warnedAt = new Map<string, number>();

  constructor(records: World) {
    this.#records = records;
  }

  /**
   * Only a record without an id takes one, and only an id that is no other record's; all else is warned of.
   *
   * @throws JobStoreError
   */
  async deliver(token: string, update: JobUpdate): Promise<void> {
    const { store, writes } = this.#records;
    const { jobId } = update;
    const bound = await store.find(jobId, (found) => this.#records.isOurs(found));
    if (bound !== undefined) {
      if (bound.idempotencyKey !== token) this.#warn('the token of another submit', jobId);
      return;
    }
    const record = await this.#recordOf(token);
    if (record === undefined) return this.#warn('a token of no submit that waits for its id', jobId);
    if (record.jobId !== undefined) {
      if (this.#webhookIdOf(record.jobId) === jobId) return;
      return this.#warn(`the token of job ${JSON.stringify(record.jobId)}`, jobId);
    }
    if (!this.#records.isOurs(record)) return this.#warn('the token of another backend or baseUrl', jobId);
    if (!(await this.#canAsk(jobId)))
      return this.#warn(
        `the token of key ${JSON.stringify(record.key)}, but is no whole id: adopt that`,
        jobId,
      );
    const next = this.#records.told(record, update);
    await writes.owe(store.put(next));
    this.#records.remember(next);
  }

  async #recordOf(token: string): Promise<JobRecord | undefined> {
    // Where a webhook calls a job otherwise, its record is not found by that, and may have ended.
    const open = this.#records.host.backend.webhookIdOf === undefined;
    for await (const { record } of this.#records.store.list({ open })) {
      if (record?.idempotencyKey === token) return record;
    }
    return undefined;
  }

  /** Where a webhook calls a job otherwise, that may not be enough to ask for it: the record would be of no use. */
  async #canAsk(jobId: string): Promise<boolean> {
    const { backend } = this.#records.host;
    if (backend.webhookIdOf === undefined) return true;
    try {
      await backend.status?.(jobId);
      return true;
    } catch {
      return false;
    }
  }

  #webhookIdOf(jobId: string): string {
    const { backend } = this.#records.host;
    return backend.webhookIdOf?.(jobId) ?? jobId;
  }

  #warn(what: string, jobId: string): void {
    const { logger, runtime } = this.#records.host;
    const now = runtime.elapsedMs();
    const kind = what.slice(0, 20);
    const last = this.#warnedAt.get(kind);
    if (last !== undefined && now - last < QUIET_MS) return;
    this.#warnedAt.set(kind, now);
    logger.warn(`a delivery about job ${JSON.stringify(jobId)} came with ${what}: it was taken without.`);
  }
}

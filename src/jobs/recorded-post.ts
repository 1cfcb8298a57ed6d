import { backoffDelayMs } from '../core/backoff.js';
import { initialSnapshot } from '../core/job-state.js';
import type { JobSnapshot } from '../core/model.js';
import { howToGoOn, isVideoError } from '../errors.js';
import { type AskedAtAnyTime, isHonoured } from './decide.js';
import type { Ending } from './ending.js';
import type { JobsHost, KeptSubmission, Posting } from './jobs.js';
import type { JobRecord } from './record.js';
import { isRefusal, outcomeUnknown, whyRefused } from './refusals.js';
import type { World } from './world.js';

/** How long an answer may take to be written; what is slower is allowed for by a further write. */
const SLACK_MS = 5_000;

export type AnyRequest = { readonly timeout?: 'request' | 'job' | undefined };

type Timeouts = JobsHost['settings']['timeouts'];

/** How much later than now an answer, once written, is to be there, in milliseconds. */
export function patienceMs(timeouts: Timeouts, request: AnyRequest): number {
  return timeoutMs(timeouts, request) + slackMs(timeouts);
}

export function slackMs({ requestMs }: Timeouts): number {
  return Math.min(SLACK_MS, requestMs);
}

function timeoutMs({ jobMs, requestMs }: Timeouts, { timeout }: AnyRequest): number {
  return timeout === 'job' ? jobMs : requestMs;
}

/** The POSTs of one record by this client, and what they make of the record. */
export class RecordedPost<Request extends AnyRequest> {
  readonly #world: World;
  readonly #submission: KeptSubmission<Request>;
  readonly #asked: AskedAtAnyTime;
  readonly #record: JobRecord;
  readonly #request: Request;
  #posting: Posting | undefined;
  /** A POST that is over may have made a job. */
  #isInDoubt = false;
  #isAbandoned = false;
  readonly #over: Ending;

  /** @param over - Comes with `end`, or before. */
  constructor(
    world: World,
    submission: KeptSubmission<Request>,
    asked: AskedAtAnyTime,
    record: JobRecord,
    request: Request,
    over: Ending,
  ) {
    this.#world = world;
    this.#submission = submission;
    this.#asked = asked;
    this.#record = record;
    this.#request = request;
    this.#over = over;
  }

  isAtStake(): boolean {
    return this.#isInDoubt || this.#posting?.isAtStake() === true;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#posting?.abandon();
  }

  end(reason: unknown): void {
    this.#posting?.end(reason);
  }

  /** Whoever asks for the key waits so much longer than one try takes from now. */
  async renew(moreMs: number): Promise<void> {
    const tookMs = await this.#renew(moreMs);
    // What took so long to be written would be over too soon, and a store may take that long again.
    if (tookMs > slackMs(this.#timeouts)) await this.#renew(moreMs + this.#timeouts.requestMs);
  }

  async #renew(moreMs: number): Promise<number> {
    const { host, store } = this.#world;
    const now = host.runtime.now();
    const decidedBy = now + timeoutMs(this.#timeouts, this.#request) + moreMs;
    await store.put({ ...this.#record, decidedBy, updatedAt: now });
    return host.runtime.now() - now;
  }

  /** @param isFirst - Nothing was sent of this record before. */
  async run(isFirst: boolean): Promise<JobSnapshot> {
    const { runtime, settings } = this.#world.host;
    const startedAt = runtime.elapsedMs();
    for (let failures = 1; ; failures++) {
      const posting = this.#post();
      try {
        return await this.#accepted(await posting.answer);
      } catch (error) {
        const isAlone = !this.isAtStake();
        this.#isInDoubt = !isAlone;
        const isInTime = runtime.elapsedMs() - startedAt < timeoutMs(this.#timeouts, this.#request);
        // The first one is under way: its answer is that of this one.
        if (isInTime && posting.isUnderWay() && this.#isHonoured() && !this.#over.isOver) {
          const delayMs = backoffDelayMs(failures, settings.retry, runtime.random());
          await this.#beforeRepeat(delayMs);
          await this.#over.sleep(runtime, delayMs).catch(() => {});
          if (!this.#over.isOver) continue;
        }
        return isFirst && isAlone ? this.#refused(error) : this.#unknown(error);
      }
    }
  }

  #post(): Posting {
    const posting = this.#submission.post(
      { idempotencyKey: this.#sentKey, onRepeat: (delayMs) => this.#beforeRepeat(delayMs) },
      this.#request,
    );
    this.#posting = posting;
    if (this.#isAbandoned) posting.abandon();
    return posting;
  }

  async #accepted(job: JobSnapshot): Promise<JobSnapshot> {
    const next = this.#world.told(this.#record, { jobId: job.id, status: job.status, error: job.error });
    // Known first: whoever follows it may tell its end before it is written.
    this.#world.known(next);
    await this.#world.writes.keep(next);
    this.#world.writes.owe(this.#tellUnkept(job.id)).catch(() => {});
    return job;
  }

  /** What somebody else has made of the record meanwhile stands: the job of this answer must not be lost by that. */
  async #tellUnkept(jobId: string): Promise<void> {
    const { host, store } = this.#world;
    const { idempotencyKey, key } = this.#record;
    const stored = await store.get(key);
    const isSame = stored?.idempotencyKey === idempotencyKey;
    const ids = [undefined, jobId, host.backend.webhookIdOf?.(jobId)];
    if (isSame && ids.includes(stored.jobId)) return;
    const instead = isSame ? `has job ${JSON.stringify(stored.jobId)} by now` : 'was forgotten meanwhile';
    host.logger.warn(
      `job ${JSON.stringify(jobId)} was made under key ${JSON.stringify(key)}, whose record ${instead}: after a restart nobody knows of it. ${howToGoOn(jobId)}.`,
    );
  }

  /** Nothing is in doubt: what the first try of a record says of it is so. */
  async #refused(error: unknown): Promise<never> {
    if (!isRefusal(error)) await this.#decided();
    else {
      const updatedAt = this.#world.host.runtime.now();
      const refused = { ...this.#record, state: 'refused', error: whyRefused(error), updatedAt } as const;
      await this.#world.writes.keep(refused);
    }
    throw error;
  }

  async #unknown(error: unknown): Promise<JobSnapshot> {
    const { host, store } = this.#world;
    const { idempotencyKey, key } = this.#record;
    await this.#decided();
    // A webhook may have told the id in the meantime.
    const stored = await store.get(key).catch(() => undefined);
    if (stored?.idempotencyKey === idempotencyKey && stored.jobId !== undefined) {
      this.#world.known(stored);
      return initialSnapshot(stored.jobId, 'polling', host.runtime.now());
    }
    throw isVideoError(error) ? outcomeUnknown(key, this.#isHonoured(), error) : error;
  }

  /** Nobody waits for an answer any more: whoever asks for the key need not, either. */
  async #decided(): Promise<void> {
    const now = this.#world.host.runtime.now();
    await this.#world.store.put({ ...this.#record, decidedBy: now, updatedAt: now }).catch(() => {});
  }

  async #beforeRepeat(delayMs: number): Promise<void> {
    try {
      await this.renew(delayMs + slackMs(this.#timeouts));
    } catch (error) {
      // Under a key that is honoured, another try harms nobody.
      if (!this.isAtStake()) throw error;
    }
  }

  get #sentKey(): string | undefined {
    const { idempotency, idempotencyKey } = this.#asked;
    if (idempotency === 'none') return undefined;
    return idempotency === undefined ? idempotencyKey : this.#record.idempotencyKey;
  }

  #isHonoured(): boolean {
    return isHonoured(this.#record, { ...this.#asked, now: this.#world.host.runtime.now() });
  }

  get #timeouts(): Timeouts {
    return this.#world.host.settings.timeouts;
  }
}

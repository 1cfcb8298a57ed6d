import { backoffDelayMs } from '../core/backoff.js';
import { initialSnapshot } from '../core/job-state.js';
import type { JobSnapshot } from '../core/model.js';
import { VideoError } from '../errors.js';
import { abortable, sleep } from '../runtime/abort.js';
import { type Asked, decide, isHonoured } from './decide.js';
import type { KeptSubmission, KeyOptions, Posting, Sending } from './jobs.js';
import type { JobRecord } from './record.js';
import { isRefusal, outcomeUnknown, refusalOf, whyRefused } from './refusals.js';
import { uuid } from './uuid.js';
import type { World } from './world.js';

/** How long an answer may take to be written; what is slower is allowed for by a further write. */
const SLACK_MS = 5_000;

export type AnyRequest = { readonly timeout?: 'request' | 'job' | undefined };

/** The submit of one key, by all callers of this client that want it at the same time. */
export class KeyedSubmit<Request extends AnyRequest> {
  readonly asked: Omit<Asked, 'now'>;
  readonly #key: string;
  readonly #metadata: unknown;
  readonly #world: World;
  readonly #submission: KeptSubmission<Request>;
  readonly #over = new AbortController();
  readonly answer: Promise<JobSnapshot>;
  #posting: Posting | undefined;
  /** A POST that is over may have made a job. */
  #isInDoubt = false;
  #callers = 0;
  #wanting = 0;
  /** Since when the record is as it is, on the clock that nobody sets. */
  #seen: { readonly record: JobRecord; readonly at: number } | undefined;

  /** @param isNew - The key was made for this call: there is no record of it. */
  constructor(
    world: World,
    submission: KeptSubmission<Request>,
    { key, metadata }: KeyOptions & { readonly key: string },
    asked: Omit<Asked, 'now'>,
    isNew: boolean,
  ) {
    this.#world = world;
    this.#submission = submission;
    this.#key = key;
    this.#metadata = metadata;
    this.asked = asked;
    this.answer = this.#run(isNew);
    this.answer.catch(() => {}); // Nobody may wait for it any more.
  }

  isAtStake(): boolean {
    return this.#isInDoubt || this.#posting?.isAtStake() === true;
  }

  /** For one caller, who may leave: a POST that was sent runs to its answer all the same, for the id in it. */
  join(): Sending {
    let leave: (reason: unknown) => void = () => {};
    const left = new Promise<never>((_resolve, reject) => {
      leave = reject;
    });
    const answer = Promise.race([this.answer, left]);
    answer.catch(() => {});
    this.#callers++;
    this.#wanting++;
    let isHere = true;
    let isWanting = true;
    const abandon = () => {
      if (!isWanting) return;
      isWanting = false;
      if (--this.#wanting === 0) this.#posting?.abandon();
    };
    return {
      key: this.#key,
      answer,
      isAtStake: () => this.isAtStake(),
      abandon,
      end: (reason) => {
        if (!isHere) return;
        isHere = false;
        abandon();
        leave(reason);
        if (--this.#callers === 0 && !this.isAtStake()) this.end(reason);
      },
    };
  }

  /** Whatever is under way. */
  end(reason: unknown): void {
    this.#over.abort(reason);
    this.#posting?.end(reason);
  }

  /** False once it sends nothing any more. */
  get isOpen(): boolean {
    return !this.#over.signal.aborted;
  }

  async #run(isNew: boolean): Promise<JobSnapshot> {
    const { signal } = this.#over;
    let stored = isNew ? undefined : await this.#read();
    for (let looks = 0; ; looks++) {
      signal.throwIfAborted();
      const asked = this.#askedOf(stored);
      const decision = decide(stored, asked);
      if (decision.do === 'refuse') throw refusalOf(this.#key, decision.other);
      if (decision.do === 'wait') {
        const delayMs = Math.min(decision.untilMs - asked.now, 1_000, 25 * 2 ** Math.min(looks, 10));
        await sleep(this.#world.host.runtime, delayMs, signal);
        stored = await this.#read();
      } else if (decision.do === 'submit') {
        const outcome = await this.#submitFirst();
        if ('job' in outcome) return outcome.job;
        stored = outcome.stored;
      } else if (stored !== undefined) {
        if (decision.do === 'attach') return this.#attach(stored, decision.jobId);
        if (decision.do === 'repeat') return this.#submitAgain(stored);
        throw outcomeUnknown(this.#key, false);
      }
    }
  }

  /** By the later of two clocks: ours, and the one of whoever wrote the record and of the time since. */
  #askedOf(stored: JobRecord | undefined): Asked {
    const { runtime } = this.#world.host;
    const elapsedMs = runtime.elapsedMs();
    let now = runtime.now();
    if (stored !== undefined) {
      if (this.#seen?.record.updatedAt !== stored.updatedAt) this.#seen = { record: stored, at: elapsedMs };
      now = Math.max(now, stored.updatedAt + elapsedMs - this.#seen.at);
    }
    return { ...this.asked, now };
  }

  #read(): Promise<JobRecord | undefined> {
    return abortable(this.#world.store.get(this.#key), this.#over.signal);
  }

  #attach(record: JobRecord, jobId: string): JobSnapshot {
    this.#world.known(record);
    return initialSnapshot(jobId, 'polling', this.#world.host.runtime.now());
  }

  async #submitFirst(): Promise<{ readonly job: JobSnapshot } | { readonly stored: JobRecord }> {
    const { host, writes } = this.#world;
    const { signal } = this.#over;
    const { group, backend, baseUrl, inputDigest } = this.asked;
    const idempotencyKey = this.asked.idempotencyKey ?? uuid();
    const request = await this.#encode(idempotencyKey);
    const now = host.runtime.now();
    const record: JobRecord = {
      ...{ version: 1, key: this.#key, backend, baseUrl, state: 'submitting', idempotencyKey, inputDigest },
      ...(group !== undefined && { group }),
      ...(this.#metadata !== undefined && { metadata: this.#metadata }),
      ...{ decidedBy: now + this.#patienceMs(request), createdAt: now, updatedAt: now },
    };
    const stored = await this.#add(record);
    // What was given may be the same in two processes.
    if (stored.idempotencyKey !== idempotencyKey || stored.createdAt !== now) return { stored };
    if (signal.aborted) {
      await writes.keep({ ...record, state: 'refused', error: 'not sent' });
      throw signal.reason;
    }
    if (host.runtime.now() - now > this.#slackMs) {
      try {
        await this.#renew(record, request, host.settings.timeouts.requestMs);
      } catch (error) {
        await writes.keep({ ...record, state: 'refused', error: 'not sent' });
        throw error;
      }
    }
    return { job: await this.#post(record, request, true) };
  }

  /** A reply that was lost is no failure: what is there then is our own. */
  async #add(record: JobRecord): Promise<JobRecord> {
    const { host, store, writes } = this.#world;
    const undo = () => writes.keep({ ...record, state: 'refused', error: 'not sent' });
    let isGivenUp = false;
    const add = () => store.add(record, () => isGivenUp && undo());
    const startedAt = host.runtime.elapsedMs();
    try {
      return await add().catch((error) => {
        // One that hangs is asked once.
        if (host.runtime.elapsedMs() - startedAt >= host.settings.timeouts.requestMs) throw error;
        return add();
      });
    } catch (error) {
      isGivenUp = true;
      // It may have been written all the same.
      void store.put({ ...record, state: 'refused', error: 'not sent' }).catch(() => {});
      throw error;
    }
  }

  async #submitAgain(record: JobRecord): Promise<JobSnapshot> {
    const request = await this.#encode(record.idempotencyKey);
    await this.#renew(record, request, this.#slackMs);
    this.#over.signal.throwIfAborted();
    return this.#post(record, request, false);
  }

  #encode(token: string): Promise<Request> {
    return abortable((async () => this.#submission.encode(token))(), this.#over.signal);
  }

  async #post(record: JobRecord, request: Request, isFirst: boolean): Promise<JobSnapshot> {
    const { host, writes } = this.#world;
    const { runtime } = host;
    const startedAt = runtime.elapsedMs();
    for (let failures = 1; ; failures++) {
      const posting = this.#submission.post(
        {
          idempotencyKey: this.#sentKey(record),
          onRepeat: (delayMs) => this.#beforeRepeat(record, request, delayMs),
        },
        request,
      );
      this.#posting = posting;
      if (this.#wanting === 0) posting.abandon();
      try {
        const job = await posting.answer;
        const next = this.#world.told(record, { ...job, jobId: job.id });
        // Known first: what follows it may tell its end before it is written.
        this.#world.known(next);
        await writes.keep(next);
        return job;
      } catch (error) {
        const isAlone = !posting.isAtStake() && !this.#isInDoubt;
        this.#isInDoubt ||= posting.isAtStake();
        const spentMs = runtime.elapsedMs() - startedAt;
        const isWorthIt = this.isOpen && spentMs < this.#timeoutMs(request) && this.#isHonoured(record);
        if (isWorthIt && posting.isUnderWay()) {
          const delayMs = backoffDelayMs(failures, host.settings.retry, runtime.random());
          await this.#beforeRepeat(record, request, delayMs);
          await sleep(runtime, delayMs, this.#over.signal).catch(() => {});
          if (this.isOpen) continue;
        }
        return this.#failed(record, error, isFirst && isAlone);
      }
    }
  }

  /** @param isFirst - And left nothing in doubt. */
  async #failed(record: JobRecord, error: unknown, isFirst: boolean): Promise<JobSnapshot> {
    const { host, store, writes } = this.#world;
    const updatedAt = host.runtime.now();
    if (isFirst) {
      if (isRefusal(error)) {
        await writes.keep({ ...record, state: 'refused', error: whyRefused(error), updatedAt });
      } else await this.#decided(record);
      throw error;
    }
    await this.#decided(record);
    // A webhook may have told the id in the meantime.
    const stored = await store.get(this.#key).catch(() => undefined);
    if (stored?.idempotencyKey === record.idempotencyKey && stored.jobId !== undefined)
      return this.#attach(stored, stored.jobId);
    if (!(error instanceof VideoError)) throw error;
    throw outcomeUnknown(this.#key, this.#isHonoured(record), error);
  }

  /** Nobody waits for an answer any more: whoever asks for the key need not, either. */
  async #decided(record: JobRecord): Promise<void> {
    const now = this.#world.host.runtime.now();
    await this.#world.store.put({ ...record, decidedBy: now, updatedAt: now }).catch(() => {});
  }

  async #beforeRepeat(record: JobRecord, request: Request, delayMs: number): Promise<void> {
    try {
      await this.#renew(record, request, delayMs + this.#slackMs);
    } catch (error) {
      // Under a key that is honoured, another try harms nobody.
      if (!this.isAtStake()) throw error;
    }
  }

  /** The answer to what is sent from now on comes later than that to what was sent before. */
  async #renew(record: JobRecord, request: Request, moreMs: number): Promise<void> {
    const now = this.#world.host.runtime.now();
    const decidedBy = now + this.#timeoutMs(request) + moreMs;
    await this.#world.store.put({ ...record, decidedBy, updatedAt: now });
  }

  #sentKey(record: JobRecord): string | undefined {
    const { idempotency, idempotencyKey } = this.asked;
    if (idempotency === 'none') return undefined;
    return idempotency === undefined ? idempotencyKey : record.idempotencyKey;
  }

  #isHonoured(record: JobRecord): boolean {
    return isHonoured(record, { ...this.asked, now: this.#world.host.runtime.now() });
  }

  get #slackMs(): number {
    return Math.min(SLACK_MS, this.#world.host.settings.timeouts.requestMs);
  }

  #timeoutMs({ timeout }: Request): number {
    const { jobMs, requestMs } = this.#world.host.settings.timeouts;
    return timeout === 'job' ? jobMs : requestMs;
  }

  #patienceMs(request: Request): number {
    return this.#timeoutMs(request) + this.#slackMs;
  }
}

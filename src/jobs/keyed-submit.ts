import { initialSnapshot } from '../core/job-state.js';
import type { JobSnapshot } from '../core/model.js';
import { uuid } from '../core/uuid.js';
import { within } from '../runtime/abort.js';
import { type AskedAtAnyTime, decide } from './decide.js';
import { Ending } from './ending.js';
import type { KeptSubmission, Sending } from './jobs.js';
import type { JobRecord, RecordDraft } from './record.js';
import { type AnyRequest, patienceMs, RecordedPost, slackMs } from './recorded-post.js';
import { noRequest, notReplaced, outcomeUnknown, refusalOf } from './refusals.js';
import type { World } from './world.js';
import { WritersClock } from './writers-clock.js';

/** Others may be refused under the same key in the meantime; not so often. */
const MAX_SUBMITS = 10;

/** The submit of one key, by all callers of this client that want it at the same time. */
export class KeyedSubmit<Request extends AnyRequest> {
  readonly asked: AskedAtAnyTime;
  readonly #key: string;
  readonly #metadata: unknown;
  readonly #world: World;
  readonly #submission: KeptSubmission<Request>;
  readonly #over = new Ending();
  readonly answer: Promise<JobSnapshot>;
  #post: RecordedPost<Request> | undefined;
  #callers = 0;
  #wanting = 0;
  readonly #clock: WritersClock;

  /** @param isNew - The key was made for this call: there is no record of it. */
  constructor(
    world: World,
    submission: KeptSubmission<Request>,
    key: string,
    metadata: unknown,
    asked: AskedAtAnyTime,
    isNew: boolean,
  ) {
    this.#world = world;
    this.#submission = submission;
    this.#key = key;
    this.#metadata = metadata;
    this.asked = asked;
    this.#clock = new WritersClock(world.host.runtime);
    this.answer = this.#run(isNew);
    this.answer.catch(() => {}); // Nobody may wait for it any more.
  }

  isAtStake(): boolean {
    return this.#post?.isAtStake() === true;
  }

  /** For one caller, who may leave: a POST that was sent runs to its answer all the same, for the id in it. */
  join(): Sending {
    let leave: (reason: unknown) => void = () => {};
    const answer = new Promise<JobSnapshot>((resolve, reject) => {
      leave = reject;
      this.answer.then(resolve, reject);
    });
    answer.catch(() => {});
    this.#callers++;
    this.#wanting++;
    let isHere = true;
    let isWanting = true;
    const abandon = () => {
      if (isWanting) this.#wanting--;
      isWanting = false;
      if (this.#wanting > 0) return false;
      this.#post?.abandon();
      return true;
    };
    return {
      key: this.#key,
      howToGoOn: `A job may have been made, and paid for: generate again with key ${JSON.stringify(this.#key)} of a new VideoClient, which makes no second one.`,
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
    this.#over.end(reason);
    this.#post?.end(reason);
  }

  /** False once it sends nothing any more. */
  get isOpen(): boolean {
    return !this.#over.isOver;
  }

  async #run(isNew: boolean): Promise<JobSnapshot> {
    let stored = isNew ? undefined : await this.#read();
    let submits = 0;
    let isTold = false;
    for (let looks = 0; ; looks++) {
      this.#over.throwIfOver();
      const { logger, runtime } = this.#world.host;
      const writersNow = this.#clock.now(stored);
      const decision = decide(stored, { ...this.asked, now: runtime.now(), writersNow });
      if (decision.do === 'refuse') throw refusalOf(this.#key, decision.other);
      if (decision.do === 'wait') {
        if (!isTold)
          logger.info(
            `key ${JSON.stringify(this.#key)} waits up to ${decision.untilMs - writersNow} ms for a submit of another process`,
          );
        isTold = true;
        const delayMs = Math.min(decision.untilMs - writersNow, 1_000, 25 * 2 ** Math.min(looks, 10));
        await this.#over.sleep(runtime, delayMs);
        stored = await this.#read();
      } else if (decision.do === 'submit') {
        // A store that gives back what it should have replaced would be asked for ever.
        if (++submits > MAX_SUBMITS) throw notReplaced(this.#key);
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

  #read(): Promise<JobRecord | undefined> {
    return this.#over.wait(this.#world.store.get(this.#key));
  }

  #attach(record: JobRecord, jobId: string): JobSnapshot {
    this.#world.known(record);
    return initialSnapshot(jobId, 'polling', this.#world.host.runtime.now());
  }

  async #submitFirst(): Promise<{ readonly job: JobSnapshot } | { readonly stored: JobRecord }> {
    const { host, writes } = this.#world;
    const { timeouts } = host.settings;
    const { group, backend, baseUrl, inputDigest } = this.asked;
    const idempotencyKey = this.asked.idempotencyKey ?? uuid();
    const request = await this.#encode(idempotencyKey);
    const now = host.runtime.now();
    const record: RecordDraft = {
      version: 1,
      key: this.#key,
      backend,
      baseUrl,
      state: 'submitting',
      idempotencyKey,
      inputDigest,
      decidedBy: now + patienceMs(timeouts, request),
      createdAt: now,
      updatedAt: now,
    };
    if (group !== undefined) record.group = group;
    if (this.#metadata !== undefined) record.metadata = this.#metadata;
    const stored = await this.#add(record);
    // What was given may be the same in two processes.
    if (stored.idempotencyKey !== idempotencyKey || stored.createdAt !== now) return { stored };
    const post = this.#postOf(record, request);
    try {
      this.#over.throwIfOver();
      // It took long to be written, and so does what says so: a store has so long at most.
      if (host.runtime.now() - now > slackMs(timeouts)) await post.renew(timeouts.requestMs);
      this.#over.throwIfOver();
    } catch (error) {
      await writes.keep(this.#unsent(record));
      throw error;
    }
    return { job: await this.#start(post, true) };
  }

  /** A reply that was lost is no failure: what is there then is our own. */
  async #add(record: JobRecord): Promise<JobRecord> {
    const { host, store, writes } = this.#world;
    const undo = () => writes.keep(this.#unsent(record));
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
      void writes.owe(store.put(this.#unsent(record))).catch(() => {});
      throw error;
    }
  }

  /** Its key may be used again. */
  #unsent(record: JobRecord): JobRecord {
    return { ...record, state: 'refused', error: 'not sent' };
  }

  async #submitAgain(record: JobRecord): Promise<JobSnapshot> {
    const post = this.#postOf(record, await this.#encode(record.idempotencyKey));
    await post.renew(slackMs(this.#world.host.settings.timeouts));
    this.#over.throwIfOver();
    return this.#start(post, false);
  }

  /** A function of the caller's, which may hang, may be asked for the callback's URL. */
  #encode(token: string): Promise<Request> {
    const { runtime, settings } = this.#world.host;
    const { requestMs } = settings.timeouts;
    const encoded = this.#over.wait((async () => this.#submission.encode(token))());
    return within(runtime, requestMs, encoded, () => {
      throw noRequest(this.#key, requestMs);
    });
  }

  #postOf(record: JobRecord, request: Request): RecordedPost<Request> {
    return new RecordedPost(this.#world, this.#submission, this.asked, record, request, this.#over);
  }

  #start(post: RecordedPost<Request>, isFirst: boolean): Promise<JobSnapshot> {
    this.#post = post;
    if (this.#wanting === 0) post.abandon();
    return post.run(isFirst);
  }
}

import { checkJobId } from '../core/job-id.js';
import type { JobSnapshot, JobUpdate } from '../core/model.js';
import { bounded, redactQueries } from '../core/text.js';
import { uuid } from '../core/uuid.js';
import { InputError, VideoError } from '../errors.js';
import { checkKey, readKeyOptions } from './check-keys.js';
import { decideUnderWay } from './decide.js';
import { inputDigest } from './digest.js';
import type {
  ClientJobs,
  JobsHost,
  KeptSubmission,
  KeyOptions,
  ResumeOptions,
  ResumeResult,
  Sending,
} from './jobs.js';
import { KeyedSubmit } from './keyed-submit.js';
import { KnownJobs } from './known-jobs.js';
import { Leases } from './leases.js';
import type { JobRecord, RecordDraft } from './record.js';
import type { AnyRequest } from './recorded-post.js';
import { refusalOf, unknownKey } from './refusals.js';
import { resume } from './resume.js';
import { hasEnded } from './rules.js';
import { SafeStore } from './safe-store.js';
import type { JobStore } from './store.js';
import { Tokens } from './tokens.js';
import type { ToldJob, World } from './world.js';
import { Writes } from './writes.js';

/** The records of one client's jobs. */
export class ClientRecords implements ClientJobs, World {
  readonly host: JobsHost;
  readonly store: SafeStore;
  readonly writes: Writes;
  readonly leases: Leases;
  /** The backend and the server, as records name them. */
  readonly server: { readonly backend: string; readonly baseUrl: string };
  readonly #underWay = new Map<string, KeyedSubmit<AnyRequest>>();
  readonly #jobs = new KnownJobs();
  /** Keys that were made here, of which there is no record: nobody need look for one. */
  readonly #unused = new Set<string>();
  /** What is to end with the client. */
  readonly #lives = new Set<(reason: unknown) => void>();
  readonly #tokens: Tokens;
  #adopting: Promise<void> = Promise.resolve();

  constructor(store: JobStore, host: JobsHost) {
    const { backend, runtime, settings } = host;
    this.host = host;
    this.store = new SafeStore(store, settings.timeouts.requestMs, runtime);
    this.writes = new Writes(this.store, host);
    this.leases = new Leases(this.store, host);
    const { origin, pathname } = settings.baseUrl;
    this.server = { backend: backend.name, baseUrl: origin + pathname.replace(/\/+$/, '') };
    this.#tokens = new Tokens(this);
  }

  newKey(): string {
    const key = uuid();
    this.#unused.add(key);
    return key;
  }

  submit<Request extends AnyRequest>(submission: KeptSubmission<Request>, options: KeyOptions): Sending {
    const given = readKeyOptions(options);
    const { idempotency, name } = this.host.backend;
    const { group, idempotencyKey } = given;
    if (idempotency === 'none' && idempotencyKey !== undefined) {
      throw new InputError('idempotencyKey', `the server of ${name} ignores an idempotencyKey`, {
        hint: 'Leave it out, and give a key: by that no second job is made.',
      });
    }
    const known = given.key ?? idempotencyKey;
    const key = known ?? uuid();
    const digest = inputDigest(submission.operation, submission.input);
    const { backend, baseUrl } = this.server;
    const asked = { backend, baseUrl, group, idempotency, idempotencyKey, inputDigest: digest };
    const underWay = this.#underWay.get(key);
    if (underWay?.isOpen === true) {
      const decision = decideUnderWay(underWay.asked, asked);
      if (decision.do === 'refuse') throw refusalOf(key, decision.other);
      return underWay.join();
    }
    const isNew = known === undefined || this.#unused.delete(known);
    const begun = new KeyedSubmit(this, submission, key, given.metadata, asked, isNew);
    this.#underWay.set(key, begun);
    const over = () => {
      if (this.#underWay.get(key) === begun) this.#underWay.delete(key);
    };
    this.writes.owe(begun.answer).then(over, over);
    return begun.join();
  }

  life(outer: AbortSignal | undefined): { readonly signal: AbortSignal; stop(): void } {
    const controller = new AbortController();
    const end = (reason: unknown) => controller.abort(reason);
    this.#lives.add(end);
    const stopListening = outer && this.host.aborts.listen(outer, end);
    const stop = () => {
      this.#lives.delete(end);
      stopListening?.();
    };
    return { signal: controller.signal, stop };
  }

  /** The submit of a key that is under way here, if there is one. */
  underWay(key: string): Promise<JobSnapshot> | undefined {
    return this.#underWay.get(key)?.answer;
  }

  resume<Job>(
    options: ResumeOptions,
    attach: (job: { readonly snapshot: JobSnapshot; readonly key: string }) => Job,
  ): AsyncGenerator<ResumeResult<Job>, void, undefined> {
    return resume(this, options, attach);
  }

  /** One after the other: two keys that are given one job at the same moment would both have it. */
  adopt(key: string, jobId: string): Promise<void> {
    const adopting = this.#adopting.then(() => this.#adopt(key, jobId));
    this.#adopting = adopting.catch(() => {});
    return adopting;
  }

  async #adopt(key: string, jobId: string): Promise<void> {
    checkJobId(jobId);
    const record = await this.store.get(checkKey(key));
    if (record === undefined) throw unknownKey(key);
    if (!this.isOurs(record)) throw refusalOf(key, 'server');
    if (record.jobId !== jobId) await this.#bind(record, jobId);
    this.remember({ ...record, jobId });
  }

  async #bind(record: JobRecord, jobId: string): Promise<void> {
    const { key } = record;
    const refuse = (problem: string) => {
      throw new InputError('key', `key ${JSON.stringify(key)} ${problem}`, {
        hint: 'Look again for which job is which: nothing was changed.',
      });
    };
    if (record.jobId !== undefined) refuse(`has the job ${JSON.stringify(record.jobId)}`);
    const other = await this.store.find(jobId, (found) => this.isOurs(found));
    if (other !== undefined)
      refuse(`cannot have the job ${JSON.stringify(jobId)}: key ${JSON.stringify(other.key)} has it`);
    const updatedAt = this.host.runtime.now();
    await this.store.put({ ...record, state: 'submitted', jobId, updatedAt });
    const stored = await this.store.get(key);
    if (stored?.jobId !== jobId) refuse('was changed by somebody else at this moment');
    // Another process may have done the same for another key.
    const twin = await this.store.find(jobId, (found) => this.isOurs(found) && found.key !== key);
    if (twin === undefined) return;
    const keys = `keys ${JSON.stringify(key)} and ${JSON.stringify(twin.key)}`;
    throw new InputError('key', `${keys} were given the job ${JSON.stringify(jobId)} at the same moment`, {
      hint: 'Find out which key it is of, and forget the other.',
    });
  }

  async forget(key: string): Promise<void> {
    if (!(await this.store.has(checkKey(key)))) throw unknownKey(key);
    await this.store.delete(key);
    this.#jobs.delete(key);
    await this.leases.release(key);
  }

  deliver(token: string, update: JobUpdate): Promise<void> {
    return this.writes.owe(this.#tokens.deliver(token, update));
  }

  ended(update: JobUpdate): void {
    const { jobId } = update;
    const known = this.#jobs.find(jobId);
    if ((known === undefined && !this.store.canFind) || !this.#jobs.isNews(jobId)) return;
    this.writes.owe(this.#writeEnd(known, update)).catch(() => this.#jobs.notWritten(jobId));
  }

  async #writeEnd(known: { readonly key: string; readonly jobId: string } | undefined, update: JobUpdate) {
    const record = await (known === undefined
      ? this.store.find(update.jobId, (found) => this.isOurs(found))
      : this.store.get(known.key));
    if (record === undefined) this.#jobs.notWritten(update.jobId);
    else if (!hasEnded(record) && this.isOurs(record)) {
      await this.writes.keep(this.told(record, { ...update, jobId: known?.jobId ?? update.jobId }));
    }
    this.#jobs.delete(known?.key);
  }

  isOurs({ backend, baseUrl }: JobRecord): boolean {
    return backend === this.server.backend && baseUrl === this.server.baseUrl;
  }

  known(record: JobRecord): void {
    if (record.jobId === undefined) return;
    this.leases.hold(record.key);
    this.remember(record);
  }

  remember(record: JobRecord): void {
    const { jobId, key } = record;
    if (jobId === undefined || hasEnded(record)) return;
    this.#jobs.add(key, jobId, this.host.backend.webhookIdOf?.(jobId));
  }

  told(record: JobRecord, { jobId, status, error }: ToldJob): JobRecord {
    const { http, runtime } = this.host;
    const updatedAt = runtime.now();
    const state = status === 'completed' || status === 'failed' ? status : 'submitted';
    const next: RecordDraft = { ...record, state, jobId: record.jobId ?? jobId, updatedAt };
    // The server's words may quote what was signed.
    if (state === 'failed') next.error = bounded(redactQueries(http.redact(error ?? '')), 499);
    return next;
  }

  release(key: string): void {
    this.writes.owe(this.leases.release(key)).catch(() => {});
  }

  async close(): Promise<void> {
    const reason = new VideoError('closed', 'the client was closed', { hint: 'Make a new VideoClient.' });
    for (const end of this.#lives) end(reason);
    this.writes.owe(this.leases.close()).catch(() => {});
    await this.writes.close();
    for (const submit of this.#underWay.values()) submit.end(reason);
  }
}

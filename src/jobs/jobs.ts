import type { JobSnapshot, JobUpdate } from '../core/model.js';
import type { Logger, RetrySettings } from '../core/settings.js';
import type { JobStoreError, SubmitOutcomeUnknownError } from '../errors.js';
import type { Aborts } from '../runtime/aborts.js';
import type { Runtime } from '../runtime/runtime.js';
import type { JobRecord } from './record.js';
import type { JobStoreQuery } from './store.js';

/**
 * Keeps a record of each job, so that none is lost, or paid for twice, where the process dies. For the option `jobs` of
 * `VideoClient`; several clients may share one. Made by an adapter of `reelwire/jobs`, such as `memoryJobs()`, or of a
 * store of one's own by `jobsOver(store)`.
 */
export interface Jobs {
  /**
   * The record of a key; undefined where there is none.
   *
   * @throws JobStoreError, also where the record cannot be read.
   */
  get(key: string): Promise<JobRecord | undefined>;
  /** The records that can be read. Throws as `get` does. */
  list(query?: JobStoreQuery): AsyncGenerator<JobRecord, void, undefined>;
  /** @internal For one client. */
  open(host: JobsHost): ClientJobs;
}

/** Options for `VideoClient.resume`. */
export interface ResumeOptions {
  /** Those of this group alone. */
  readonly group?: string | undefined;
  /** Those alone whose job has not ended, or is not known to have. @default false */
  readonly open?: boolean | undefined;
  /** Ends the iteration; it throws the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What was left of one job: the job, or the error that says why nobody knows whether there is one. Without a record: what
 * the store has under `key` cannot be read.
 */
export type ResumeResult<Job> =
  | { readonly record: JobRecord; readonly job: Job; readonly error?: undefined }
  | { readonly record: JobRecord; readonly job?: undefined; readonly error: SubmitOutcomeUnknownError }
  | {
      readonly key?: string | undefined;
      readonly record: undefined;
      readonly job?: undefined;
      readonly error: JobStoreError;
    };

/** @internal What is needed of a client. */
export interface JobsHost {
  readonly backend: {
    readonly name: string;
    readonly idempotency?: 'none' | { readonly windowMs: number } | undefined;
    webhookIdOf?(jobId: string): string;
    /** Throws for an id by which no job can be asked for. */
    status?(jobId: string): unknown;
  };
  readonly settings: {
    readonly baseUrl: URL;
    readonly timeouts: { readonly requestMs: number; readonly jobMs: number };
    readonly retry: RetrySettings;
  };
  readonly logger: Logger;
  readonly aborts: Pick<Aborts, 'listen'>;
  readonly runtime: Pick<Runtime, 'now' | 'elapsedMs' | 'random' | 'setTimeout' | 'clearTimeout'>;
  readonly http: {
    /** Words of a server, without any credential that went out. */
    redact(text: string): string;
  };
}

/** @internal One submit that is under way. */
export interface Sending {
  /** Known once a record may be there. */
  readonly key?: string | undefined;
  /** What is to be done where the client is closed while it is at stake. */
  readonly howToGoOn?: string | undefined;
  readonly answer: Promise<JobSnapshot>;
  /** True where a job may have been made, or may be yet. */
  isAtStake(): boolean;
  /** Nothing that would make a job is sent from now on, and true; false where another caller of the key still wants it. */
  abandon(): boolean;
  end(reason: unknown): void;
}

/** @internal The POSTs of one. */
export interface Posting extends Sending {
  /** The server's last word was that one with the same key is under way. */
  isUnderWay(): boolean;
}

/** @internal For one POST. */
export interface PostOptions {
  readonly idempotencyKey?: string | undefined;
  /** Before each further try, `delayMs` after this. Nothing more is sent where it rejects. */
  readonly onRepeat?: ((delayMs: number) => Promise<void>) | undefined;
}

/** @internal What is submitted, and how. */
export interface KeptSubmission<Request extends { readonly timeout?: 'request' | 'job' | undefined }> {
  /** Such as `generate`. */
  readonly operation: string;
  readonly input: unknown;
  /** Checks the input, and makes the request of it. Nothing is sent. */
  encode(token: string): Request | Promise<Request>;
  post(options: PostOptions, request: Request): Posting;
}

/** @internal As the caller gives them. */
export interface KeyOptions {
  readonly key?: string | undefined;
  readonly group?: string | undefined;
  readonly metadata?: unknown;
  readonly idempotencyKey?: string | undefined;
}

/** @internal The records of one client's jobs. */
export interface ClientJobs {
  newKey(): string;
  /** At most one job a key. Throws InputError for what cannot be a key, a group or metadata. */
  submit<Request extends { readonly timeout?: 'request' | 'job' | undefined }>(
    submission: KeptSubmission<Request>,
    options: KeyOptions,
  ): Sending;
  resume<Job>(
    options: ResumeOptions,
    attach: (job: { readonly snapshot: JobSnapshot; readonly key: string }) => Job,
  ): AsyncGenerator<ResumeResult<Job>, void, undefined>;
  adopt(key: string, jobId: string): Promise<void>;
  forget(key: string): Promise<void>;
  /** A verified delivery that came with this token is about this job. */
  deliver(token: string, update: JobUpdate): Promise<void>;
  /** The end of a job is known. */
  ended(update: JobUpdate): void;
  /** Another process may take the job on. */
  release(key: string): void;
  /** Resolves when what is to be written is, after some seconds at most. */
  close(): Promise<void>;
}

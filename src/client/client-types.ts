import type { Backend, Operation, OperationsOf, SubmitOperation, VariantOf } from '../backends/backend.js';
import type { SoraGatewayInput } from '../backends/sora-gateway.js';
import type { JobSnapshot } from '../core/model.js';
import type { VideoJob } from '../job/job.js';
import type { WaitOptions } from '../job/waits.js';

/** Of any call. */
export interface CallOptions {
  /** Ends the call at once; it rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for `VideoClient.generate`. */
export interface GenerateOptions extends CallOptions {
  /**
   * Sent as `Idempotency-Key`. Give one only where the server honours it: a submit whose outcome is unknown is
   * then sent again. Refused where the backend says that its server ignores them.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * What an abort of the signal means for a job that was, or is being, submitted. `detach` leaves it to the server;
   * `cancel` cancels it there, where the backend can, and once no other call of this client that was given it with the same
   * submit of a `key` wants it. @default 'detach'
   */
  readonly onAbort?: 'detach' | 'cancel' | undefined;
  /**
   * By which the job is known to you, such as `order-7`: 1 to 255 printable ASCII characters, without spaces. At most one
   * job is made for a key, however often it is asked for and whatever crashed in between. Needs the client's option `jobs`,
   * as do the other two. @default idempotencyKey, else a UUID
   */
  readonly key?: string | undefined;
  /** Whose the job is, such as a user's id; `resume` and the store can ask for those of one. Up to 255 characters. */
  readonly group?: string | undefined;
  /** What is kept with the record, up to 4 kB as JSON. No secret: a store may be read by others. */
  readonly metadata?: unknown;
}

/** Options for `VideoClient.ingest`. */
export interface IngestOptions {
  /**
   * The text that the callback's URL carried, such as its `?key=`, where the backend was given a function for that URL: a
   * submit whose answer was lost has its job again by it.
   */
  readonly token?: string | undefined;
}

/** Options for `VideoClient.poll`. */
export interface PollOptions extends WaitOptions {
  /** Between two status calls, in milliseconds. @default polling.intervalMs */
  readonly intervalMs?: number | undefined;
  /** Called with each snapshot that differs from the one before. */
  readonly onUpdate?: ((snapshot: JobSnapshot) => void) | undefined;
}

/** A backend's further calls, bound to a client. */
export type BoundOperations<B> = {
  readonly [Name in keyof OperationsOf<B>]: OperationsOf<B>[Name] extends SubmitOperation<infer Args>
    ? (...args: Given<Args, GenerateOptions>) => Promise<VideoJob<VariantOf<B>>>
    : OperationsOf<B>[Name] extends Operation<infer Args, infer Result>
      ? (...args: Given<Args, CallOptions>) => Promise<Result>
      : never;
};

/** An operation that takes nothing is called with nothing, as one is whose fields may all be left out. */
type Given<Args, Options> = undefined extends Args
  ? [args?: Args, options?: Options]
  : Record<never, never> extends Args
    ? [args?: Args, options?: Options]
    : [args: Args, options?: Options];

/** What `soraGateway()` returns. */
export type DefaultBackend = Backend<SoraGatewayInput, 'video', Record<never, never>>;

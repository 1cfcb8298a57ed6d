/** What went wrong, as one literal a program can switch on. */
export type VideoErrorCode =
  | 'configuration'
  | 'invalid-input'
  | 'bad-request'
  | 'unauthorized'
  | 'payment-required'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rate-limited'
  | 'server-error'
  | 'http-error'
  | 'network'
  | 'request-timeout'
  | 'submit-outcome-unknown'
  | 'job-store'
  | 'invalid-response'
  | 'job-failed'
  | 'job-timeout'
  | 'closed'
  | 'part-not-loaded'
  | 'bus'
  | 'download-not-ready'
  | 'download-expired'
  | 'download-incomplete'
  | 'download-not-video'
  | 'download-not-saved'
  | 'webhook-verification';

/** What an error may carry. */
export interface VideoErrorOptions {
  /** What to do next, in one sentence. */
  hint?: string | undefined;
  /** The job the error is about; present on every error after a submit. */
  jobId?: string | undefined;
  /** HTTP status of the answer, where there was one. */
  status?: number | undefined;
  /** The server's own request id (`x-request-id`), where it sent one. */
  requestId?: string | undefined;
  cause?: unknown;
}

// Registered globally, so that two copies of the package recognise each other's errors.
const BRAND = Symbol.for('reelwire.VideoError');

/** Base of every error this package throws. An abort is not one: it rejects with the signal's own reason. */
export class VideoError extends Error {
  override readonly name: string = 'VideoError';
  readonly code: VideoErrorCode;
  declare readonly hint?: string;
  declare readonly jobId?: string;
  declare readonly status?: number;
  declare readonly requestId?: string;

  constructor(code: VideoErrorCode, message: string, options: VideoErrorOptions = {}) {
    const { cause, hint, jobId, status, requestId } = options;
    super(onOneLine(message), defined({ cause }));
    this.code = code;
    Object.assign(this, defined({ hint: hint && onOneLine(hint), jobId, status, requestId }));
  }

  get [BRAND](): true {
    return true;
  }
}

/** An option of the client, a backend or a receiver is missing, unknown or out of range. */
export class ConfigurationError extends VideoError {
  override readonly name = 'ConfigurationError';
  /** The option's path, such as `timeouts.requestMs`. */
  readonly option: string;

  constructor(option: string, message: string, options?: VideoErrorOptions) {
    super('configuration', message, options);
    this.option = option;
  }
}

/** What was given to a call cannot be sent. Nothing was. */
export class InputError extends VideoError {
  override readonly name = 'InputError';
  /** The field's path, such as `scenes.0.duration`. */
  readonly field: string;

  constructor(field: string, message: string, options?: VideoErrorOptions) {
    super('invalid-input', message, options);
    this.field = field;
  }
}

/** What an `ApiError` may carry besides. */
export interface ApiErrorOptions extends VideoErrorOptions {
  status: number;
  /** @default what follows from the status */
  code?: VideoErrorCode | undefined;
  /** The server's own error word or sentence, as sent. */
  serverMessage?: string | undefined;
  /** Everything else the server said: `details`, `receivedUrl`, `required` and the like. */
  details?: unknown;
  /** The server's machine-readable code, such as OpenAI's `error.code`. */
  serverCode?: string | undefined;
  /** How long the server asked to wait (`Retry-After`), in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The server's word on whether the same call may succeed later. */
  retryable?: boolean | undefined;
}

/** The server answered, and the answer was an error. `code` follows from the HTTP status, or from the server's words. */
export class ApiError extends VideoError {
  override readonly name = 'ApiError';
  declare readonly status: number;
  declare readonly serverMessage?: string;
  declare readonly serverCode?: string;
  declare readonly details?: unknown;
  declare readonly retryAfterMs?: number;
  declare readonly retryable?: boolean;

  constructor(message: string, options: ApiErrorOptions) {
    super(options.code ?? codeOfStatus(options.status), message, options);
    const { serverMessage, serverCode, details, retryAfterMs, retryable } = options;
    Object.assign(this, defined({ serverMessage, serverCode, details, retryAfterMs, retryable }));
  }
}

/** No answer: the connection failed (`network`) or took too long (`request-timeout`). */
export class NetworkError extends VideoError {
  override readonly name = 'NetworkError';

  constructor(code: 'network' | 'request-timeout', message: string, options?: VideoErrorOptions) {
    super(code, message, options);
  }
}

/** A submit may or may not have arrived. It was not sent again, because it may cost money. */
export class SubmitOutcomeUnknownError extends VideoError {
  override readonly name = 'SubmitOutcomeUnknownError';
  /** Of the record, where the client keeps some. */
  declare readonly key?: string;

  constructor(message: string, options: VideoErrorOptions & { key?: string | undefined } = {}) {
    super('submit-outcome-unknown', message, options);
    Object.assign(this, defined({ key: options.key }));
  }
}

/**
 * The store that keeps records of jobs could not be read or written, or did not answer. Thrown by a submit, it says that
 * nothing was sent.
 */
export class JobStoreError extends VideoError {
  override readonly name = 'JobStoreError';

  constructor(message: string, options?: VideoErrorOptions) {
    super('job-store', message, options);
  }
}

/** The server answered with success, but not with what the dialect says it answers. */
export class InvalidResponseError extends VideoError {
  override readonly name = 'InvalidResponseError';
  /** The answer was larger than what is read of one, 64 MiB. */
  declare readonly isTooLarge?: true;

  constructor(message: string, options: VideoErrorOptions & { isTooLarge?: true | undefined } = {}) {
    super('invalid-response', message, options);
    Object.assign(this, defined({ isTooLarge: options.isTooLarge }));
  }
}

/** The server says that the job failed. */
export class JobFailedError extends VideoError {
  override readonly name = 'JobFailedError';
  declare readonly jobId: string;
  /** The server's own reason, empty where it gave none. */
  readonly reason: string;
  /** The server's machine-readable reason, where it gave one. */
  declare readonly reasonCode?: string;

  constructor(
    jobId: string,
    reason: string,
    options: VideoErrorOptions & { reasonCode?: string | undefined } = {},
  ) {
    super('job-failed', `job ${jobId} failed${reason === '' ? '' : `: ${reason}`}`, { ...options, jobId });
    this.reason = reason;
    Object.assign(this, defined({ reasonCode: options.reasonCode }));
  }
}

/** @internal What to do about a job that is followed no longer, without the full stop. */
export function howToGoOn(jobId: string): string {
  return `The job may still be running. Resume with client.subscribe(${JSON.stringify(jobId)})`;
}

/** @internal A page could not fetch a part of this package. */
export function partNotLoaded(part: string, jobId: string | undefined, cause: unknown): VideoError {
  const about = jobId === undefined ? '' : ` for job ${jobId}`;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  const goOn = jobId === undefined ? '' : `, and go on with client.subscribe(${JSON.stringify(jobId)})`;
  return new VideoError(
    'part-not-loaded',
    `the part "${part}" of reelwire could not be loaded${about}${why}`,
    {
      jobId,
      cause,
      hint: `Call again. Where that does not help, as after a deploy or in Firefox, reload the page${goOn}.`,
    },
  );
}

/**
 * The caller's deadline passed. The job itself may go on: follow it again by its id. Where the status could not be
 * had at the end, `cause` says why, and so does the message.
 */
export class JobTimeoutError extends VideoError {
  override readonly name = 'JobTimeoutError';
  declare readonly jobId: string;

  constructor(jobId: string, timeoutMs: number, options: VideoErrorOptions = {}) {
    const { cause } = options;
    const because = cause instanceof Error ? `; could not read its status: ${cause.message}` : '';
    super('job-timeout', `job ${jobId} did not end within ${timeoutMs} ms${because}`, {
      hint: `${howToGoOn(jobId)}, or give a larger timeoutMs.`,
      ...options,
      jobId,
    });
  }
}

/** The video could not be fetched whole. Nothing is left at the target. */
export class DownloadError extends VideoError {
  override readonly name = 'DownloadError';

  constructor(
    code: Extract<VideoErrorCode, `download-${string}`>,
    message: string,
    options?: VideoErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** Why a delivery is not trusted. `bad-secret` and `parsed-body` are mistakes of the receiver itself. */
export type WebhookVerificationReason =
  | 'missing-header'
  | 'bad-signature'
  | 'stale'
  | 'future'
  | 'bad-timestamp'
  | 'bad-secret'
  | 'parsed-body'
  | 'body-too-large'
  | 'body-timeout'
  | 'body-incomplete';

/** The delivery is not proven to come from the holder of the secret: do not act on it. */
export class WebhookVerificationError extends VideoError {
  override readonly name = 'WebhookVerificationError';
  readonly reason: WebhookVerificationReason;

  constructor(reason: WebhookVerificationReason, message: string, options?: VideoErrorOptions) {
    super('webhook-verification', message, options);
    this.reason = reason;
  }
}

/** True for every error of this package, also one thrown by another copy of it. */
export function isVideoError(error: unknown): error is VideoError {
  return typeof error === 'object' && error !== null && (error as { [BRAND]?: unknown })[BRAND] === true;
}

interface Named {
  readonly ApiError: ApiError;
  readonly InputError: InputError;
  readonly InvalidResponseError: InvalidResponseError;
  readonly SubmitOutcomeUnknownError: SubmitOutcomeUnknownError;
}

/** @internal Not by its class: a backend, or records of jobs, may be of another copy than the client. */
export function isNamed<Name extends keyof Named>(error: unknown, name: Name): error is Named[Name] {
  return isVideoError(error) && error.name === name;
}

/** @internal Every error after a submit names the job: adds it to one that was made without it. */
export function aboutJob<T>(error: T, jobId: string | undefined): T {
  if (jobId !== undefined && isVideoError(error) && error.jobId === undefined)
    Object.assign(error, { jobId });
  return error;
}

/** @internal Messages hold words of servers and callers: none may begin a line of a log, or colour a terminal. */
export function onOneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const CODE_BY_STATUS: Readonly<Record<number, VideoErrorCode>> = {
  400: 'bad-request',
  401: 'unauthorized',
  402: 'payment-required',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'rate-limited',
};

function codeOfStatus(status: number): VideoErrorCode {
  return CODE_BY_STATUS[status] ?? (status >= 500 ? 'server-error' : 'http-error');
}

/** Without the fields that are not there: an error that is inspected shows no list of what it has not. */
function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

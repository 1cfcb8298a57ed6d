import type {
  AnyBackend,
  Backend,
  HttpRequest,
  InputOf,
  Operation,
  OperationsOf,
  SubmitOperation,
  VariantOf,
} from './backends/backend.js';
import { type SoraGatewayInput, soraGateway } from './backends/sora-gateway.js';
import { checkJobId } from './core/job-id.js';
import { applyUpdate, initialSnapshot } from './core/job-state.js';
import {
  type CompletedJob,
  isTerminal,
  type JobSnapshot,
  type JobUpdate,
  type WebhookEvent,
} from './core/model.js';
import { isRecord } from './core/record.js';
import type { Runtime } from './core/runtime.js';
import { ConfigurationError, DownloadError, JobFailedError, VideoError } from './errors.js';
import { type GenerateManyOptions, type GenerateManyResult, generateMany } from './generate-many.js';
import { abortable } from './http/abort.js';
import {
  type DownloadOptions,
  openDownload,
  type RequestReason,
  type VideoDownload,
} from './http/download.js';
import { createHttpClient } from './http/request.js';
import type { HttpClient } from './http/types.js';
import { type JobHost, VideoJob, type WaitOptions } from './job.js';
import {
  checkTimeoutMs,
  resolveOptions,
  type Settings,
  toWebSocketUrl,
  type VideoClientOptions,
} from './options.js';
import { systemRuntime } from './runtime.js';
import { createRunner } from './transports/runner.js';
import type { JobFollower } from './transports/transport.js';

export interface CallOptions {
  /** Ends the call at once; it rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface GenerateOptions extends CallOptions {
  /**
   * Sent as `Idempotency-Key`. Give one only where the server honours it: a submit whose outcome is unknown is
   * then sent again.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * What an abort of the signal means for a job that was, or is being, submitted. `detach` leaves it to the server;
   * `cancel` cancels it there, where the backend can. @default 'detach'
   */
  readonly onAbort?: 'detach' | 'cancel' | undefined;
}

export interface PollOptions extends WaitOptions {
  /** Between two status calls, in milliseconds. @default polling.intervalMs */
  readonly intervalMs?: number | undefined;
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

type Given<Args, Options> =
  Record<never, never> extends Args ? [args?: Args, options?: Options] : [args: Args, options?: Options];

/** What `soraGateway()` returns. */
export type DefaultBackend = Backend<SoraGatewayInput, 'video', Record<never, never>>;

/**
 * Submits video jobs to one server, follows them to their ends and downloads the results.
 *
 * @example
 * const client = new VideoClient({ baseUrl: 'http://localhost:3001' });
 * const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
 * await job.completed();
 * await job.download().then((video) => video.save('out.mp4'));
 */
export class VideoClient<B extends AnyBackend = DefaultBackend> {
  /** The backend's further calls, such as `client.backend.list()` with `openAIVideos()`. */
  readonly backend: BoundOperations<B>;
  readonly #settings: Settings;
  readonly #runtime: Runtime;
  readonly #http: HttpClient;
  readonly #host: JobHost<VariantOf<B>>;
  readonly #followers = new Set<JobFollower>();
  /** How to end each call and download under way, and the job it is about. */
  readonly #calls = new Map<(reason: unknown) => void, string | undefined>();
  #closed = false;

  /** @throws ConfigurationError that names the option. */
  constructor(options: VideoClientOptions<B>) {
    this.#settings = resolveOptions(options, soraGateway);
    this.#runtime = systemRuntime(this.#settings);
    this.#http = createHttpClient(this.#settings, this.#runtime);
    this.#host = this.#hostOf(this.#follower(this.#settings));
    this.backend = this.#bindOperations();
  }

  /**
   * Submits a job. Sent again only where it provably did nothing: see SubmitOutcomeUnknownError.
   *
   * @throws InputError before anything is sent, ApiError, NetworkError, SubmitOutcomeUnknownError,
   * InvalidResponseError.
   */
  async generate(input: InputOf<B>, options: GenerateOptions = {}): Promise<VideoJob<VariantOf<B>>> {
    // What fits B's input fits its generate; the settings hold it as any backend.
    const backend = this.#settings.backend as unknown as Backend<InputOf<B>>;
    return this.#submit(
      () => backend.generate(input),
      (response) => backend.parseGenerate(response),
      options,
    );
  }

  /**
   * Submits many jobs, a bounded number at once, and yields each result as it comes. One failure does not stop the
   * rest; a 429 slows all down and loses none.
   */
  generateMany(
    inputs: Iterable<InputOf<B>> | AsyncIterable<InputOf<B>>,
    options: GenerateManyOptions = {},
  ): AsyncGenerator<GenerateManyResult<VideoJob<VariantOf<B>>>, void, undefined> {
    const host = {
      runtime: this.#runtime,
      retry: this.#settings.retry,
      generate: (input: InputOf<B>, signal: AbortSignal) => this.generate(input, { signal }),
      unread: (job: VideoJob<VariantOf<B>>) =>
        this.#settings.logger.warn(
          `job ${JSON.stringify(job.id)} was submitted by generateMany, and nobody read it`,
        ),
    };
    return generateMany(host, inputs, options);
  }

  /** Attaches to a job by its id, after a restart too. No I/O until somebody listens. */
  subscribe(jobId: string, options: WaitOptions = {}): VideoJob<VariantOf<B>> {
    const placeholder = initialSnapshot(checkJobId(jobId), 'polling', this.#runtime.now());
    return new VideoJob(this.#host, placeholder, { ...options, known: false });
  }

  /** One status call. */
  async status(jobId: string, options: CallOptions = {}): Promise<JobSnapshot> {
    checkJobId(jobId);
    return this.#call(jobId, options.signal, async (signal) => {
      const update = await this.#askStatus(jobId, signal, 'safe');
      return applyUpdate(undefined, update, 'polling', this.#runtime.now());
    });
  }

  /** Follows a job by polling only, whatever `transports` says. Throws as `VideoJob.completed` does. */
  async poll(jobId: string, options: PollOptions = {}): Promise<CompletedJob> {
    const intervalMs = checkTimeoutMs('intervalMs', options.intervalMs) ?? this.#settings.polling.intervalMs;
    const placeholder = initialSnapshot(checkJobId(jobId), 'polling', this.#runtime.now());
    const follower = this.#follower({
      ...this.#settings,
      transports: ['polling'],
      polling: { ...this.#settings.polling, intervalMs },
    });
    const job = new VideoJob(this.#hostOf(follower), placeholder, { ...options, known: false });
    try {
      if (options.onUpdate !== undefined) job.on('update', options.onUpdate);
      return await job.completed();
    } finally {
      job.close();
      this.#followers.delete(follower);
    }
  }

  /**
   * Opens the download of a finished job; the bytes come when they are read. A file that is not there yet is waited
   * for (`timeouts.notReadyMs`).
   *
   * @throws DownloadError, JobFailedError, ApiError, NetworkError.
   */
  async download(
    job: string | CompletedJob,
    options: DownloadOptions<VariantOf<B>> = {},
  ): Promise<VideoDownload> {
    const { backend, retry, timeouts } = this.#settings;
    const id = checkJobId(isRecord(job) ? job.id : job);
    const variant = (options.variant ?? backend.variants[0]) as VariantOf<B>;
    let known: JobSnapshot | undefined = typeof job === 'string' ? undefined : job;
    const seenCompleted = known?.status === 'completed';

    const locate = async (fresh: boolean, signal: AbortSignal): Promise<HttpRequest> => {
      let request = fresh ? undefined : backend.download({ id, snapshot: known }, variant);
      if (request !== undefined) return request;
      const answer = await this.status(id, { signal });
      if (answer.status === 'failed') throw failed(answer);
      // Once seen completed a job is: a status route that lags behind is waited for, as the file is.
      if (answer.status === 'completed') known = answer;
      else if (!seenCompleted) throw notCompleted(answer);
      request = backend.download({ id, snapshot: known }, variant);
      return request ?? Promise.reject(noFile(id, variant));
    };

    if (this.#closed) throw closedError(id);
    const source = {
      jobId: id,
      fallbackName: `video-${id}`,
      request: (reason: RequestReason, signal: AbortSignal) => locate(reason !== 'first', signal),
    };
    return openDownload(this.#http, source, {
      signal: options.signal,
      onProgress: options.onProgress,
      notReadyMs: timeouts.notReadyMs,
      requestMs: timeouts.requestMs,
      retry,
      runtime: this.#runtime,
      whileOpen: (abort) => this.#underWay(id, abort),
    });
  }

  /** Hands a verified webhook event to whoever waits for its job; it races the streams to one end. */
  ingest(event: WebhookEvent): void {
    if (event.type === 'unknown') return;
    const { id, ...snapshot } = event.snapshot;
    const update = this.#located({ ...snapshot, jobId: id });
    for (const follower of this.#followers) follower.ingest(update, 'webhook');
  }

  /** Ends everything: whoever still waits gets a VideoError of code `closed` with the job's id. */
  close(): void {
    this.#closed = true;
    for (const follower of this.#followers) follower.close(closedError);
    for (const [abort, jobId] of this.#calls) abort(closedError(jobId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #submit(
    encode: () => HttpRequest | Promise<HttpRequest>,
    parse: (response: Awaited<ReturnType<HttpClient['send']>>) => JobUpdate,
    options: GenerateOptions,
  ): Promise<VideoJob<VariantOf<B>>> {
    const { idempotencyKey, onAbort = 'detach', signal } = options;
    const cancels = onAbort === 'cancel';
    if (cancels && this.#settings.backend.cancel === undefined) {
      throw new ConfigurationError(
        'onAbort',
        `the backend ${this.#settings.backend.name} cannot cancel a job`,
        {
          hint: "Use onAbort: 'detach'.",
        },
      );
    }
    const submitted = this.#call(undefined, cancels ? undefined : signal, async (inner) => {
      const request = await abortable(Promise.resolve(encode()), inner);
      const response = await this.#http.send(request, { repeat: 'submit', signal: inner, idempotencyKey });
      return applyUpdate(undefined, this.#located(parse(response)), 'polling', this.#runtime.now());
    });
    if (cancels && signal !== undefined) this.#cancelOnAbort(submitted, signal);
    const snapshot = await (cancels ? abortable(submitted, signal) : submitted);
    return new VideoJob(this.#host, snapshot, { signal, known: true });
  }

  /** The submit goes on behind the caller's back, since only its answer names the job to cancel. */
  #cancelOnAbort(submitted: Promise<JobSnapshot>, signal: AbortSignal): void {
    const cancel = async () => {
      const { id } = await submitted;
      // Where cancelling is deleting, it would take a finished video away.
      if (isTerminal((await this.status(id)).status)) return;
      const request = this.#settings.backend.cancel?.(id);
      if (request !== undefined) await this.#http.send(request, { repeat: 'safe', jobId: id });
    };
    const onAbort = () => {
      cancel().catch((error: unknown) =>
        this.#settings.logger.warn(`a job could not be cancelled: ${String(error)}`),
      );
    };
    signal.addEventListener('abort', onAbort, { once: true });
    submitted.catch(() => signal.removeEventListener('abort', onAbort));
  }

  async #askStatus(jobId: string, signal: AbortSignal, repeat: 'safe' | 'never'): Promise<JobUpdate> {
    const { backend } = this.#settings;
    const response = await this.#http.send(backend.status(jobId), { repeat, signal, jobId });
    return this.#located(backend.parseStatus(response, jobId));
  }

  /** A URL relative to the server would be taken as relative to the page. One that cannot be fetched is dropped. */
  #located(update: JobUpdate): JobUpdate {
    if (update.videoUrl === undefined) return update;
    let videoUrl: string | undefined;
    try {
      videoUrl = this.#http.resolve(update.videoUrl).href;
    } catch {
      // It stays to be seen in `raw`.
    }
    return { ...update, videoUrl };
  }

  #follower(settings: Settings): JobFollower {
    const { backend, baseUrl, webSocketUrl, logger } = settings;
    const follower = createRunner({
      runtime: this.#runtime,
      backend,
      settings,
      askStatus: (jobId, signal) => this.#askStatus(jobId, signal, 'never'),
      openStream: (url, signal, headers) => this.#http.open({ method: 'GET', url }, { signal, headers }),
      webSocketUrl: async () => {
        const given = typeof webSocketUrl === 'function' ? await webSocketUrl() : webSocketUrl;
        return toWebSocketUrl(given ?? backend.webSocket?.path ?? '/', baseUrl).href;
      },
      logger,
    });
    this.#followers.add(follower);
    return follower;
  }

  #hostOf(follower: JobFollower): JobHost<VariantOf<B>> {
    return {
      runtime: this.#runtime,
      follower,
      jobMs: this.#settings.timeouts.jobMs,
      download: (job, options) => this.download(job, options),
    };
  }

  #bindOperations(): BoundOperations<B> {
    const bound = Object.entries(this.#settings.backend.operations ?? {}).map(([name, operation]) => [
      name,
      // The types of both are those of BoundOperations, which follow from the backend's.
      (args: never, options: GenerateOptions = {}) =>
        'submits' in operation
          ? this.#submit(() => operation.request(args), operation.parse, options)
          : this.#call(undefined, options.signal, async (signal) =>
              operation.parse(await this.#http.send(operation.request(args), { repeat: 'safe', signal })),
            ),
    ]);
    return Object.fromEntries(bound);
  }

  #underWay(jobId: string | undefined, abort: (reason: unknown) => void): () => void {
    this.#calls.set(abort, jobId);
    return () => this.#calls.delete(abort);
  }

  /** One call that `close` ends, with the job's id in its error, and that rejects with the caller's own reason. */
  async #call<T>(
    jobId: string | undefined,
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw closedError(jobId);
    outer?.throwIfAborted();
    const controller = new AbortController();
    const onAbort = () => controller.abort(outer?.reason);
    outer?.addEventListener('abort', onAbort);
    const over = this.#underWay(jobId, (reason) => controller.abort(reason));
    try {
      return await work(controller.signal);
    } finally {
      over();
      outer?.removeEventListener('abort', onAbort);
    }
  }
}

function closedError(jobId: string | undefined): VideoError {
  const about = jobId === undefined ? '' : ` while job ${jobId} was under way`;
  return new VideoError('closed', `the client was closed${about}`, {
    jobId,
    hint:
      jobId === undefined
        ? 'Make a new VideoClient.'
        : `The job may go on: subscribe(${JSON.stringify(jobId)}) of a new VideoClient follows it again.`,
  });
}

function failed(snapshot: Extract<JobSnapshot, { status: 'failed' }>): JobFailedError {
  return new JobFailedError(snapshot.id, snapshot.error, {
    reasonCode: snapshot.errorCode,
    hint: 'A failed job has no video.',
  });
}

function notCompleted(snapshot: JobSnapshot): DownloadError {
  return new DownloadError('download-not-ready', `job ${snapshot.id} is still ${snapshot.status}`, {
    jobId: snapshot.id,
    hint: `Wait for its end first: await client.subscribe(${JSON.stringify(snapshot.id)}).completed().`,
  });
}

function noFile(jobId: string, variant: string): DownloadError {
  return new DownloadError('download-not-ready', `job ${jobId} names no file for ${variant}`, { jobId });
}

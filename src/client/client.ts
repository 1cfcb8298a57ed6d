/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyBackend, Backend, HttpRequest, InputOf, VariantOf } from '../backends/backend.js';
import { soraGateway } from '../backends/sora-gateway.js';
import { checkJobId } from '../core/job-id.js';
import { applyUpdate, initialSnapshot } from '../core/job-state.js';
import {
  type CompletedJob,
  isTerminal,
  type JobSnapshot,
  type JobUpdate,
  type WebhookEvent,
} from '../core/model.js';
import { isRecord } from '../core/record.js';
import { type DownloadOptions, openDownload, type VideoDownload } from '../download/download.js';
import { downloadSource } from '../download/source.js';
import { ConfigurationError } from '../errors.js';
import { askCredentials } from '../http/credentials.js';
import { createHttpClient } from '../http/request.js';
import type { HttpClient } from '../http/types.js';
import { type JobHost, VideoJob } from '../job/job.js';
import type { WaitOptions } from '../job/waits.js';
import { abortable } from '../runtime/abort.js';
import { Aborts } from '../runtime/aborts.js';
import { Alarms } from '../runtime/alarms.js';
import type { Runtime } from '../runtime/runtime.js';
import { systemRuntime } from '../runtime/system.js';
import { createRunner } from '../transports/runner.js';
import { type StreamDeps, streamsOf } from '../transports/streams.js';
import type { JobFollower } from '../transports/transport.js';
import { Calls, closedError } from './calls.js';
import type {
  BoundOperations,
  CallOptions,
  DefaultBackend,
  GenerateOptions,
  PollOptions,
} from './client-types.js';
import { type Diagnosis, diagnose } from './diagnose.js';
import { type GenerateManyOptions, type GenerateManyResult, generateMany } from './generate-many.js';
import {
  checkTimeoutMs,
  resolveOptions,
  type Settings,
  toWebSocketUrl,
  type VideoClientOptions,
} from './options.js';

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
  readonly #alarms: Alarms;
  readonly #http: HttpClient;
  readonly #host: JobHost<VariantOf<B>>;
  readonly #followers = new Set<JobFollower>();
  readonly #aborts = new Aborts();
  readonly #calls = new Calls(this.#aborts);

  /** @throws ConfigurationError that names the option. */
  constructor(options: VideoClientOptions<B>) {
    this.#settings = resolveOptions(options, soraGateway);
    this.#runtime = systemRuntime(this.#settings);
    this.#alarms = new Alarms(this.#runtime);
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
    return new VideoJob(this.#host, placeholder, false, options);
  }

  /** One status call. */
  async status(jobId: string, options: CallOptions = {}): Promise<JobSnapshot> {
    checkJobId(jobId);
    return this.#calls.run(jobId, options.signal, async (signal) => {
      const update = await this.#askStatus(jobId, signal, 'safe');
      return applyUpdate(undefined, update, 'polling', this.#runtime.now());
    });
  }

  /** Follows a job by polling only, whatever `transports` says. Throws as `VideoJob.completed` does. */
  async poll(jobId: string, options: PollOptions = {}): Promise<CompletedJob> {
    this.#calls.refuseClosed(jobId);
    const intervalMs = checkTimeoutMs('intervalMs', options.intervalMs) ?? this.#settings.polling.intervalMs;
    const placeholder = initialSnapshot(checkJobId(jobId), 'polling', this.#runtime.now());
    const follower = this.#follower({
      ...this.#settings,
      transports: ['polling'],
      polling: { ...this.#settings.polling, intervalMs },
    });
    let job: VideoJob<VariantOf<B>> | undefined;
    try {
      job = new VideoJob(this.#hostOf(follower), placeholder, false, options);
      if (options.onUpdate !== undefined) job.on('update', options.onUpdate);
      return await job.completed();
    } finally {
      job?.close();
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
    this.#calls.refuseClosed(id);
    const known = typeof job === 'string' ? undefined : job;
    const variant = options.variant ?? backend.variants[0];
    const askStatus = (signal: AbortSignal) => this.status(id, { signal });
    return openDownload(this.#http, downloadSource({ backend, id, known, variant, askStatus }), {
      signal: options.signal,
      onProgress: options.onProgress,
      notReadyMs: timeouts.notReadyMs,
      requestMs: timeouts.requestMs,
      retry,
      runtime: this.#runtime,
      whileOpen: (abort) => this.#calls.add(id, abort),
    });
  }

  /** Hands a verified webhook event to whoever waits for its job; it races the streams to one end. */
  ingest(event: WebhookEvent): void {
    if (event.type === 'unknown') return;
    const { id, ...snapshot } = event.snapshot;
    const update = this.#located({ ...snapshot, jobId: id });
    for (const follower of this.#followers) follower.ingest(update, 'webhook');
  }

  /** Tries each transport once and says what works, what does not and what to do. Makes no job. */
  async diagnose(options: CallOptions = {}): Promise<Diagnosis> {
    const { backend, baseUrl, timeouts, transports } = this.#settings;
    const { connectMs } = timeouts;
    return this.#calls.run(undefined, options.signal, (signal) =>
      diagnose(
        {
          http: this.#http,
          runtime: this.#runtime,
          backend,
          baseUrl,
          enabled: transports,
          connectMs,
          streams: streamsOf(backend, this.#streamDeps(), connectMs),
        },
        signal,
      ),
    );
  }

  /** Ends everything: whoever still waits gets a VideoError of code `closed` with the job's id. */
  close(): void {
    for (const follower of this.#followers) follower.close(closedError);
    this.#calls.close();
  }

  /** As `close()`; for `await using`. */
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
    const submitted = this.#calls.run(undefined, cancels ? undefined : signal, async (inner) => {
      const request = await abortable(Promise.resolve(encode()), inner);
      const response = await this.#http.send(request, { repeat: 'submit', signal: inner, idempotencyKey });
      return applyUpdate(undefined, this.#located(parse(response)), 'polling', this.#runtime.now());
    });
    if (cancels && signal !== undefined) this.#cancelOnAbort(submitted, signal);
    const snapshot = await (cancels ? abortable(submitted, signal) : submitted);
    return new VideoJob(this.#host, snapshot, true, { signal });
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
    const follower = createRunner({
      ...this.#streamDeps(),
      runtime: this.#runtime,
      backend: settings.backend,
      settings,
      askStatus: (jobId, signal) => this.#askStatus(jobId, signal, 'never'),
      locate: (update) => this.#located(update),
      logger: settings.logger,
    });
    this.#followers.add(follower);
    return follower;
  }

  #streamDeps(): StreamDeps {
    const { backend, baseUrl, webSocketUrl } = this.#settings;
    return {
      runtime: this.#runtime,
      openStream: (url, signal, headers) => this.#http.open({ method: 'GET', url }, { signal, headers }),
      webSocketUrl: async () => {
        const given = typeof webSocketUrl === 'function' ? await webSocketUrl() : webSocketUrl;
        return toWebSocketUrl(given ?? backend.webSocket?.path ?? '/', baseUrl).href;
      },
      webSocketHeaders: async (url) => {
        // What webSocketUrl says, or gives, is where the caller wants to be known; a backend's path may lead elsewhere.
        const origin = new URL(url).origin.replace(/^ws/, 'http');
        if (webSocketUrl === undefined && origin !== baseUrl.origin) return {};
        return (await askCredentials(this.#settings)).headers;
      },
    };
  }

  #hostOf(follower: JobFollower): JobHost<VariantOf<B>> {
    return {
      alarms: this.#alarms,
      aborts: this.#aborts,
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
          : this.#calls.run(undefined, options.signal, async (signal) =>
              operation.parse(await this.#http.send(operation.request(args), { repeat: 'safe', signal })),
            ),
    ]);
    return Object.fromEntries(bound);
  }
}

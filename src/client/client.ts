/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyBackend, Backend, InputOf, VariantOf } from '../backends/backend.js';
import { soraGateway } from '../backends/sora-gateway.js';
import { wholeNumber } from '../core/check.js';
import { checkDelayMs } from '../core/check-option.js';
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
import { wordsOf } from '../core/text.js';
import type { DownloadOptions, VideoDownload } from '../core/video-download.js';
import { openDownload } from '../download/download.js';
import { downloadSource } from '../download/source.js';
import { InputError } from '../errors.js';
import { askCredentials } from '../http/credentials.js';
import { createHttpClient } from '../http/request.js';
import type { HttpClient } from '../http/types.js';
import { type JobHost, VideoJob } from '../job/job.js';
import type { WaitEngine, WaitOptions } from '../job/waits.js';
import { Aborts } from '../runtime/aborts.js';
import { Alarms } from '../runtime/alarms.js';
import { type Runtime, randomId } from '../runtime/runtime.js';
import { systemRuntime } from '../runtime/system.js';
import { createRunner } from '../transports/runner.js';
import { StatusCalls } from '../transports/status-calls.js';
import { type StreamDeps, streamsOf } from '../transports/streams.js';
import type { Follower } from '../transports/transport.js';
import { askStatus } from './ask-status.js';
import { Calls, closedError } from './calls.js';
import { Cancels } from './cancels.js';
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
  type HostedClientOptions,
  resolveOptions,
  type Settings,
  toWebSocketUrl,
  type VideoClientOptions,
} from './options.js';
import { type Submission, type SubmitHost, type SubmitOptions, submit } from './submit.js';

/** What the waits of a client share. */
interface EngineParts {
  readonly alarms: Alarms;
  readonly calls: StatusCalls;
}

/** Where each wait has its own follower: how many of them are told what a webhook says. */
const MAX_OWN_FOLLOWERS = 1_000;

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
  readonly #followers = new Set<Follower>();
  readonly #aborts = new Aborts();
  readonly #calls = new Calls(this.#aborts);
  readonly #cancels: Cancels;
  readonly #submits: SubmitHost;
  /** By which a server knows this client again, such as over a socket. */
  readonly #session: string;
  /** What waits share; undefined where each has its own. */
  readonly #shared: EngineParts | undefined;

  /** @throws ConfigurationError that names the option. */
  constructor(options: HostedClientOptions<B>);
  constructor(options: VideoClientOptions<B>);
  constructor(options: VideoClientOptions<B> | HostedClientOptions<B>) {
    this.#settings = resolveOptions(options, soraGateway);
    this.#runtime = systemRuntime(this.#settings);
    this.#session = randomId(this.#runtime);
    this.#http = createHttpClient(this.#settings, this.#runtime);
    const shared = {
      http: this.#http,
      runtime: this.#runtime,
      aborts: this.#aborts,
      logger: this.#settings.logger,
    };
    const { backend, retry } = this.#settings;
    this.#cancels = new Cancels({
      ...shared,
      backend,
      retry,
      askStatus: (jobId, signal, repeat) => this.#askStatus(jobId, signal, repeat),
    });
    this.#submits = {
      ...shared,
      calls: this.#calls,
      cancels: this.#cancels,
      locate: (update) => this.#located(update),
      askStatus: (jobId, signal) => this.#askStatus(jobId, signal, 'never'),
    };
    if (this.#runtime.isPerRequest === true) {
      this.#host = this.#hostOf(() => this.#engine(this.#settings));
    } else {
      this.#shared = this.#engineParts();
      const engine = { ...this.#engine(this.#settings), release() {} };
      this.#host = this.#hostOf(() => engine);
    }
    this.backend = this.#bindOperations();
  }

  /**
   * Submits a job. Sent again only where it provably did nothing: see SubmitOutcomeUnknownError.
   *
   * @throws InputError before anything is sent; ApiError where the server refused; NetworkError where no connection
   * was made; SubmitOutcomeUnknownError where nobody knows whether a job was made.
   */
  async generate(input: InputOf<B>, options: GenerateOptions = {}): Promise<VideoJob<VariantOf<B>>> {
    return this.#submit(this.#submission(input), options);
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
      aborts: this.#aborts,
      logger: this.#settings.logger,
      generate: async (input: InputOf<B>, signal: AbortSignal) => {
        const snapshot = await submit(this.#submits, this.#submission(input), { signal, onAbort: 'finish' });
        // The signal ends the submits; a job that is there lives on.
        return new VideoJob(this.#host, snapshot, true, {});
      },
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
    const intervalMs = checkDelayMs('intervalMs', options.intervalMs) ?? this.#settings.polling.intervalMs;
    const placeholder = initialSnapshot(checkJobId(jobId), 'polling', this.#runtime.now());
    const polling = { ...this.#settings.polling, intervalMs };
    const host = this.#hostOf(() => this.#engine({ ...this.#settings, transports: ['polling'], polling }));
    const job = new VideoJob(host, placeholder, false, options);
    try {
      if (options.onUpdate !== undefined) job.on('update', options.onUpdate);
      return await job.completed();
    } finally {
      job.close();
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
    const { backend, logger, retry, timeouts } = this.#settings;
    const id = checkJobId(isRecord(job) ? job.id : job);
    this.#calls.refuseClosed(id);
    const known = typeof job === 'string' ? undefined : job;
    const { variant = backend.variants[0], output = 0 } = options;
    const wrong = wholeNumber(0, 10_000)(output);
    if (wrong !== undefined) throw new InputError('output', `output ${wrong}`, { jobId: id });
    const askStatus = (signal: AbortSignal) => this.status(id, { signal });
    const controller = new AbortController();
    const { signal: outer } = options;
    outer?.throwIfAborted();
    const source = downloadSource({ backend, id, known, variant, output, askStatus });
    const opened = openDownload(this.#http, source, {
      signal: outer && controller.signal,
      onProgress: options.onProgress,
      onError: (error) => logger.error(`job ${JSON.stringify(id)}: onProgress threw: ${wordsOf(error)}`),
      onDoubt: ({ message }) =>
        logger.warn(
          `job ${JSON.stringify(id)}: its file is asked for again for up to ${timeouts.notReadyMs} ms, in case it is not there yet: ${message}`,
        ),
      notReadyMs: timeouts.notReadyMs,
      requestMs: timeouts.requestMs,
      retry,
      runtime: this.#runtime,
      // One listener on the caller's signal, however many downloads hang on it, and only while they are open.
      whileOpen: (abort) => {
        const over = this.#calls.add(id, abort);
        const stop = outer && this.#aborts.listen(outer, (reason) => controller.abort(reason));
        if (outer?.aborted === true) controller.abort(outer.reason);
        return () => {
          over();
          stop?.();
        };
      },
    });
    return opened.catch((error: unknown) => {
      throw this.#http.told(error, id);
    });
  }

  /**
   * Hands a verified webhook event to whoever waits for its job; it races the streams to one end.
   *
   * @throws InputError for what is none, such as the body of a delivery.
   */
  ingest(event: WebhookEvent): void {
    if (event?.type === 'unknown') return;
    if (typeof event?.snapshot?.id !== 'string') {
      throw new InputError('event', 'event is no WebhookEvent', {
        hint: 'Give what unwrapWebhook resolves with, or what onEvent of a handler is called with.',
      });
    }
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

  /**
   * Cancels a job at the server, where the backend can. Its status is asked first: one that has ended is left alone,
   * since where cancelling is deleting its video would be gone. Resolves with the newest snapshot: failed with
   * `errorCode: 'cancelled'` where the server knows the job no longer, and not ended yet where the server takes a
   * cancel for a wish.
   *
   * @throws ConfigurationError where the backend cannot cancel; ApiError, NetworkError.
   */
  async cancel(jobId: string, options: CallOptions = {}): Promise<JobSnapshot> {
    checkJobId(jobId);
    this.#cancels.checkSupported('backend', 'The job goes on; close() ends only the wait for it.', jobId);
    this.#calls.refuseClosed(jobId);
    options.signal?.throwIfAborted();
    const snapshot = await this.#cancels.owe((signal) => this.#cancels.cancel(jobId, signal), {
      jobId,
      outer: options.signal,
    });
    // Whoever follows it need not ask for what is known here.
    if (isTerminal(snapshot.status)) {
      const { id, ...update } = snapshot;
      for (const follower of this.#followers) follower.ingest({ ...update, jobId: id }, 'polling');
    }
    return snapshot;
  }

  /**
   * Ends everything at once: whoever still waits gets a VideoError of code `closed` with the job's id. Resolves when
   * what was to be cancelled (`cancel()`, `onAbort: 'cancel'` after an abort) has been, after 5 s at most. Never
   * rejects.
   */
  close(): Promise<void> {
    for (const follower of this.#followers) follower.close(closedError);
    this.#calls.close();
    return this.#cancels.close();
  }

  /** As `close()`; for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #submission(input: InputOf<B>): Submission {
    // What fits B's input fits its generate; the settings hold it as any backend.
    const backend = this.#settings.backend as unknown as Backend<InputOf<B>>;
    return {
      encode: () => backend.generate(input, { session: this.#session }),
      parse: (response) => backend.parseGenerate(response),
    };
  }

  async #submit(submission: Submission, options: SubmitOptions): Promise<VideoJob<VariantOf<B>>> {
    const snapshot = await submit(this.#submits, submission, options);
    return new VideoJob(this.#host, snapshot, true, { signal: options.signal });
  }

  async #askStatus(jobId: string, signal: AbortSignal, repeat: 'safe' | 'never'): Promise<JobUpdate> {
    try {
      return this.#located(await askStatus(this.#http, this.#settings.backend, jobId, signal, repeat));
    } catch (error) {
      const cancelled = this.#cancels.explain(jobId, error);
      if (cancelled === undefined) throw this.#http.told(error, jobId);
      return cancelled;
    }
  }

  /** A URL relative to the server would be taken as relative to the page. One that cannot be fetched is dropped. */
  #located(update: JobUpdate): JobUpdate {
    // All that is learned of jobs comes through here.
    if (update.status !== undefined && isTerminal(update.status)) this.#cancels.ended(update.jobId);
    const { outputs, videoUrl = outputs?.[0]?.url } = update;
    if (videoUrl === undefined) return update;
    const places = outputs?.flatMap((output) => {
      const url = this.#resolved(output.url);
      return url === undefined ? [] : [{ ...output, url }];
    });
    return { ...update, videoUrl: this.#resolved(videoUrl), outputs: places };
  }

  #resolved(url: string): string | undefined {
    try {
      return this.#http.resolve(url).href;
    } catch {
      return undefined; // It stays to be seen in `raw`.
    }
  }

  #engineParts(): EngineParts {
    const { polling, retry, timeouts } = this.#settings;
    return {
      alarms: new Alarms(this.#runtime),
      calls: new StatusCalls({
        runtime: this.#runtime,
        concurrency: polling.concurrency,
        maxPauseMs: retry.maxDelayMs,
        quickMs: Math.min(1_000, timeouts.requestMs / 10),
        askStatus: (jobId, signal) => this.#askStatus(jobId, signal, 'never'),
      }),
    };
  }

  /** What follows by these settings until it is released. */
  #engine(settings: Settings): WaitEngine {
    const { alarms, calls } = this.#shared ?? this.#engineParts();
    const follower = createRunner({
      ...this.#streamDeps(),
      runtime: this.#runtime,
      backend: settings.backend,
      settings,
      calls,
      locate: (update) => this.#located(update),
      redact: (text) => this.#http.redact(text),
      logger: settings.logger,
    });
    if (this.#calls.isClosed) follower.close(closedError);
    this.#followers.add(follower);
    // A request that was cut off releases nothing.
    if (this.#shared === undefined && this.#followers.size > MAX_OWN_FOLLOWERS) {
      for (const oldest of this.#followers) {
        this.#followers.delete(oldest);
        break;
      }
    }
    return { alarms, follower, release: () => this.#followers.delete(follower) };
  }

  #streamDeps(): StreamDeps {
    const { backend, baseUrl, webSocketUrl } = this.#settings;
    return {
      runtime: this.#runtime,
      openStream: async (url, signal, headers) =>
        (await this.#http.open({ method: 'GET', url }, { signal, headers })).response,
      webSocketUrl: async () => {
        const given = typeof webSocketUrl === 'function' ? await webSocketUrl() : webSocketUrl;
        const url = toWebSocketUrl(given ?? backend.webSocket?.path ?? '/', baseUrl);
        // A ticket for one connect.
        this.#http.conceal(url.searchParams.values());
        return url.href;
      },
      webSocketHeaders: async (url) => {
        // What webSocketUrl says, or gives, is where the caller wants to be known; a backend's path may lead elsewhere.
        const origin = new URL(url).origin.replace(/^ws/, 'http');
        if (webSocketUrl === undefined && origin !== baseUrl.origin) return {};
        const { headers, secrets } = await askCredentials(this.#settings);
        this.#http.conceal(secrets);
        return headers;
      },
    };
  }

  #hostOf(engine: () => WaitEngine): JobHost<VariantOf<B>> {
    return {
      aborts: this.#aborts,
      engine,
      logger: this.#settings.logger,
      jobMs: this.#settings.timeouts.jobMs,
      download: (job, options) => this.download(job, options),
      cancel: (jobId, options) => this.cancel(jobId, options),
    };
  }

  #bindOperations(): BoundOperations<B> {
    const bound = Object.entries(this.#settings.backend.operations ?? {}).map(([name, operation]) => [
      name,
      // The types of both are those of BoundOperations, which follow from the backend's.
      (args: never, options: GenerateOptions = {}) =>
        'submits' in operation
          ? this.#submit(
              { encode: () => operation.request(args), parse: (response) => operation.parse(response) },
              options,
            )
          : this.#calls.run(undefined, options.signal, async (signal) => {
              const response = await this.#http.send(operation.request(args), { repeat: 'safe', signal });
              try {
                return operation.parse(response);
              } catch (error) {
                throw this.#http.told(error);
              }
            }),
    ]);
    return Object.fromEntries(bound);
  }
}

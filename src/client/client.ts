/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyBackend, InputOf, VariantOf } from '../backends/backend.js';
import { soraGateway } from '../backends/sora-gateway.js';
import { checkCall, checkDownload } from '../core/check-option.js';
import { checkJobId } from '../core/job-id.js';
import { type CompletedJob, isTerminal, type JobSnapshot, type WebhookEvent } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { wordsOf } from '../core/text.js';
import type { DownloadOptions, VideoDownload } from '../core/video-download.js';
import { InputError } from '../errors.js';
import type { VideoJob } from '../job/job.js';
import type { WaitOptions } from '../job/waits.js';
import type { Jobs, ResumeOptions, ResumeResult } from '../jobs/jobs.js';
import { abortable } from '../runtime/abort.js';
import { startLater } from '../runtime/start-later.js';
import type {
  BoundOperations,
  CallOptions,
  DefaultBackend,
  GenerateOptions,
  IngestOptions,
  PollOptions,
} from './client-types.js';
import type { Diagnosis } from './diagnose.js';
import { Following } from './following.js';
import type { GenerateManyOptions, GenerateManyResult } from './generate-many.js';
import { JobMaker } from './job-maker.js';
import { bindOperations, generation } from './operations.js';
import type { HostedClientOptions, VideoClientOptions } from './options.js';
import { part } from './parts.js';
import { resolveOptions } from './resolve-options.js';
import { Server } from './server.js';

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
  /** Where records of jobs are kept: the option of that name. */
  readonly jobs: Jobs | undefined;
  readonly #server: Server;
  readonly #following: Following;
  readonly #jobs: JobMaker<VariantOf<B>>;

  /** @throws ConfigurationError that names the option. */
  constructor(options: HostedClientOptions<B>);
  constructor(options: VideoClientOptions<B>);
  constructor(options: VideoClientOptions<B> | HostedClientOptions<B>) {
    this.#server = new Server(resolveOptions(options, soraGateway), (id) => part('following', id));
    this.#following = new Following(this.#server);
    this.jobs = this.#server.settings.jobs;
    this.#jobs = new JobMaker(this.#server, this.#following, {
      download: (job, options) => this.download(job, options),
      cancel: (jobId, options) => this.cancel(jobId, options),
    });
    this.backend = bindOperations(this.#server, (submission, options) =>
      this.#jobs.submit(submission, options, options.signal),
    );
  }

  /**
   * Submits a job. Sent again only where it provably did nothing: see SubmitOutcomeUnknownError. With a `key` that was
   * used, the job of that key, and nothing is sent.
   *
   * @throws InputError before anything is sent; ApiError where the server refused; NetworkError where no connection
   * was made; SubmitOutcomeUnknownError where nobody knows whether a job was made; JobStoreError before anything is sent.
   */
  async generate(input: InputOf<B>, options: GenerateOptions = {}): Promise<VideoJob<VariantOf<B>>> {
    return this.#jobs.submit(generation<B>(this.#server, input), options, options.signal);
  }

  /**
   * Submits many jobs, a bounded number at once, and yields each result as it comes. One failure does not stop the
   * rest; a 429 slows all down and loses none.
   */
  generateMany(
    inputs: Iterable<InputOf<B>> | AsyncIterable<InputOf<B>>,
    options: GenerateManyOptions<InputOf<B>> = {},
  ): AsyncGenerator<GenerateManyResult<VideoJob<VariantOf<B>>>, void, undefined> {
    const host = {
      ...this.#server,
      // The signal ends the submits; a job that is there lives on.
      generate: (input: InputOf<B>, signal: AbortSignal, key: string | undefined) =>
        this.#jobs.submit(generation<B>(this.#server, input), { key, signal, onAbort: 'finish' }),
    };
    return startLater(async () => (await part('generateMany')).generateMany(host, inputs, options));
  }

  /** Attaches to a job by its id, after a restart too. No I/O until somebody listens. */
  subscribe(jobId: string, options: WaitOptions = {}): VideoJob<VariantOf<B>> {
    return this.#jobs.subscribe(jobId, options);
  }

  /** One status call. */
  async status(jobId: string, options: CallOptions = {}): Promise<JobSnapshot> {
    checkCall(options, checkJobId(jobId));
    return this.#server.status(jobId, options.signal);
  }

  /** Follows a job by polling only, whatever `transports` says. Throws as `VideoJob.completed` does. */
  async poll(jobId: string, options: PollOptions = {}): Promise<CompletedJob> {
    return this.#jobs.poll(jobId, options);
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
    const id = checkJobId(isRecord(job) ? job.id : job);
    checkDownload(options, id);
    const { signal } = options;
    const { download } = await this.#server.calls.run(id, signal, (life) =>
      abortable(part('download', id), life),
    );
    return download(this.#server, id, typeof job === 'string' ? undefined : job, options);
  }

  /**
   * Hands a verified webhook event to whoever waits for its job; it races the streams to one end. With the option `bus`
   * to those in other processes, too: where that cannot be done within 2 s it rejects, and the sender is to come again.
   *
   * @throws InputError for what is none, such as the body of a delivery; JobStoreError; VideoError of code `bus`.
   */
  ingest(event: WebhookEvent, options: IngestOptions = {}): Promise<void> {
    const ingested = this.#ingest(event, options);
    // Who does not wait for it is told as well, and no process ends of it.
    ingested.catch((error) => this.#server.logger.warn(`an event was not ingested: ${wordsOf(error)}`));
    return ingested;
  }

  async #ingest(event: WebhookEvent, { token }: IngestOptions): Promise<void> {
    if (event?.type === 'unknown') return;
    if (typeof event?.snapshot?.id !== 'string') {
      throw new InputError('event', 'event is no WebhookEvent', {
        hint: 'Give what unwrapWebhook resolves with, or onEvent is told.',
      });
    }
    const update = this.#following.learn(event.snapshot, 'webhook');
    if (token !== undefined) await this.#server.jobs?.deliver(token, update);
    await this.#following.publish(event.snapshot);
  }

  /**
   * What the last process left of its jobs, each once: the job, or the error that says why nobody knows whether there is
   * one. Follows none of them by itself. Needs the option `jobs`. A job comes again, in this process or another, until
   * `forget(key)`; one that another process is at work on, for 10 s or longer, comes once that has been dead for 30 s.
   *
   * @throws JobStoreError
   * @example
   * for await (const { record, job, error } of client.resume()) {
   *   if (job === undefined) console.error(error);
   *   else await job.download().then((video) => video.save(`${record.key}.mp4`));
   * }
   */
  resume(options: ResumeOptions = {}): AsyncGenerator<ResumeResult<VideoJob<VariantOf<B>>>, void, undefined> {
    return this.#server.records.resume(options, (job) => this.#jobs.known(job));
  }

  /**
   * Says that the job of a key is that one: found by hand, where nobody knew whether the submit made one.
   *
   * @throws InputError where there is no record of the key, or it or the job is another's; JobStoreError.
   */
  adopt(key: string, jobId: string): Promise<void> {
    return this.#server.records.adopt(key, jobId);
  }

  /**
   * Forgets the record of a key: its job is handled, or of no use any more. The key may be used again then.
   *
   * @throws InputError where there is none; JobStoreError.
   */
  forget(key: string): Promise<void> {
    return this.#server.records.forget(key);
  }

  /** Tries each transport once and says what works, what does not and what to do. Makes no job. */
  async diagnose(options: CallOptions = {}): Promise<Diagnosis> {
    checkCall(options);
    return this.#server.calls.run(undefined, options.signal, async (signal) => {
      const parts = Promise.all([part('diagnose'), part('following')]);
      const [{ diagnose }, { carriesHeaders, streamsOfServer }] = await abortable(parts, signal);
      const streams = streamsOfServer(this.#server, () => part('sse'));
      return diagnose(this.#server, { carriesHeaders, streams }, signal);
    });
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
    const { calls, cancels } = this.#server;
    checkCall(options, checkJobId(jobId));
    cancels.checkSupported('backend', 'The job continues; close() ends only the wait for it.', jobId);
    calls.refuseClosed(jobId);
    options.signal?.throwIfAborted();
    const snapshot = await cancels.owe((signal) => cancels.cancel(jobId, signal), {
      jobId,
      outer: options.signal,
    });
    // Whoever follows it need not ask for what is known here.
    if (isTerminal(snapshot.status)) this.#following.learn(snapshot, 'polling');
    return snapshot;
  }

  /**
   * Ends everything at once: whoever still waits gets a VideoError of code `closed` with the job's id. Resolves when
   * what was to be cancelled (`cancel()`, `onAbort: 'cancel'` after an abort) has been, and what was to be written of
   * jobs, after 5 s at most. Never rejects.
   */
  async close(): Promise<void> {
    const { calls, cancels, jobs } = this.#server;
    this.#following.close();
    calls.close();
    await Promise.all([cancels.close(), jobs?.close()]);
  }

  /** As `close()`; for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

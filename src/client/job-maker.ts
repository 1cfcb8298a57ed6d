import { checkCall, checkDelayMs } from '../core/check-option.js';
import { checkJobId } from '../core/job-id.js';
import { initialSnapshot } from '../core/job-state.js';
import type { CompletedJob } from '../core/model.js';
import { type JobHost, VideoJob } from '../job/job.js';
import type { WaitEngine, WaitOptions } from '../job/waits.js';
import type { PollOptions } from './client-types.js';
import type { Following } from './following.js';
import type { Server } from './server.js';
import { type Submission, type SubmitOptions, type Submitted, submit } from './submit.js';

/** What a job does by the client. */
type JobCalls<Variant extends string> = Pick<JobHost<Variant>, 'download' | 'cancel'>;

/** Makes the jobs of one client: of submits, records and ids. */
export class JobMaker<Variant extends string> {
  readonly #server: Server;
  readonly #following: Following;
  readonly #calls: JobCalls<Variant>;
  readonly #host: JobHost<Variant>;

  constructor(server: Server, following: Following, calls: JobCalls<Variant>) {
    this.#server = server;
    this.#following = following;
    this.#calls = calls;
    this.#host = this.#hostOf(() => following.engine());
  }

  /** @param signal - Ends what waits for the job that is there then. */
  async submit(
    submission: Submission,
    options: SubmitOptions,
    signal?: AbortSignal,
  ): Promise<VideoJob<Variant>> {
    return this.known(await submit(this.#server, submission, options), signal);
  }

  /** A job that the server has. */
  known({ snapshot, key }: Submitted, signal?: AbortSignal): VideoJob<Variant> {
    return new VideoJob(this.#host, snapshot, true, { signal }, key);
  }

  subscribe(jobId: string, options: WaitOptions, host = this.#host): VideoJob<Variant> {
    const placeholder = initialSnapshot(checkJobId(jobId), 'polling', this.#server.runtime.now());
    checkCall(options, jobId, 'timeoutMs', ...(host === this.#host ? [] : POLLED));
    return new VideoJob(host, placeholder, false, options);
  }

  async poll(jobId: string, options: PollOptions): Promise<CompletedJob> {
    const { calls, settings } = this.#server;
    const host = this.#hostOf(() => this.#following.pollingEngine(intervalMs));
    const job = this.subscribe(jobId, options, host);
    calls.refuseClosed(jobId);
    const intervalMs = checkDelayMs('intervalMs', options.intervalMs) ?? settings.polling.intervalMs;
    try {
      if (options.onUpdate !== undefined) job.on('update', options.onUpdate);
      return await job.completed();
    } finally {
      job.close();
    }
  }

  #hostOf(engine: () => WaitEngine): JobHost<Variant> {
    const { aborts, jobs, logger, settings } = this.#server;
    return {
      ...{ aborts, engine, logger, ...this.#calls },
      jobMs: settings.timeouts.jobMs,
      release: (key) => jobs?.release(key),
    };
  }
}

const POLLED = ['intervalMs', 'onUpdate'];

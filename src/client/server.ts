import { applyUpdate } from '../core/job-state.js';
import { isTerminal, type JobSnapshot, type JobUpdate } from '../core/model.js';
import type { Logger } from '../core/settings.js';
import { createHttpClient } from '../http/request.js';
import type { HttpClient } from '../http/types.js';
import type { ClientJobs } from '../jobs/jobs.js';
import { abortable } from '../runtime/abort.js';
import { Aborts } from '../runtime/aborts.js';
import { type Runtime, randomId } from '../runtime/runtime.js';
import { systemRuntime } from '../runtime/system.js';
import { Session } from '../transports/session.js';
import { Calls, needsJobs } from './calls.js';
import { Cancels, type LoadJobCalls } from './cancels.js';
import type { Settings } from './resolve-options.js';

/** The server as one client knows it: how it is reached, what is under way there, and what it says about jobs. */
export class Server {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly retry: Settings['retry'];
  readonly aborts = new Aborts();
  readonly calls = new Calls(this.aborts);
  readonly cancels: Cancels;
  readonly session: Session;
  readonly jobs: ClientJobs | undefined;
  readonly #load: LoadJobCalls;

  constructor(settings: Settings, loadJobCalls: LoadJobCalls) {
    this.settings = settings;
    this.#load = loadJobCalls;
    this.logger = settings.logger;
    this.retry = settings.retry;
    this.runtime = systemRuntime(settings);
    this.session = new Session(() => randomId(this.runtime));
    this.http = createHttpClient(settings, this.runtime);
    this.cancels = new Cancels(this, loadJobCalls);
    this.jobs = settings.jobs?.open(this);
  }

  /** @throws ConfigurationError where the client keeps none. */
  get records(): ClientJobs {
    if (this.jobs) return this.jobs;
    throw needsJobs('jobs');
  }

  get backend(): Settings['backend'] {
    return this.settings.backend;
  }

  /** One status call of the caller's. */
  status(jobId: string, outer: AbortSignal | undefined): Promise<JobSnapshot> {
    return this.calls.run(jobId, outer, async (signal) => {
      const update = await this.askStatus(jobId, signal, 'safe');
      return applyUpdate(undefined, update, 'polling', this.runtime.now());
    });
  }

  async askStatus(
    jobId: string,
    signal: AbortSignal,
    repeat: 'safe' | 'never' = 'never',
  ): Promise<JobUpdate> {
    try {
      const { askStatus } = await abortable(this.#load(jobId), signal);
      return this.locate(await askStatus(this, jobId, signal, repeat));
    } catch (error) {
      throw this.http.told(error, jobId);
    }
  }

  /** A URL relative to the server would be taken as relative to the page. One that cannot be fetched is dropped. */
  locate(update: JobUpdate): JobUpdate {
    // All that is learned of jobs comes through here.
    if (isTerminal(update.status)) {
      this.cancels.ended(update.jobId);
      this.jobs?.ended(update);
    }
    const { outputs, videoUrl = outputs?.[0]?.url } = update;
    if (videoUrl === undefined) return update;
    const places = outputs?.flatMap((output) => {
      const url = this.#resolved(output.url);
      return url === undefined ? [] : [{ ...output, url }];
    });
    // None that can be fetched is as if none was named: the backend may know of another place.
    const found = places?.length === 0 ? undefined : places;
    return { ...update, videoUrl: this.#resolved(videoUrl), outputs: found };
  }

  #resolved(url: string): string | undefined {
    try {
      return this.http.resolve(url).href;
    } catch {
      return undefined; // It stays to be seen in `raw`.
    }
  }
}

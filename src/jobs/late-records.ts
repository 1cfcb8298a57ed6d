import type { JobSnapshot, JobUpdate } from '../core/model.js';
import { uuid } from '../core/uuid.js';
import { VideoError } from '../errors.js';
import { startLater } from '../runtime/start-later.js';
import type { ClientJobs, KeptSubmission, KeyOptions, ResumeOptions, Sending } from './jobs.js';
import type { AnyRequest } from './recorded-post.js';

type Resumed = { readonly snapshot: JobSnapshot; readonly key: string };

/**
 * The records of a client by what a page loads beside all else, which may take a moment or fail: for the next call it is
 * loaded again then. Nothing is sent before it is there, since a record is written first.
 */
export class LateRecords implements ClientJobs {
  readonly #load: () => Promise<ClientJobs>;
  #loading: Promise<ClientJobs> | undefined;
  #loaded: ClientJobs | undefined;
  #isClosed = false;

  constructor(load: () => Promise<ClientJobs>) {
    this.#load = load;
    this.#records().catch(() => {}); // Who needs it is told.
  }

  newKey(): string {
    return this.#loaded?.newKey() ?? uuid();
  }

  submit<Request extends AnyRequest>(submission: KeptSubmission<Request>, options: KeyOptions): Sending {
    if (this.#loaded !== undefined) return this.#loaded.submit(submission, options);
    let sending: Sending | undefined;
    let isAbandoned = false;
    let isOver = false;
    let leave: (reason: unknown) => void = () => {};
    const answer = new Promise<JobSnapshot>((resolve, reject) => {
      leave = reject;
      const begin = (records: ClientJobs) => {
        if (isOver) return;
        sending = records.submit(submission, options);
        if (isAbandoned) sending.abandon();
        sending.answer.then(resolve, reject);
      };
      this.#records().then(begin).catch(reject);
    });
    answer.catch(() => {}); // Nobody may wait for it any more.
    return {
      get key() {
        return sending?.key;
      },
      get howToGoOn() {
        return sending?.howToGoOn;
      },
      answer,
      isAtStake: () => sending?.isAtStake() === true,
      abandon() {
        isAbandoned = true;
        return sending?.abandon() ?? true;
      },
      end(reason) {
        isOver = true;
        if (sending === undefined) leave(reason);
        else sending.end(reason);
      },
    };
  }

  resume<Job>(options: ResumeOptions, attach: (job: Resumed) => Job) {
    return startLater(async () => (await this.#records()).resume(options, attach));
  }

  async adopt(key: string, jobId: string): Promise<void> {
    await (await this.#records()).adopt(key, jobId);
  }

  async forget(key: string): Promise<void> {
    await (await this.#records()).forget(key);
  }

  async deliver(token: string, update: JobUpdate): Promise<void> {
    await (await this.#records()).deliver(token, update);
  }

  ended(update: JobUpdate): void {
    this.#records()
      .then((records) => records.ended(update))
      .catch(() => {});
  }

  release(key: string): void {
    this.#loaded?.release(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#loaded?.close();
  }

  #records(): Promise<ClientJobs> {
    this.#loading ??= this.#load().then(
      (loaded) => {
        // Who waited for it would begin now, and nobody would end that.
        if (this.#isClosed) throw new VideoError('closed', 'the client was closed');
        this.#loaded = loaded;
        return loaded;
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }
}

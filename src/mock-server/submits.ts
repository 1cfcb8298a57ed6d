import { ConfigurationError } from '../errors.js';
import type { Dialect } from './dialect.js';
import type { MockDialect } from './dialect-names.js';
import { given } from './given.js';
import type { MockJob } from './job.js';
import type { MockJobs } from './jobs.js';
import type { MockServiceOptions } from './options.js';
import type { Call, SubmitBehaviour } from './routes.js';

/** Makes jobs of submits; of those with the same `Idempotency-Key` only the first makes one. */
export class Submits {
  readonly #options: Pick<MockServiceOptions, 'idempotency' | 'onSubmit'>;
  readonly #jobs: MockJobs;
  readonly #dialects: Readonly<Record<MockDialect, Dialect>>;
  readonly #byKey = new Map<string, MockJob>();

  constructor(
    options: Pick<MockServiceOptions, 'idempotency' | 'onSubmit'>,
    jobs: MockJobs,
    dialects: Readonly<Record<MockDialect, Dialect>>,
  ) {
    this.#options = options;
    this.#dialects = dialects;
    this.#jobs = jobs;
  }

  make(call: Call, dialect: MockDialect, behaviour: SubmitBehaviour): MockJob {
    const repeated = this.repeated(call, dialect);
    if (repeated !== undefined) return repeated;
    const { input } = call.body;
    const own = this.#options.onSubmit?.({ dialect, input, headers: call.exchange.headers }) ?? {};
    // Left out in silence, the job would run as if nothing had been said of it.
    if ('then' in own)
      throw new ConfigurationError('onSubmit', 'onSubmit gave a promise, and must answer at once');
    const { id = behaviour.id } = own;
    // Of an id of several parts, such as fal's, whoever chooses one chooses the last.
    const place = id?.includes('/') ? id : behaviour.id?.replace(/[^/]*$/, () => id ?? '');
    const job = this.#jobs.create({ ...behaviour, ...given({ ...own, id: place ?? id }), dialect, input });
    const key = this.#keyOf(call, dialect);
    if (key !== undefined) this.#byKey.set(key, job);
    call.entry.jobId = job.id;
    return job;
  }

  /** The job that this submit's key made before, unless it was deleted. */
  repeated(call: Call, dialect: MockDialect): MockJob | undefined {
    const key = this.#keyOf(call, dialect);
    const job = key === undefined ? undefined : this.#byKey.get(key);
    if (job === undefined || this.#jobs.get(job.id) !== job) return undefined;
    call.entry.jobId = job.id;
    return job;
  }

  #keyOf(call: Call, dialect: MockDialect): string | undefined {
    const key = call.exchange.headers.get('idempotency-key');
    const honoured =
      this.#options.idempotency !== false && this.#dialects[dialect].honoursIdempotencyKeys === true;
    return key === null || !honoured ? undefined : `${dialect} ${key}`;
  }
}

import { checkJobInit } from './check-options.js';
import type { MockDialect } from './dialect-names.js';
import { given } from './given.js';
import { MockJob, type MockJobBehaviour, type MockJobInit, type MockJobUpdate, randomHex } from './job.js';
import { newNumber } from './numeric-ids.js';

/** All jobs of a mock server, by id. */
export class MockJobs {
  readonly #jobs = new Map<string, MockJob>();
  readonly #byUpstreamId = new Map<string, MockJob>();
  readonly #listeners = new Set<(update: MockJobUpdate) => void>();
  readonly #starters = new Map<MockDialect, (job: MockJob) => void>();
  readonly #defaults: MockJobBehaviour;
  readonly #newId: (dialect: MockDialect) => string;

  /** @internal */
  constructor(
    defaults: MockJobBehaviour,
    newId: (dialect: MockDialect) => string = () => randomHex(8),
    numericIds = false,
  ) {
    this.#defaults = defaults;
    this.#newId = numericIds ? newNumber : newId;
  }

  /** @internal Jobs of this dialect begin when whoever gets them says so. */
  startBy(dialect: MockDialect, starter: (job: MockJob) => void): void {
    this.#starters.set(dialect, starter);
  }

  /** Makes a job without a submit. */
  create(init: MockJobInit = {}): MockJob {
    checkJobInit(init);
    const dialect = init.dialect ?? 'soraGateway';
    const id = init.id ?? this.#newId(dialect);
    const job = new MockJob({ ...this.#defaults, ...given(init), id, dialect }, (update) => {
      for (const listener of [...this.#listeners]) listener(update);
    });
    this.#jobs.get(id)?.stop();
    this.#jobs.set(id, job);
    this.#byUpstreamId.set(job.upstreamId, job);
    const starter = this.#starters.get(dialect);
    if (starter === undefined) job.start();
    else starter(job);
    return job;
  }

  /** By its own id, or by the one its upstream knows it by; of fal by the request's id, with its app or without. */
  get(id: string): MockJob | undefined {
    return this.#jobs.get(id) ?? this.#byUpstreamId.get(id.replace(/^.*\/requests\//, ''));
  }

  /** Whether there is such a job. */
  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  /** Forgets a job; false where there was none. */
  delete(id: string): boolean {
    const job = this.get(id);
    if (job === undefined) return false;
    job.stop();
    this.#byUpstreamId.delete(job.upstreamId);
    return this.#jobs.delete(job.id);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const job of this.#jobs.values()) job.stop();
    this.#jobs.clear();
    this.#byUpstreamId.clear();
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** The job submitted last. */
  get last(): MockJob | undefined {
    return [...this.#jobs.values()].at(-1);
  }

  /** All of them, the oldest first. */
  values(): IterableIterator<MockJob> {
    return this.#jobs.values();
  }

  /** All of them, the oldest first. */
  [Symbol.iterator](): IterableIterator<MockJob> {
    return this.#jobs.values();
  }

  /** Calls back at every change of any job; returns the way to stop. */
  watch(listener: (update: MockJobUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

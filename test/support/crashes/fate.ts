import type { JobBus } from '../../../src/jobs/bus.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import type { JobStore } from '../../../src/jobs/store.js';

/** What a process is about to do, or has just done: `before add`, `after POST`, `before put submitted` and so on. */
export type Step = `${'before' | 'after'} ${string}`;

/**
 * When a process dies: when a step comes, the so many-th time; or at the so many-th of any, so many microseconds into what it
 * does there.
 */
export type Death =
  | { readonly at: Step; readonly nth?: number }
  | { readonly nth: number; readonly laterUs: number };

/** Ends a process at one of its steps, which are those of its store, of its bus and of its calls to the server. */
export class Fate {
  #death: Death | undefined;
  readonly #die: () => void;
  #steps = 0;
  #isDead = false;

  /** @param die - Ends the process at once; where it returns, all that the process does hangs from then on. */
  constructor(death: Death | undefined, die: () => void) {
    this.#death = death;
    this.#die = die;
  }

  /** From now on it is this one. */
  await(death: Death): void {
    this.#death = death;
    this.#steps = 0;
  }

  async reach(step: Step): Promise<void> {
    if (!this.#isDead && !this.#isDue(step)) return;
    this.die();
    await new Promise(() => {});
  }

  /** The same for what cannot wait. */
  pass(step: Step): void {
    if (this.#isDue(step)) this.die();
  }

  die(): void {
    this.#isDead = true;
    this.#die();
  }

  #isDue(step: Step): boolean {
    const death = this.#death;
    if (death === undefined) return false;
    if ('at' in death) return death.at === step && ++this.#steps === (death.nth ?? 1);
    if (++this.#steps === death.nth) {
      // What the step begins goes on meanwhile: in the threads of the file system, in sockets, in the other processes.
      setImmediate(() => {
        const until = performance.now() + death.laterUs / 1_000;
        while (performance.now() < until);
        this.die();
      });
    }
    return false;
  }

  /** What is done between two steps. */
  async #within<T>(what: string, work: () => Promise<T>): Promise<T> {
    await this.reach(`before ${what}`);
    const result = await work();
    await this.reach(`after ${what}`);
    return result;
  }

  /**
   * The same store for a process that dies.
   *
   * @param leaseMs - Its leases are over after so long, so that nobody waits half a minute for the dead.
   */
  storeOf(store: JobStore, leaseMs = Number.POSITIVE_INFINITY): JobStore {
    return {
      add: (record) => this.#within('add', () => store.add(record)),
      put: (record: JobRecord) => this.#within(`put ${record.state}`, () => store.put(record)),
      get: (key) => this.#within('get', () => store.get(key)),
      delete: (key) => this.#within('delete', () => store.delete(key)),
      list: (query) => this.#listing(store, query),
      find: (jobId) => this.#within('find', async () => store.find?.(jobId)),
      lease: (key, holder, forMs) =>
        this.#within(
          'lease',
          async () => (await store.lease?.(key, holder, Math.min(forMs, leaseMs))) ?? true,
        ),
    };
  }

  async *#listing(store: JobStore, query: Parameters<JobStore['list']>[0]): AsyncGenerator<unknown> {
    for await (const record of store.list(query)) {
      await this.reach('before listed');
      yield record;
      await this.reach('after listed');
    }
  }

  /** The same bus. */
  busOf(bus: JobBus): JobBus {
    return { ...bus, publish: (snapshot) => this.#within('publish', () => bus.publish(snapshot)) };
  }

  /** The platform's fetch for a process that dies; an answer is there once its head is. */
  get fetch(): typeof globalThis.fetch {
    return (resource, init) => this.#within(init?.method ?? 'GET', () => globalThis.fetch(resource, init));
  }
}

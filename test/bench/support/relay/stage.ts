import { startRedis } from '../../../support/redis.js';
import { converse, converseUnder, type Program, runProgram, startProgram } from '../children.js';

/** What signs the webhooks. */
export const SECRET = 'secret-of-the-bench';

/** Jobs `prefix-0`, `prefix-1` …, each of a user of its own, who is called as it is, or all of one. */
export interface Group {
  readonly prefix: string;
  readonly count: number;
  readonly user?: string;
}

/** One page: who it is, and the jobs it is to be told of. */
export interface Page {
  readonly user: string;
  readonly jobs: readonly string[];
}

/** What a process holds, in bytes, and has worked, in milliseconds. */
export interface Usage {
  readonly rss: number;
  readonly rssAfterGc: number;
  readonly heap: number;
  readonly external: number;
  readonly cpuMs: number;
  readonly sockets: number;
}

/** A server of pages: a relay, or what it is beside. */
export interface Served extends Program {
  readonly url: string;
  usage(): Promise<Usage>;
}

export interface RelayConfig {
  readonly transports?: readonly string[];
  readonly intervalMs?: number;
  readonly limits?: Readonly<Record<string, number>>;
  /** What node may take for its heap of old objects, in MB; what it takes by itself where that is undefined. */
  readonly heapMB?: number | undefined;
}

/** A redis and a server behind, with jobs; before them relays as they are deployed, and processes of pages. */
export class Stage implements AsyncDisposable {
  readonly upstream: Program & { readonly url: string };
  readonly redisPort: number;
  readonly #stop: () => Promise<void>;

  private constructor(upstream: Stage['upstream'], redisPort: number, stop: () => Promise<void>) {
    this.upstream = upstream;
    this.redisPort = redisPort;
    this.#stop = stop;
  }

  static async open(groups: readonly Group[]): Promise<Stage> {
    const redis = await startRedis();
    const upstream = await startProgram('relay/upstream.mjs');
    const options = { upstream: upstream.url, redisPort: redis.port, groups };
    await runProgram('relay/seed.mjs', JSON.stringify(options));
    return new Stage(upstream, redis.port, async () => {
      await upstream.stop();
      await redis.stop();
    });
  }

  relay({
    transports = ['polling'],
    intervalMs = 600_000,
    limits = {},
    heapMB,
  }: RelayConfig = {}): Promise<Served> {
    return this.#serve('relay/relay.mjs', { transports, intervalMs, limits, secret: SECRET }, heapMB);
  }

  bare(heapMB?: number): Promise<Served> {
    return this.#serve('relay/bare.mjs', {}, heapMB);
  }

  /** A client on the bus, and a receiver of webhooks. */
  async bus(): Promise<Program & { readonly url: string }> {
    const { upstream, redisPort } = this;
    return startProgram(
      'relay/bus.mjs',
      JSON.stringify({ upstream: upstream.url, redisPort, secret: SECRET }),
    );
  }

  /** Status calls since this was last asked. */
  async calls(): Promise<{ readonly total: number; readonly byJob: Readonly<Record<string, number>> }> {
    return (await this.upstream.ask({ type: 'seen' })) as Awaited<ReturnType<Stage['calls']>>;
  }

  async #serve(name: string, options: object, heapMB?: number): Promise<Served> {
    const { upstream, redisPort } = this;
    const { said, ...program } = await converseUnder(
      heapMB === undefined ? [] : [`--max-old-space-size=${heapMB}`],
      name,
      JSON.stringify({ ...options, upstream: upstream.url, redisPort }),
    );
    return { ...program, url: said as string, usage: () => program.ask({ type: 'usage' }) as Promise<Usage> };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

/** Pages of several processes: what one works is not to be what is measured. */
export class Pages implements AsyncDisposable {
  readonly #programs: readonly Program[];

  private constructor(programs: readonly Program[]) {
    this.#programs = programs;
  }

  static async start(processes: number): Promise<Pages> {
    return new Pages(await Promise.all(Array.from({ length: processes }, () => converse('relay/pages.mjs'))));
  }

  /** Each process has its part of the plan. */
  async openAll(type: 'open' | 'streams' | 'storm', url: string, plan: readonly Page[]): Promise<unknown[]> {
    const count = this.#programs.length;
    const parts = this.#programs.map((_, at) => plan.filter((_, index) => index % count === at));
    return Promise.all(this.#programs.map((program, at) => program.ask({ type, url, plan: parts[at] })));
  }

  ask<Answer>(message: object): Promise<Answer[]> {
    return Promise.all(this.#programs.map((program) => program.ask(message) as Promise<Answer>));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
  }
}

export function pagesOf(prefix: string, count: number, users: number = count): Page[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}-${index % users}`;
    return { user: name, jobs: [name] };
  });
}

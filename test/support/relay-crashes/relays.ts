import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../build-program.js';
import type { Death } from '../crashes/fate.js';
import type { UpstreamKind } from './upstream.js';

/** How one relay lives. */
export interface RelayPlan {
  readonly name: string;
  readonly kind: UpstreamKind;
  /** Where the server behind is. */
  readonly upstream: string;
  /** Where it calls back. */
  readonly hook: string;
  readonly redisPort: number;
  readonly prefix: string;
  /** Between two status calls upstream, in milliseconds. */
  readonly intervalMs: number;
  /** How long an answer from there may take, in milliseconds. */
  readonly requestMs: number;
}

/** What a relay is told: when to die, to drain, or to end. */
export type Order = { readonly die: Death } | { readonly drainMs: number } | { readonly end: true };

/** The file of a relay's process, built once. */
export class RelayProgram implements AsyncDisposable {
  readonly file: string;
  readonly #folder: string;

  private constructor(folder: string, file: string) {
    this.#folder = folder;
    this.file = file;
  }

  static async build(): Promise<RelayProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'reelwire-relays-'));
    return new RelayProgram(folder, buildProgram(new URL('process.ts', import.meta.url), folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ended: Promise<void>;
}

/** The processes that serve, each by its name. */
export class Relays implements AsyncDisposable {
  readonly #program: RelayProgram;
  readonly #plan: Omit<RelayPlan, 'name'>;
  readonly #running = new Map<string, Running>();
  /** What ended otherwise than it was told to, in words. */
  readonly wrong: string[] = [];

  constructor(program: RelayProgram, plan: Omit<RelayPlan, 'name'>) {
    this.#program = program;
    this.#plan = plan;
  }

  /** Those that take connections. */
  get serving(): readonly { readonly name: string; readonly port: number }[] {
    return [...this.#running].map(([name, { port }]) => ({ name, port }));
  }

  /** Resolves once it takes connections. */
  async start(name: string): Promise<void> {
    const child = fork(this.#program.file, [JSON.stringify({ ...this.#plan, name })], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // It is built, and needs nothing of what runs this.
      execArgv: [],
    });
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      words += part;
    });
    const ended = once(child, 'close').then(([code, signal]) => {
      this.#running.delete(name);
      // One that a promise that nobody handles ends has a code of its own.
      if (signal !== 'SIGKILL' && code !== 0) this.wrong.push(`relay ${name} ended with ${code}: ${words}`);
    });
    const [port] = (await Promise.race([once(child, 'message'), ended])) ?? [];
    if (typeof port === 'number') this.#running.set(name, { child, port, ended });
  }

  tell(name: string, order: Order): void {
    this.#running.get(name)?.child.send(order);
  }

  kill(name: string): void {
    this.#running.get(name)?.child.kill('SIGKILL');
  }

  /** Resolves once it has ended, in whichever way. */
  async ended(name: string): Promise<void> {
    await this.#running.get(name)?.ended;
  }

  /** Ends all in good order. */
  async end(): Promise<void> {
    const running = [...this.#running];
    for (const [name] of running) this.tell(name, { end: true });
    await Promise.all(running.map(([, { ended }]) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running];
    for (const [name] of running) this.kill(name);
    await Promise.all(running.map(([, { ended }]) => ended));
  }
}

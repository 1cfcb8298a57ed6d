import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { buildProgram } from '../build-program.js';
import type { Death } from './fate.js';
import type { Fact, Site, Work } from './life.js';

/** How one process lives. */
export interface Plan {
  readonly store: 'file' | 'redis';
  /** The folder, or the port of redis. */
  readonly place: string;
  readonly prefix?: string;
  readonly site: Site;
  /** How far its clock is ahead, in milliseconds. */
  readonly aheadMs: number;
  readonly death?: Death | undefined;
  /** Asks what was left: before all else, or meanwhile. */
  readonly resumes?: 'first' | 'beside' | undefined;
  /** What is done with the keys. */
  readonly work?: Work | undefined;
  /** Its leases are over after so long. @default as long as they are */
  readonly leaseMs?: number;
  readonly keys: readonly string[];
  readonly options?: { readonly requestMs?: number };
}

/** A process that has ended. */
export interface Ended {
  readonly facts: readonly Fact[];
  readonly wasKilled: boolean;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts processes from one file, built once: to start them from source takes ten times as long. */
export class Programs {
  readonly #file: string;
  readonly #children = new Set<ChildProcess>();

  private constructor(file: string) {
    this.#file = file;
  }

  static async build(folder: string): Promise<Programs> {
    return new Programs(buildProgram(new URL('process.ts', import.meta.url), folder));
  }

  start(plan: Plan): Started {
    const child = spawn(process.execPath, [this.#file, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const ended = once(child, 'close').then(([code, signal]): Ended => {
      this.#children.delete(child);
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`a process ended with ${code ?? signal}`);
      // What breaks off in the middle of a line was not told.
      const facts = text.split('\n').slice(0, -1);
      return { facts: facts.map((line) => JSON.parse(line) as Fact), wasKilled: signal === 'SIGKILL' };
    });
    return { child, ended };
  }

  run(plan: Plan): Promise<Ended> {
    return this.start(plan).ended;
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

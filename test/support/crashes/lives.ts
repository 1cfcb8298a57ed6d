import { expect, vi } from 'vitest';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import type { JobStore } from '../../../src/jobs/store.js';
import { Fate, type Step } from './fate.js';
import { clientOf, comeBack, type Fact, type Site, type Work, work } from './life.js';
import type { Plan, Programs } from './programs.js';
import type { Place } from './stage.js';

const HOUR_MS = 3_600_000;

/** How processes of one store live and die. */
export interface Lives {
  readonly store: JobStore;
  /** Begins to work on a key, and is killed at that step, or by `kill`; resolves then. */
  die(site: Site, key: string, kind: Work, at?: Step): { readonly dead: Promise<void>; kill(): void };
  /** The next process, an hour later: what it finds, and what it gets for each key. */
  next(site: Site, keys: readonly string[]): Promise<readonly Fact[]>;
}

export function livesInProcesses(programs: Programs, { store, plan }: Place): Lives {
  return {
    store,
    die(site, key, kind, at) {
      const death = at && { at };
      const { child, ended } = programs.start({
        ...plan,
        site,
        aheadMs: 0,
        death,
        work: kind,
        keys: [key],
      });
      return {
        dead: ended.then(({ wasKilled }) => expect(wasKilled, `killed ${at}`).toBe(true)),
        kill: () => void child.kill('SIGKILL'),
      };
    },
    async next(site, keys) {
      const next: Plan = { ...plan, site, aheadMs: HOUR_MS, resumes: 'first', work: 'submit', keys };
      return (await programs.run(next)).facts;
    },
  };
}

/** In one process: a client that is dropped without being closed, all of whose calls hang. */
export function livesInMemory(): Lives {
  const store = new MemoryJobStore();
  return {
    store,
    die(site, key, kind, at) {
      let die = () => {};
      const dead = new Promise<void>((resolve) => {
        die = resolve;
      });
      const fate = new Fate(at && { at }, die);
      const client = clientOf(site, fate.storeOf(store), { fetch: fate.fetch });
      work(client, site, [key], () => {}, kind).catch(() => {});
      return { dead, kill: () => fate.die() };
    },
    async next(site, keys) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR_MS });
      const facts: Fact[] = [];
      const client = clientOf(site, store, {});
      await comeBack(client, (fact) => facts.push(fact));
      await work(client, site, keys, (fact) => facts.push(fact), 'submit');
      await client.close();
      return facts;
    },
  };
}

import { describe, expect, it } from 'vitest';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import type { JobStore, JobStoreQuery } from '../../../src/jobs/store.js';
import { testJobStore } from '../../../src/jobs/testing.js';

/** The names of the tests that a store does not pass. */
async function failuresOf(makeStore: () => JobStore | Promise<JobStore>): Promise<string[]> {
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  testJobStore(makeStore, { test: (name, run) => tests.push({ name, run }) });
  const failures: string[] = [];
  for (const { name, run } of tests) await run().catch(() => failures.push(name));
  return failures;
}

const isRecord = (value: unknown): value is JobRecord => value !== undefined;

/** Overwrites what is there, whatever the rules say. */
class Bare extends MemoryJobStore {
  async overwrite(record: JobRecord): Promise<JobRecord> {
    await this.delete(record.key);
    await super.add({ ...record, state: 'submitting' });
    if (record.state !== 'submitting') await super.put(record);
    return record;
  }
}

/** Each with the tests that are to find it. */
const BROKEN: readonly (readonly [string, RegExp, new () => JobStore])[] = [
  [
    'add overwrites what is there',
    /^add: leaves a record/,
    class extends Bare {
      override add = (record: JobRecord) => this.overwrite(record);
    },
  ],
  [
    'add keeps a refused record',
    /^add: takes the place/,
    class extends Bare {
      override add = async (record: JobRecord) => (await this.get(record.key)) ?? super.add(record);
    },
  ],
  [
    'add resolves with what was to be added, whatever is there',
    /^add: leaves a record/,
    class extends Bare {
      override add = async (record: JobRecord) => super.add(record).then(() => record);
    },
  ],
  [
    'add looks first and writes later',
    /^add: lets one of many have a key that nobody has/,
    class extends Bare {
      override async add(record: JobRecord) {
        const there = await this.get(record.key);
        if (there !== undefined && there.state !== 'refused') return there;
        await Promise.resolve();
        return this.overwrite(record);
      }
    },
  ],
  [
    'add looks first and writes later where a record was refused',
    /^add: lets one of many have a key that was refused/,
    class extends Bare {
      override async add(record: JobRecord) {
        const there = await this.get(record.key);
        if (there?.state !== 'refused') return super.add(record);
        await Promise.resolve();
        return this.overwrite(record);
      }
    },
  ],
  [
    'add has written nothing yet when it resolves',
    /^add: keeps all/,
    class extends Bare {
      override async add(record: JobRecord) {
        setTimeout(() => super.add(record));
        return record;
      }
    },
  ],
  [
    'metadata is lost',
    /^add: keeps all/,
    class extends Bare {
      override add = ({ metadata: _, ...record }: JobRecord) => super.add(record);
    },
  ],
  [
    'keys that differ by their case are one',
    /^add: tells all keys apart/,
    class extends Bare {
      readonly #of = (record: JobRecord) => ({ ...record, key: record.key.toLowerCase() });
      override add = (record: JobRecord) => super.add(this.#of(record));
      override get = (key: string) => super.get(key.toLowerCase());
    },
  ],
  [
    'long keys are cut',
    /^add: tells all keys apart/,
    class extends Bare {
      readonly #cut = (key: string) => key.slice(0, 200);
      override add = (record: JobRecord) => super.add({ ...record, key: this.#cut(record.key) });
      override get = (key: string) => super.get(this.#cut(key));
    },
  ],
  [
    'what was given is held',
    /^add: keeps what was given/,
    class extends Bare {
      readonly #given = new Map<string, JobRecord>();
      override add = async (record: JobRecord) => {
        const there = await super.add(record);
        if (there.idempotencyKey === record.idempotencyKey) this.#given.set(record.key, record);
        return there;
      };
      override get = async (key: string) => {
        const there = await super.get(key);
        return there && { ...there, metadata: this.#given.get(key)?.metadata };
      };
    },
  ],
  [
    'put creates a record',
    /^put: never creates/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        if ((await this.get(record.key)) === undefined) await this.overwrite(record);
        else await super.put(record);
      };
    },
  ],
  [
    'put creates a record where one was deleted alone',
    /^put: never creates/,
    class extends Bare {
      readonly #deleted = new Set<string>();
      override delete = async (key: string) => {
        this.#deleted.add(key);
        await super.delete(key);
      };
      override put = async (record: JobRecord) => {
        if (!this.#deleted.has(record.key)) return super.put(record);
        this.#deleted.delete(record.key);
        await this.overwrite(record);
      };
    },
  ],
  [
    'put moves a record back',
    /^put: moves no record back/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        const there = await this.get(record.key);
        if (there?.jobId === undefined || there.jobId !== (record.jobId ?? there.jobId))
          return super.put(record);
        await this.overwrite(record);
      };
    },
  ],
  [
    'put replaces one end by the other',
    /^put: moves no record back/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        const there = await this.get(record.key);
        if (there?.state === 'failed' && record.state === 'completed') await this.overwrite(record);
        else await super.put(record);
      };
    },
  ],
  [
    'put replaces the id of a job',
    /^put: never replaces/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        const there = await this.get(record.key);
        if (there?.state === 'submitted' && record.state === 'submitted') await this.overwrite(record);
        else await super.put(record);
      };
    },
  ],
  [
    'put does nothing',
    /^put: brings a record forward/,
    class extends Bare {
      override put = async () => {};
    },
  ],
  [
    'put renews no deadline',
    /^put: renews/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        if (record.state !== 'submitting') await super.put(record);
      };
    },
  ],
  [
    'put writes what belongs to another submit',
    /^put: changes nothing/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        const there = await this.get(record.key);
        await super.put(there === undefined ? record : { ...record, idempotencyKey: there.idempotencyKey });
      };
    },
  ],
  [
    'put looks first and writes later',
    /^put: loses nothing|^put and delete/,
    class extends Bare {
      override put = async (record: JobRecord) => {
        const there = await this.get(record.key);
        await new Promise((resolve) => setTimeout(resolve));
        if (there?.idempotencyKey !== record.idempotencyKey || there.state !== 'submitting') return;
        await this.overwrite(record);
      };
    },
  ],
  [
    'delete does nothing',
    /^add: has a key again/,
    class extends Bare {
      override delete = async () => {};
    },
  ],
  [
    'delete rejects where there is nothing',
    /^get and delete/,
    class extends Bare {
      override delete = async (key: string) => {
        if ((await this.get(key)) === undefined) throw new Error('not found');
        await super.delete(key);
      };
    },
  ],
  [
    'list ignores the group',
    /^list: of a group/,
    class extends Bare {
      override list = ({ open }: JobStoreQuery = {}) => super.list({ open });
    },
  ],
  [
    'list takes what begins like the group for it',
    /^list: of a group/,
    class extends Bare {
      override async *list({ group, open }: JobStoreQuery = {}) {
        for await (const record of super.list({ open }))
          if (record.group?.startsWith(group ?? '') !== false) yield record;
      }
    },
  ],
  [
    'list ignores what is open',
    /^list: of what is open/,
    class extends Bare {
      override list = ({ group }: JobStoreQuery = {}) => super.list({ group });
    },
  ],
  [
    'list has those alone that were submitted',
    /^list: has each record/,
    class extends Bare {
      override async *list(query?: JobStoreQuery) {
        for await (const record of super.list(query)) if (record.state !== 'submitting') yield record;
      }
    },
  ],
  [
    'list reads by position while records go',
    /^list: leaves nothing out/,
    class extends Bare {
      override async *list(query?: JobStoreQuery) {
        for (let i = 0; ; i++) {
          const all: JobRecord[] = [];
          for await (const record of super.list(query)) all.push(record);
          const next = all[i];
          if (next === undefined) return;
          yield next;
        }
      }
    },
  ],
  [
    'find does not forget',
    /^find:/,
    class extends Bare {
      readonly #found = new Map<string, JobRecord>();
      override find = async (jobId: string) => {
        const there = await super.find(jobId);
        if (there !== undefined) this.#found.set(jobId, there);
        return there ?? this.#found.get(jobId);
      };
    },
  ],
  [
    'find has anything',
    /^find:/,
    class extends Bare {
      override find = async () => {
        for await (const record of super.list()) if (isRecord(record)) return record;
        return undefined;
      };
    },
  ],
  [
    'lease is for everybody',
    /^lease: is held/,
    class extends Bare {
      override lease = async () => true;
    },
  ],
  [
    'lease is given back by anybody',
    /^lease: is held/,
    class extends Bare {
      readonly #holders = new Map<string, string>();
      override lease = async (key: string, holder: string, forMs: number) => {
        const mine = (forMs === 0 && this.#holders.get(key)) || holder;
        const isTaken = await super.lease(key, mine, forMs);
        if (isTaken) this.#holders.set(key, mine);
        return isTaken;
      };
    },
  ],
  [
    'lease never runs out',
    /^lease: that is renewed|^lease: goes/,
    class extends Bare {
      override lease = (key: string, holder: string, forMs: number) =>
        super.lease(key, holder, forMs * 10_000);
    },
  ],
  [
    'lease is not renewed',
    /^lease: that is renewed/,
    class extends Bare {
      readonly #first = new Set<string>();
      override lease = async (key: string, holder: string, forMs: number) => {
        const name = JSON.stringify([key, holder]);
        if (this.#first.has(name) && forMs > 0) return true;
        const isTaken = await super.lease(key, holder, forMs);
        if (isTaken) this.#first.add(name);
        return isTaken;
      };
    },
  ],
];

describe('testJobStore', () => {
  it.concurrent('passes a store that keeps its promises, and one without what is optional', async () => {
    class Least extends MemoryJobStore {
      override find = undefined as never;
      override lease = undefined as never;
    }
    expect(await failuresOf(() => new MemoryJobStore())).toEqual([]);
    expect(await failuresOf(async () => new Least())).toEqual([]);
  });

  it.concurrent.each(BROKEN)('finds a store where %s', async (_, finds, Store) => {
    const failures = await failuresOf(() => new Store());
    expect(failures).toContainEqual(expect.stringMatching(finds));
  });

  it('declares each test without a parameter, which Jest would wait for, under a name of its own', () => {
    const names: string[] = [];
    const takesNone: boolean[] = [];
    testJobStore(() => new MemoryJobStore(), {
      test: (name, run) => {
        names.push(name);
        takesNone.push(run.length === 0);
      },
    });
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(25);
    expect(takesNone).not.toContain(false);
  });
});

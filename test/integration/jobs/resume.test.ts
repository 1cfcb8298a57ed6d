import { describe, expect, it, vi } from 'vitest';
import { JobStoreError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import {
  all,
  connect,
  errorOf,
  honouring,
  ignoring,
  input,
  recordsOf,
  startServer,
  storeWith,
} from './support.js';

const DAY_MS = 86_400_000;

/** What a process that died left in the middle of a submit. */
function left(url: string, changes: Partial<JobRecord> = {}): JobRecord {
  const now = Date.now();
  return {
    ...{ version: 1, key: 'order-7', backend: 'soraGateway', baseUrl: url, state: 'submitting' },
    ...{ idempotencyKey: 'idem-1', inputDigest: '0'.repeat(16), decidedBy: now - 1 },
    ...{ createdAt: now - 60_000, updatedAt: now - 60_000 },
    ...changes,
  };
}

describe('resume', () => {
  it('gives jobs that were submitted or have ended, follows none, and gives them again until they are forgotten', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const before = connect(server, { jobs: jobsOver(store) });
    const [open, ended] = [
      await before.generate(input, { key: 'open' }),
      await before.generate(input, { key: 'ended' }),
    ];
    server.jobs.get(ended.id)?.complete();
    await ended.completed();
    await before.close();
    const client = connect(server, { jobs: jobsOver(store) });
    const asked = server.requests.length;
    const results = await all(client.resume());
    expect(results.map(({ record, job }) => [record?.key, record?.state, job?.id])).toEqual([
      ['open', 'submitted', open.id],
      ['ended', 'completed', ended.id],
    ]);
    expect(server.requests.length).toBe(asked);
    server.jobs.get(open.id)?.complete();
    expect((await results[0]?.job?.completed())?.status).toBe('completed');
    expect(await all(client.resume())).toHaveLength(2);
    await client.forget('open');
    await client.forget('ended');
    expect(await all(client.resume())).toEqual([]);
  });

  it('reports a submit whose outcome nobody knows, with where to look, and never sends it again', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url));
    for (const [backend, words] of [
      [ignoring(), 'client.adopt("order-7"'],
      [honouring(), 'generate again with the same key'],
    ] as const) {
      const client = connect(server, { backend, jobs: jobsOver(store) });
      const [result] = await all(client.resume());
      expect(result?.error).toBeInstanceOf(SubmitOutcomeUnknownError);
      expect(result?.error).toMatchObject({ key: 'order-7', hint: expect.stringContaining(words) });
      expect(result?.record).toMatchObject({ key: 'order-7', state: 'submitting' });
      await client.close();
    }
    expect(server.requests).toHaveLength(0);
  });

  it('waits for a submit of another process that may still be answered', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 600 }] });
    const { store } = storeWith();
    const other = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    const submitting = other.generate(input, { key: 'order-7' });
    await expect.poll(() => recordsOf(store)).toHaveLength(1);
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    const [result] = await all(client.resume());
    expect(result?.job?.id).toBe((await submitting).id);
  });

  it('gives none that were refused, none of another group, and none that are too old', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    const old = (days: number) => ({
      updatedAt: Date.now() - days * DAY_MS,
      createdAt: Date.now() - days * DAY_MS,
    });
    await inner.add(left(server.url, { key: 'refused', state: 'refused' }));
    await inner.add(left(server.url, { key: 'ada', group: 'ada', state: 'submitted', jobId: 'job-1' }));
    await inner.add(left(server.url, { key: 'bob', group: 'bob', state: 'submitted', jobId: 'job-2' }));
    await inner.add(left(server.url, { key: 'open-29', state: 'submitted', jobId: 'job-3', ...old(29) }));
    const records = [
      ...(await recordsOf(inner)),
      left(server.url, { key: 'open-31', state: 'submitted', jobId: 'job-4', ...old(31) }),
      left(server.url, { key: 'ended-8', state: 'completed', jobId: 'job-5', ...old(8) }),
    ];
    const client = connect(server, {
      jobs: jobsOver({
        ...store,
        async *list() {
          yield* records;
        },
      }),
    });
    const keys = async (group?: string) =>
      (await all(client.resume({ group }))).map(({ record }) => record?.key);
    expect(await keys()).toEqual(['ada', 'bob', 'open-29']);
    expect(await keys('bob')).toEqual(['bob']);
  });

  it('leaves records of another backend or baseUrl alone, and warns of how many there are', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url, { key: 'a', backend: 'fal' }));
    await inner.add(left(`${server.url}/v2`, { key: 'b', state: 'submitted', jobId: 'job-1' }));
    const warnings: string[] = [];
    const logger = { ...console, warn: (line: string) => void warnings.push(line) };
    const client = connect(server, { jobs: jobsOver(store), logger });
    expect(await all(client.resume())).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('2 records')]);
    expect(await recordsOf(store)).toHaveLength(2);
  });

  it('takes one baseUrl for another only where origin and path say so', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url.replace(/\/$/, ''), { state: 'submitted', jobId: 'job-1' }));
    const client = connect({ url: `${server.url.replace(/\/$/, '')}/` }, { jobs: jobsOver(store) });
    expect(await all(client.resume())).toHaveLength(1);
  });

  it('gives what cannot be read as an error, where no group is asked for, and it can be forgotten', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url, { state: 'submitted', jobId: 'job-1', group: 'ada' }));
    const deleted: string[] = [];
    const client = connect(server, {
      jobs: jobsOver({
        ...store,
        get: async (key) => (key === 'odd' ? { key } : inner.get(key)),
        async delete(key) {
          deleted.push(key);
        },
        async *list(query) {
          yield* inner.list(query);
          if (query?.group === undefined) yield { key: 'odd' };
          if (query?.group === undefined) yield 42;
        },
      }),
    });
    const [, odd, odder] = await all(client.resume());
    expect(odd).toMatchObject({ key: 'odd', record: undefined, error: expect.any(JobStoreError) });
    expect(odder).toMatchObject({ key: undefined, record: undefined, error: expect.any(JobStoreError) });
    expect(await all(client.resume({ group: 'ada' }))).toHaveLength(1);
    await client.forget('odd');
    expect(deleted).toEqual(['odd']);
  });

  it('passes over what another process is at work on, and looks once more when that may have died', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url, { state: 'submitted', jobId: 'job-1' }));
    // Taken 29.6 s ago by a process that has died since.
    await inner.lease('order-7', 'the dead', 1_200);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    try {
      const told: string[] = [];
      const logger = { debug() {}, warn() {}, error() {}, info: (line: string) => told.push(line) };
      const client = connect(server, { jobs: jobsOver(store), logger });
      const resumed = all(client.resume());
      await vi.advanceTimersByTimeAsync(29_000);
      expect(told).toEqual([expect.stringMatching(/^resume waits for 1 records that others hold/)]);
      const settled = await Promise.race([resumed.then(() => true), Promise.resolve(false)]);
      expect(settled).toBe(false);
      await vi.advanceTimersByTimeAsync(1_500);
      expect((await resumed).map(({ job }) => job?.id)).toEqual(['job-1']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('passes over what cannot be leased, tells of it, and looks at it once more', async () => {
    const server = await startServer();
    const failing = new Set(['order-7']);
    const { store, inner } = storeWith((memory) => ({
      async lease(name, ...lease) {
        if (failing.delete(name)) throw new Error('torn');
        return memory.lease(name, ...lease);
      },
    }));
    await inner.add(left(server.url, { state: 'submitted', jobId: 'job-1' }));
    await inner.add(
      left(server.url, { key: 'order-8', idempotencyKey: 'idem-2', state: 'submitted', jobId: 'job-2' }),
    );
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    try {
      const resumed: (string | undefined)[] = [];
      const client = connect(server, { jobs: jobsOver(store), logger });
      const listing = (async () => {
        for await (const { job } of client.resume()) resumed.push(job?.id);
      })();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(resumed).toEqual(['job-2']);
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/passes over key "order-7": .*torn/)]]);
      await vi.advanceTimersByTimeAsync(30_000);
      await listing;
      expect(resumed).toEqual(['job-2', 'job-1']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells of a record that cannot be read while its answer is waited for, and goes on with the rest', async () => {
    const server = await startServer();
    const { store, inner } = storeWith((memory) => ({
      get: async (name) => (name === 'order-7' ? { key: name } : memory.get(name)),
    }));
    const decidedBy = Date.now() + 700;
    await inner.add(left(server.url, { decidedBy }));
    await inner.add(left(server.url, { key: 'order-8', idempotencyKey: 'idem-2', decidedBy }));
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    expect(await all(client.resume())).toMatchObject([
      { key: 'order-7', record: undefined, error: { code: 'job-store' } },
      { record: { key: 'order-8' }, error: { code: 'submit-outcome-unknown' } },
    ]);
    expect(await inner.lease('order-7', 'somebody else', 1)).toBe(true);
  });

  it('ends with its signal, and with the client', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url, { decidedBy: Date.now() + 600_000, updatedAt: Date.now() }));
    const client = connect(server, { jobs: jobsOver(store) });
    const controller = new AbortController();
    const aborted = rejection(all(client.resume({ signal: controller.signal })));
    const closed = errorOf(all(client.resume()));
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    await client.close();
    expect((await closed).code).toBe('closed');
  });

  it('holds what it gives against others, until it is released', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    await inner.add(left(server.url, { state: 'submitted', jobId: 'job-1' }));
    const client = connect(server, { jobs: jobsOver(store) });
    const [result] = await all(client.resume());
    expect(await inner.lease('order-7', 'somebody else', 1_000)).toBe(false);
    result?.job?.close();
    await expect.poll(() => inner.lease('order-7', 'somebody else', 1)).toBe(true);
    await until(() => inner.lease('order-7', 'a third', 0));
    await all(client.resume());
    expect(await inner.lease('order-7', 'somebody else', 1_000)).toBe(false);
    await client.close();
    expect(await inner.lease('order-7', 'somebody else', 1_000)).toBe(true);
  });

  it.each([
    ['gives no result', async () => undefined],
    ['throws', () => Promise.reject(new Error('torn'))],
  ])('fails as a store does where a listing %s and cannot be left, either', async (_, next) => {
    const leave = () => {
      throw new Error('not left');
    };
    const list = () => ({ [Symbol.asyncIterator]: () => ({ next: next as never, return: leave }) });
    const client = connect(await startServer(), { jobs: jobsOver(storeWith(() => ({ list })).store) });
    expect((await errorOf(all(client.resume()))).code).toBe('job-store');
  });

  it('holds nothing that came when nobody waited for it any more', async () => {
    const server = await startServer();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = 0;
    const { store, inner } = storeWith((memory) => ({
      async lease(...lease) {
        if (asked++ === 0) await held;
        return memory.lease(...lease);
      },
    }));
    await inner.add(left(server.url, { state: 'submitted', jobId: 'job-1' }));
    const controller = new AbortController();
    const client = connect(server, { jobs: jobsOver(store) });
    const aborted = rejection(all(client.resume({ signal: controller.signal })));
    await until(() => asked === 1);
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    release();
    await until(() => asked === 2);
    expect(await inner.lease('order-7', 'somebody else', 1_000)).toBe(true);
  });
});

describe('adopt', () => {
  it('binds the job that was found by hand to its key', async () => {
    const server = await startServer();
    const made = await connect(server).generate(input);
    const { store, inner } = storeWith();
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    await inner.add(left(server.url));
    await client.adopt('order-7', made.id);
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: made.id }]);
    await client.adopt('order-7', made.id);
    server.jobs.get(made.id)?.complete();
    const [result] = await all(client.resume());
    await result?.job?.completed();
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'completed' }]);
  });

  it('gives one job to one of two keys that ask for it at the same moment', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    await inner.add(left(server.url));
    await inner.add(left(server.url, { key: 'order-8', idempotencyKey: 'idem-2' }));
    const [first, second] = await Promise.allSettled([
      client.adopt('order-7', 'job-1'),
      client.adopt('order-8', 'job-1'),
    ]);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'invalid-input', field: 'key' } });
    expect((await recordsOf(store)).map(({ jobId }) => jobId)).toEqual(['job-1', undefined]);
    // Nor does one that was refused hold up the next.
    await client.adopt('order-8', 'job-2');
  });

  it('tells of it where two processes gave one job to two keys at the same moment', async () => {
    const server = await startServer();
    let looks = 0;
    const { store, inner } = storeWith((memory) => ({
      // Both look before either writes.
      async find(jobId) {
        const nth = ++looks;
        await until(() => looks >= 2);
        return nth > 2 ? memory.find(jobId) : undefined;
      },
    }));
    await inner.add(left(server.url));
    await inner.add(left(server.url, { key: 'order-8', idempotencyKey: 'idem-2' }));
    const adopted = await Promise.allSettled(
      ['order-7', 'order-8'].map((name) => connect(server, { jobs: jobsOver(store) }).adopt(name, 'job-1')),
    );
    // Whoever looks last sees both.
    const [error] = adopted.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(error.message).toMatch(/"order-7" and "order-8"|"order-8" and "order-7"/);
    expect(error.hint).toContain('forget the other');
  });

  it('refuses a key that is not there, one that has a job, and a job that has a key', async () => {
    const server = await startServer();
    const { store, inner } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    await inner.add(left(server.url));
    await inner.add(
      left(server.url, { key: 'order-8', idempotencyKey: 'idem-2', state: 'submitted', jobId: 'job-8' }),
    );
    await inner.add(left('https://elsewhere', { key: 'order-9', idempotencyKey: 'idem-3' }));
    for (const [key, jobId] of [
      ['order-1', 'job-1'],
      ['order-8', 'job-1'],
      ['order-7', 'job-8'],
      ['order-9', 'job-1'],
    ] as const)
      expect(await errorOf(client.adopt(key, jobId))).toMatchObject({ code: 'invalid-input', field: 'key' });
    expect(await errorOf(client.adopt('order-7', ''))).toMatchObject({
      code: 'invalid-input',
      field: 'jobId',
    });
    expect(await recordsOf(store)).toMatchObject([
      { state: 'submitting' },
      { jobId: 'job-8' },
      { state: 'submitting' },
    ]);
  });
});

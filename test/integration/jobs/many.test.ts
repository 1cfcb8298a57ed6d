import { describe, expect, it } from 'vitest';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { all, connect, ignoring, input, recordsOf, startServer, storeWith, submits } from './support.js';

const inputs = Array.from({ length: 5 }, (_, index) => ({ ...input, script: `video ${index}` }));

describe('generateMany with records', () => {
  it('makes no job twice where the list is submitted again, by the keys that keyOf gives', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const keyOf = (given: object, index: number) => `${index}-${'script' in given}`;
    const ids = async () => {
      const client = connect(server, { jobs: jobsOver(store) });
      const results = await all(client.generateMany(inputs, { keyOf }));
      return results.sort((a, b) => a.index - b.index).map(({ job }) => [job?.key, job?.id]);
    };
    const first = await ids();
    expect(first.map(([key]) => key)).toEqual(inputs.map((_, index) => `${index}-true`));
    expect(await ids()).toEqual(first);
    expect(submits(server)).toBe(5);
  });

  it('waits for the keys that keyOf promises, and tells of one that it rejects', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    const keyOf = async (_: unknown, index: number) => {
      if (index === 1) throw new Error('no database');
      return `later-${index}`;
    };
    const results = (await all(client.generateMany(inputs, { keyOf }))).sort((a, b) => a.index - b.index);
    expect(results.map(({ job, error }) => job?.key ?? (error as Error).message)).toEqual(
      inputs.map((_, index) => (index === 1 ? 'no database' : `later-${index}`)),
    );
    expect(submits(server)).toBe(inputs.length - 1);
  });

  it('waits for a key for as long as a call may take, and submits the rest', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store), timeouts: { requestMs: 2_500 } });
    const keyOf = (_: unknown, index: number) =>
      index === 1 ? new Promise<string>(() => {}) : `key-${index}`;
    const results = (await all(client.generateMany(inputs, { keyOf }))).sort((a, b) => a.index - b.index);
    expect(results.map(({ job, error }) => job?.key ?? (error as Error).message)).toEqual(
      inputs.map((_, index) =>
        index === 1 ? 'keyOf gave no key for input 1 within 2500 ms; nothing was sent' : `key-${index}`,
      ),
    );
    expect(submits(server)).toBe(inputs.length - 1);
  });

  it('waits no longer for a key that does not come once the list is aborted, and submits nothing under a late one', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    const controller = new AbortController();
    let give: ((key: string) => void) | undefined;
    const keyOf = () => new Promise<string>((resolve) => (give = resolve));
    const reading = all(client.generateMany(inputs, { keyOf, concurrency: 1, signal: controller.signal }));
    await expect.poll(() => give).toBeDefined();
    const abortedAt = performance.now();
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    // A submit that is under way is waited for longer.
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
    give?.('late');
    await client.generate(input, { key: 'after-it' });
    expect((await recordsOf(store)).map(({ key }) => key)).toEqual(['after-it']);
    expect(submits(server)).toBe(1);
  });

  it('keeps the key of an input over a 429: it is minted before', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 429, every: 2 }],
    });
    const { store } = storeWith();
    let minted = 0;
    const client = connect(server, {
      backend: ignoring(),
      jobs: jobsOver(store),
      retry: { attempts: 1, minDelayMs: 1, maxDelayMs: 20 },
    });
    const results = await all(client.generateMany(inputs, { keyOf: (_, index) => `${index}-${minted++}` }));
    expect(results.map(({ error }) => error)).toEqual(inputs.map(() => undefined));
    expect(minted).toBe(5);
    expect([...server.jobs]).toHaveLength(5);
    expect((await recordsOf(store)).map(({ state }) => state)).toEqual(inputs.map(() => 'submitted'));
  });

  it('gives each job a key of its own without keyOf, and the error of one that fails its key', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 500, times: 1 }],
    });
    const client = connect(server, { backend: ignoring(), jobs: memoryJobs() });
    const results = await all(client.generateMany(inputs, { concurrency: 1 }));
    expect(results[0]?.error).toMatchObject({
      code: 'submit-outcome-unknown',
      key: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(new Set(results.slice(1).map(({ job }) => job?.key)).size).toBe(4);
  });

  it('tells of a keyOf that throws or gives no key by the result of that input', async () => {
    const server = await startServer();
    const client = connect(server, { jobs: memoryJobs() });
    const keyOf = (_: unknown, index: number) => {
      if (index === 0) throw new Error('mistake');
      if (index === 2) return undefined as unknown as string;
      return index === 1 ? 'a b' : `order-${index}`;
    };
    const results = (await all(client.generateMany(inputs, { keyOf }))).sort((a, b) => a.index - b.index);
    expect(results.slice(0, 3).map(({ error }) => error)).toMatchObject([
      { message: 'mistake' },
      { field: 'key' },
      { field: 'keyOf', message: expect.stringContaining('input 2') },
    ]);
    expect(submits(server)).toBe(2);
  });

  it('is told by each result that keyOf needs records, and sends nothing', async () => {
    const server = await startServer();
    const results = await all(
      connect(server).generateMany(inputs, { keyOf: (_, index) => `order-${index}` }),
    );
    expect(results.map(({ error }) => error)).toEqual(
      inputs.map(() => expect.objectContaining({ code: 'configuration', option: 'key' })),
    );
    expect(submits(server)).toBe(0);
  });
});

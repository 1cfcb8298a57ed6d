import { describe, expect, it, vi } from 'vitest';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { all, connect, errorOf, input, recordsOf, startServer, storeWith, submits } from './support.js';

describe('generate with a key', () => {
  it('makes one job for two clients that share the records', async () => {
    const server = await startServer();
    const jobs = memoryJobs();
    const [first, second] = await Promise.all([
      connect(server, { jobs }).generate(input, { key: 'order-7' }),
      connect(server, { jobs }).generate(input, { key: 'order-7' }),
    ]);
    expect(second.id).toBe(first.id);
    expect([first.key, second.key]).toEqual(['order-7', 'order-7']);
    expect(submits(server)).toBe(1);
  });

  it('gives the same job to a client that comes later, and sends nothing', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const before = connect(server, { jobs: jobsOver(store) });
    const job = await before.generate(input, { key: 'order-7' });
    await before.close();
    const after = connect(server, { jobs: jobsOver(store) });
    const again = await after.generate(input, { key: 'order-7' });
    expect(again.id).toBe(job.id);
    expect(submits(server)).toBe(1);
    server.jobs.get(job.id)?.complete();
    expect((await again.completed()).status).toBe('completed');
    await after.close();
    expect(await recordsOf(store)).toMatchObject([{ key: 'order-7', state: 'completed', jobId: job.id }]);
  });

  it('gives the job of a record that was written by a clock which was not set, and of one far ahead', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    for (const now of [60_000, Date.UTC(2099, 0)]) {
      const key = `order-${now}`;
      vi.useFakeTimers({ toFake: ['Date'], now });
      const { id } = await client.generate(input, { key });
      await expect.poll(() => store.get(key)).toMatchObject({ jobId: id });
      vi.useRealTimers();
      expect((await client.generate(input, { key })).id).toBe(id);
    }
    expect(submits(server)).toBe(2);
  });

  it('is resumed by the client that comes next, until it is forgotten', async () => {
    const server = await startServer();
    const jobs = memoryJobs();
    const before = connect(server, { jobs });
    const job = await before.generate(input, { key: 'order-7', group: 'ada', metadata: { order: 7 } });
    await before.close();
    const client = connect(server, { jobs });
    const [left] = await all(client.resume());
    expect(left?.record).toMatchObject({
      key: 'order-7',
      group: 'ada',
      metadata: { order: 7 },
      jobId: job.id,
    });
    expect(left?.job?.id).toBe(job.id);
    await client.forget('order-7');
    expect(await all(client.resume())).toEqual([]);
    expect(await errorOf(client.forget('order-7'))).toMatchObject({ code: 'invalid-input', field: 'key' });
  });

  it('is refused by a client that keeps no records, as are its group and its metadata', async () => {
    const server = await startServer();
    const client = connect(server);
    for (const name of ['key', 'group', 'metadata'])
      expect(await errorOf(client.generate(input, { [name]: 'x' }))).toMatchObject({
        code: 'configuration',
        option: name,
      });
    const noJobs = {
      ...{ code: 'configuration', option: 'jobs' },
      message: 'jobs: the client was given no jobs, see reelwire/jobs',
    };
    expect(() => client.resume()).toThrow(expect.objectContaining(noJobs));
    for (const call of [async () => client.adopt('order-7', 'job-1'), async () => client.forget('order-7')])
      expect(await errorOf(call())).toMatchObject(noJobs);
    expect(submits(server)).toBe(0);
  });
});

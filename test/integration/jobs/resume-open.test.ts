import { expect, it } from 'vitest';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { all, connect, input, startServer } from './support.js';

it('resume of open jobs alone leaves out those that have ended', async () => {
  const server = await startServer();
  const jobs = memoryJobs();
  const before = connect(server, { jobs });
  const [ended, open] = [
    await before.generate(input, { key: 'order-1' }),
    await before.generate(input, { key: 'order-2' }),
  ];
  server.jobs.get(ended.id)?.complete();
  await ended.completed();
  await before.close();
  const client = connect(server, { jobs });
  const left = await all(client.resume({ open: true }));
  expect(left.map(({ job }) => job?.id)).toEqual([open.id]);
  const keys = (await all(client.resume())).map(({ record }) => record?.key);
  expect(keys.sort()).toEqual(['order-1', 'order-2']);
});

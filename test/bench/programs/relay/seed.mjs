// Submits the jobs that are followed later, by a process of its own: seed.mjs <options as JSON>
import { Redis } from 'ioredis';
import { VideoClient } from '../../../../dist/esm/index.js';
import { redisJobs } from '../../../../dist/esm/jobs/index.js';
import { forEach } from './clock.mjs';

const { upstream, redisPort, groups } = JSON.parse(process.argv[2]);
const redis = new Redis({ port: redisPort, host: '127.0.0.1' });
const client = new VideoClient({ baseUrl: upstream, jobs: redisJobs(redis) });
const jobs = groups.flatMap(({ prefix, count, user }) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}-${index}`,
    group: user ?? `${prefix}-${index}`,
  })),
);
await forEach(jobs, 50, async ({ key, group }) => {
  const job = await client.generate({ walletAddress: '0x123', script: key }, { key, group });
  job.close();
});
await client.close();
console.log(JSON.stringify({ jobs: jobs.length }));
process.exit(0);

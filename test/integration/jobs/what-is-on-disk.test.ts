import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { Jobs } from '../../../src/jobs/jobs.js';
import { fileJobs } from '../../../src/jobs/node.js';
import { redisJobs } from '../../../src/jobs/stores/redis.js';
import { startRedis } from '../../support/redis.js';
import { temporaryFolder } from '../client/support.js';
import { connect, errorOf, ignoring, startServer } from './support.js';

const SECRETS = {
  ...{ token: 'tok-3c1f9a', header: 'hdr-77ab10', prompt: 'prompt-of-the-caller', wallet: '0xdeadbeef' },
  ...{
    signature: 'sig-5e5e5e',
    query: 'query-4d4d4d',
    words: 'words-of-the-server',
    message: 'frames-of-40',
  },
};

interface Place {
  readonly jobs: Jobs;
  /** All that is there, names too. */
  raw(): Promise<string>;
}

async function inFiles(): Promise<Place> {
  const folder = await temporaryFolder();
  const raw = async () => {
    const names = await readdir(folder, { recursive: true });
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
    return [...names, ...texts].join('\n');
  };
  return { jobs: fileJobs(folder), raw };
}

async function inRedis(): Promise<Place> {
  const server = await startRedis();
  const redis = new Redis({ port: server.port, host: '127.0.0.1' });
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
  });
  const raw = async () => {
    const parts: string[] = [];
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      if (type === 'zset') parts.push(key, ...(await redis.zrange(key, '0', '-1')));
      else if (type === 'set') parts.push(key, ...(await redis.smembers(key)));
      else parts.push(key, String(await redis.get(key)));
    }
    return parts.join('\n');
  };
  return { jobs: redisJobs(redis), raw };
}

it.each([
  ['the files of a folder', inFiles],
  ['the keys of a redis', inRedis],
])('%s hold no input, credential, header, signed URL or words of the server', async (_, begin) => {
  const { jobs, raw } = await begin();
  const { prompt, words, token, wallet, signature, message, header } = SECRETS;
  const server = await startServer({
    auth: { type: 'bearer', token },
    faults: [
      {
        ...{ route: 'generate', type: 'status', status: 422, after: 3, times: 1 },
        body: { error: `bad prompt ${prompt}`, message: words },
      },
      { route: 'generate', type: 'status', status: 503, body: { error: words }, carriedOut: true, after: 3 },
    ],
  });
  const client = connect(server, {
    ...{ backend: ignoring(), jobs },
    ...{ auth: { type: 'bearer', token }, headers: { 'x-tenant': header } },
  });
  const input = { walletAddress: wallet, script: prompt };
  const completed = await client.generate(input, { key: 'completed', group: 'ada', metadata: { order: 7 } });
  const failed = await client.generate(input, { key: 'failed' });
  await client.generate(input, { key: 'open' });
  for (const key of ['refused', 'unknown']) await errorOf(client.generate(input, { key }));
  server.jobs.get(completed.id)?.advance({ progress: 41, message });
  server.jobs.get(completed.id)?.complete(message);
  server.jobs
    .get(failed.id)
    ?.fail(`could not fetch https://files.test/in.png?X-Signature=${signature} as ${token}`);
  await completed.completed();
  await errorOf(failed.completed());
  await client.close();

  const text = await raw();
  // It is all there, and is read as it is written.
  for (const state of ['completed', 'failed', 'submitted', 'refused', 'submitting'])
    expect(text).toContain(`"state":"${state}"`);
  expect(text).toContain('https://files.test/in.png?…'.slice(0, 25));
  for (const secret of [...Object.values(SECRETS), '/api/download']) {
    expect(text, secret).not.toContain(secret);
    expect(text, secret).not.toContain(btoa(secret));
  }
});

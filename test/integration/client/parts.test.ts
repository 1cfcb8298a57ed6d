import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loaders } from '../../../src/client/part-loaders.js';
import type { MockServer } from '../../../src/mock-server/index.js';
import { connect, errorOf, input, startServer } from './support.js';

// As in a page, whose parts are files that a server has, or has no longer.
const site = vi.hoisted(() => ({ isUp: true, isFollowing: false, asked: [] as string[] }));
vi.mock('../../../src/client/part-loaders.js', async (original) => {
  const { loaders } = await original<typeof import('../../../src/client/part-loaders.js')>();
  const late = Object.entries(loaders).map(([name, load]) => [
    name,
    async () => {
      site.asked.push(name);
      const isThere = site.isUp || (site.isFollowing && name === 'following');
      if (!isThere) throw new TypeError(`Failed to fetch dynamically imported module: ${name}`);
      return load();
    },
  ]);
  return { loaders: Object.fromEntries(late) };
});

beforeEach(() => {
  site.isUp = true;
  site.isFollowing = false;
  site.asked = [];
});

function complete(server: MockServer, jobId: string): void {
  server.jobs.get(jobId)?.advance({ status: 'completed' });
}

describe('a part of the package that cannot be had', () => {
  it('is an error of the download that names the job and how to go on, and is had by the next call', async () => {
    const server = await startServer();
    const client = connect(server);
    const job = await client.generate(input);
    complete(server, job.id);
    await job.completed();
    site.isUp = false;
    const error = await errorOf(job.download());
    expect(error).toMatchObject({
      code: 'part-not-loaded',
      jobId: job.id,
      message: expect.stringContaining(
        `"download" of reelwire could not be loaded for job ${job.id}: Failed`,
      ),
      hint: expect.stringContaining(`client.subscribe("${job.id}")`),
    });
    site.isUp = true;
    const video = await job.download();
    expect((await video.bytes()).length).toBeGreaterThan(1_000);
  });

  it('is an error of diagnose and of generateMany, which submits nothing then', async () => {
    const server = await startServer();
    const client = connect(server);
    site.isUp = false;
    expect(await errorOf(client.diagnose())).toMatchObject({ code: 'part-not-loaded' });
    const results = client.generateMany([input]);
    expect(await errorOf(results.next())).toMatchObject({ code: 'part-not-loaded' });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(server.requests).toEqual([]);
    site.isUp = true;
    for await (const { job } of client.generateMany([input])) expect(job?.id).toBeTypeOf('string');
  });

  it('ends following clearly where it is the one that follows, and follows again by the next call', async () => {
    site.isUp = false;
    const server = await startServer();
    const client = connect(server);
    const job = await client.generate(input);
    expect(await errorOf(job.completed())).toMatchObject({
      code: 'part-not-loaded',
      jobId: job.id,
      message: expect.stringContaining(
        `"following" of reelwire could not be loaded for job ${job.id}: Failed`,
      ),
      hint: expect.stringContaining(`client.subscribe("${job.id}")`),
    });
    expect(await errorOf(client.poll(job.id))).toMatchObject({ code: 'part-not-loaded', jobId: job.id });
    site.isUp = true;
    const done = job.completed();
    complete(server, job.id);
    expect(await done).toMatchObject({ status: 'completed' });
  });

  it('lets polling follow where it is that of SSE', async () => {
    const server = await startServer({ faults: [{ route: 'websocket', type: 'refuse' }] });
    const job = await connect(server, { polling: { intervalMs: 5_000 } }).generate(input);
    site.isUp = false;
    site.isFollowing = true;
    const transport = new Promise((resolve) => job.on('transport', resolve));
    expect(await transport).toMatchObject({
      transport: 'polling',
      reason: expect.stringContaining('the part "sse" of reelwire could not be loaded'),
    });
    complete(server, job.id);
    await job.completed();
  });

  it('ends following clearly where there is nothing but SSE, and follows again by the next call', async () => {
    const server = await startServer();
    const job = await connect(server, { transports: ['sse'] }).generate(input);
    site.isUp = false;
    site.isFollowing = true;
    expect(await errorOf(job.completed())).toMatchObject({ code: 'part-not-loaded', jobId: job.id });
    site.isUp = true;
    const transport = new Promise((resolve) => job.on('transport', resolve));
    expect(await transport).toMatchObject({ transport: 'sse' });
  });
});

describe('the parts', () => {
  it('that follow are asked for when a client is made, those of SSE and of the download when the first job is followed', async () => {
    const server = await startServer();
    const client = connect(server);
    await client.status(server.jobs.create().id);
    const job = client.subscribe(server.jobs.create().id);
    expect(new Set(site.asked)).toEqual(new Set(['following']));
    job.on('update', () => {});
    expect(site.asked.filter((name) => name !== 'following')).toEqual(['sse', 'download']);
    client.subscribe('another').on('update', () => {});
    expect(site.asked.filter((name) => name !== 'following')).toEqual(['sse', 'download']);
  });

  it('are not asked for where no transport needs them', async () => {
    const server = await startServer();
    connect(server, { transports: ['websocket', 'polling'] })
      .subscribe('job-1')
      .on('update', () => {});
    expect(site.asked).not.toContain('sse');
  });
});

it('a download that is aborted, or whose client is closed, waits for no part', async () => {
  const server = await startServer();
  const client = connect(server);
  const { id } = server.jobs.create();
  complete(server, id);
  const load = vi.spyOn(loaders, 'download').mockReturnValue(new Promise(() => {}));
  const controller = new AbortController();
  const aborted = client.download(id, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  const closed = client.download(id);
  await client.close();
  expect(await errorOf(closed)).toMatchObject({ code: 'closed', jobId: id });
  load.mockRestore();
});

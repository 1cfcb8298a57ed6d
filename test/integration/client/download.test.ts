import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { DownloadError, JobFailedError } from '../../../src/errors.js';
import { type MockServer, mockMedia, patternBytes } from '../../../src/mock-server/index.js';
import { errorOf } from '../../support/rejection.js';
import { serve } from '../http/support.js';
import { connect, input, startServer, temporaryFolder } from './support.js';

async function completedJob(server: MockServer) {
  const job = await connect(server).generate(input);
  server.jobs.get(job.id)?.complete();
  return job;
}

it('a finished video is saved whole, by the server’s name or the caller’s', async () => {
  const server = await startServer();
  const job = await completedJob(server);
  const folder = await temporaryFolder();
  const video = await job.download();
  expect(video).toMatchObject({ size: mockMedia('video').length, contentType: 'video/mp4' });
  expect(video.filename).toMatch(/\.mp4$/);
  await video.save(join(folder, 'out.mp4'));
  expect(await readdir(folder)).toEqual(['out.mp4']);
  expect(new Uint8Array(await readFile(join(folder, 'out.mp4')))).toEqual(new Uint8Array(mockMedia('video')));
});

it('by its id alone a job is downloaded without asking its status', async () => {
  const server = await startServer();
  const { id } = await completedJob(server);
  server.clearRequests();
  await (await connect(server).download(id)).bytes();
  expect(server.requests.map(({ route }) => route)).toEqual(['download']);
});

it('job ids with every kind of character reach the server as they are', async () => {
  const server = await startServer();
  const client = connect(server);
  for (const id of ['a/b', 'a?b', 'a#b', 'a%2Fb', 'a,b', 'ü ✨', 'a&b=c']) {
    server.jobs.create({ id, manual: true }).complete();
    expect(await client.status(id)).toMatchObject({ id, status: 'completed' });
    expect((await (await client.download(id)).bytes()).length).toBe(mockMedia('video').length);
  }
});

it.each(['', '  ', '.', undefined, 7])(
  'an id that is none (%o) is refused before any request',
  async (id) => {
    const server = await startServer();
    const client = connect(server);
    for (const call of [
      () => client.status(id as string),
      () => client.download(id as string),
      () => client.poll(id as string),
    ]) {
      expect(await errorOf(call())).toMatchObject({ code: 'invalid-input', field: 'jobId' });
    }
    expect(() => client.subscribe(id as string)).toThrow(expect.objectContaining({ field: 'jobId' }));
    expect(server.requests).toHaveLength(0);
  },
);

describe('a job that has not completed', () => {
  it('is refused at once, with what to do', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    const error = await errorOf(connect(server).download(job.id));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error).toMatchObject({ code: 'download-not-ready', jobId: job.id });
    expect(error.hint).toContain('completed()');
  });

  it.each([400, 404, 409])('is no failed call where its content is answered %i', async (status) => {
    const server = await startServer({
      faults: [
        { route: 'download', type: 'status', status, body: { error: { message: 'not completed yet' } } },
      ],
    });
    const client = connect(server, { backend: openAIVideos() });
    const { id } = await client.generate({ prompt: 'A lake' });
    server.jobs.get(id)?.advance({ word: 'NOT_START' });
    expect(await errorOf(client.download(id))).toMatchObject({ code: 'download-not-ready', jobId: id });
  });

  it('or has failed, is told so with the reason', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    server.jobs.get(job.id)?.fail('out of memory');
    const error = await errorOf(connect(server).download(job.id));
    expect(error).toBeInstanceOf(JobFailedError);
    expect(error.message).toContain('out of memory');
  });

  it('is waited for by job.download()', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    const downloading = job.download();
    setTimeout(() => server.jobs.get(job.id)?.complete(), 50);
    expect((await (await downloading).bytes()).length).toBe(mockMedia('video').length);
  });

  it('or does not exist, is told as not found, with its id', async () => {
    const server = await startServer();
    expect(await errorOf(connect(server).download('nope'))).toMatchObject({
      code: 'not-found',
      jobId: 'nope',
    });
  });
});

it.each([400, 404, 409, 425])(
  'a video that answers %i for some time after completed is waited for',
  async (status) => {
    const server = await startServer({ notReadyMs: 150, notReadyStatus: status });
    const job = await completedJob(server);
    expect((await (await job.download()).bytes()).length).toBe(mockMedia('video').length);
  },
);

it.each([
  [400, 1],
  [404, 0],
])(
  'of a video that answers %i for ever the logger is warned %i times, with the job and what was answered',
  async (status, times) => {
    const warn = vi.fn();
    const server = await startServer({ notReadyMs: 60_000, notReadyStatus: status });
    const { id } = await completedJob(server);
    const logger = { debug() {}, info() {}, warn, error() {} };
    const client = connect(server, { timeouts: { notReadyMs: 300 }, logger });
    expect(await errorOf(client.download(id))).toMatchObject({ code: 'download-not-ready', status });
    expect(warn).toHaveBeenCalledTimes(times);
    if (times > 0)
      expect(warn.mock.calls[0]?.[0]).toMatch(new RegExp(`job "${id}".* 300 ms.*answered ${status}`));
  },
);

it('a video that never comes is given up after notReadyMs', async () => {
  const server = await startServer({ notReadyMs: 60_000 });
  const { id } = await completedJob(server);
  const error = await errorOf(connect(server, { timeouts: { notReadyMs: 200 } }).download(id));
  expect(error).toMatchObject({ code: 'download-not-ready', jobId: id, status: 404 });
});

describe('results that are only in the object store', () => {
  const backend = vidBuilder({ webhookUrl: 'https://app.example.com/hook' });
  const scenes = { scenes: [{ type: 'hero-title', duration: 4, content: {} }] };
  const auth = { type: 'bearer', token: 'only-for-the-api' } as const;

  it('are fetched by their signed URL, and no credential goes there', async () => {
    const server = await startServer({ s3: 'only', auth });
    const client = connect(server, { backend, auth, headers: { 'x-team': 'only-for-the-api-too' } });
    const job = await client.generate(scenes);
    server.jobs.get(job.id)?.complete();
    expect((await (await job.download()).bytes()).length).toBe(mockMedia('video').length);
    const files = server.requests.filter(({ origin }) => origin === 'files');
    expect(files.length).toBeGreaterThan(0);
    for (const { headers } of files) expect(JSON.stringify(headers)).not.toContain('only-for-the-api');
  });

  it('are fetched by a fresh URL where the one at hand has expired', async () => {
    const server = await startServer({ s3: 'only' });
    const client = connect(server, { backend });
    const job = await client.generate(scenes);
    server.jobs.get(job.id)?.complete();
    const completed = await job.completed();
    server.faults.add({ route: 'files', type: 'expired', times: 1 });
    server.clearRequests();
    expect((await (await client.download(completed)).bytes()).length).toBe(mockMedia('video').length);
    expect(server.requests.filter(({ route }) => route === 'status')).toHaveLength(1);
  });

  it('that stay expired are an error without the signature', async () => {
    const server = await startServer({ s3: 'only', faults: [{ route: 'files', type: 'expired' }] });
    const client = connect(server, { backend });
    const job = await client.generate(scenes);
    server.jobs.get(job.id)?.complete();
    const error = await errorOf(job.download());
    expect(error).toMatchObject({ code: 'download-expired', jobId: job.id });
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 9 })).not.toMatch(/signature=|sig=/i);
  });

  it('hold reels as a variant', async () => {
    const server = await startServer({ s3: 'only', reels: true });
    const client = connect(server, { backend });
    const job = await client.generate({ ...scenes, generateReels: true });
    server.jobs.get(job.id)?.complete();
    const reels = await (await job.download({ variant: 'reels' })).bytes();
    expect(reels).toEqual(new Uint8Array(mockMedia('reels')));
  });
});

it('thumbnail and spritesheet are variants too', async () => {
  const server = await startServer();
  const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
  const job = await client.generate({ prompt: 'a cat' });
  server.jobs.get(job.id)?.complete();
  for (const variant of ['thumbnail', 'spritesheet'] as const) {
    const image = await job.download({ variant });
    expect(image.contentType).toMatch(/^image\//);
    expect(await image.bytes()).toEqual(new Uint8Array(mockMedia(variant)));
  }
  expect(await errorOf(client.download(job.id, { variant: 'poster' as never }))).toMatchObject({
    field: 'variant',
  });
});

it.each(['thumbnail', 'spritesheet'] as const)(
  'the video that a server sends for each variant is no %s',
  async (variant) => {
    const server = await serve((_seen, response) =>
      response.writeHead(200, { 'content-type': 'video/mp4' }).end(mockMedia('video')),
    );
    const client = connect(server, { backend: openAIVideos() });
    expect(await errorOf(client.download('j', { variant }))).toMatchObject({
      code: 'download-not-video',
      message: expect.stringContaining('the video, not a picture of it'),
    });
    expect((await client.download('j')).contentType).toBe('video/mp4');
  },
);

it('the files of one job have names of their own where the server gives none', async () => {
  const server = await serve(({ url }, response) => {
    if (url.startsWith('/api/job-status/')) response.end('{"jobId":"j","status":"completed"}');
    else response.writeHead(200, { 'content-type': 'video/mp4' }).end(mockMedia('video'));
  });
  const client = connect(server, { backend: vidBuilder() });
  expect((await client.download('j')).filename).toBe('video-j.mp4');
  expect((await client.download('j', { variant: 'reels' })).filename).toBe('video-j-reels.mp4');
});

it('a drop in the middle is resumed, and the file is the same', async () => {
  const bytes = 3_000_000;
  const server = await startServer({
    videoBytes: bytes,
    faults: [{ route: 'download', type: 'drop', atByte: 1_000_000, times: 1 }],
  });
  const job = await completedJob(server);
  const folder = await temporaryFolder();
  const path = join(folder, 'out.mp4');
  await (await job.download()).save(path);
  expect(Buffer.compare(await readFile(path), Buffer.from(patternBytes(0, bytes)))).toBe(0);
  expect(server.requests.at(-1)?.headers.range).toMatch(/^bytes=\d+-$/);
});

it.each([
  ['json', 'download-not-video'],
  ['empty', 'download-not-video'],
] as const)('a body that is %s never becomes a file', async (type, code) => {
  const server = await startServer({
    faults: [{ route: 'download', type }],
  });
  const { id } = await completedJob(server);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'out.mp4'), 'what was there');
  const save = async () => (await connect(server).download(id)).save(join(folder, 'out.mp4'));
  expect(await errorOf(save())).toMatchObject({ code, jobId: id });
  expect(await readdir(folder)).toEqual(['out.mp4']);
  expect(await readFile(join(folder, 'out.mp4'), 'utf8')).toBe('what was there');
});

it('a connection that ends after a few bytes each time is taken up again until the file is whole', async () => {
  const server = await startServer({ faults: [{ route: 'download', type: 'short', bytes: 5_000 }] });
  const { id } = await completedJob(server);
  expect(await (await connect(server).download(id)).bytes()).toEqual(new Uint8Array(mockMedia('video')));
  expect(server.requests.filter(({ route }) => route === 'download').length).toBeGreaterThan(2);
});

it('a connection that breaks at the same byte each time is given up, and there is no file', async () => {
  const server = await startServer({
    faults: [
      { route: 'download', type: 'drop', atByte: 5_000 },
      { route: 'download', type: 'no-ranges' },
    ],
  });
  const { id } = await completedJob(server);
  const folder = await temporaryFolder();
  const save = async () => (await connect(server).download(id)).save(join(folder, 'out.mp4'));
  expect(await errorOf(save())).toMatchObject({ code: 'download-incomplete', jobId: id });
  expect(await readdir(folder)).toEqual([]);
});

it('the name of the file cannot leave the folder', async () => {
  const server = await startServer({
    faults: [
      {
        route: 'download',
        type: 'status',
        status: 200,
        body: new Uint8Array(64).fill(1),
        headers: { 'content-type': 'video/mp4', 'content-disposition': 'attachment; filename="../../x"' },
      },
    ],
  });
  const { id } = await completedJob(server);
  expect((await connect(server).download(id)).filename).toMatch(/^x(\.mp4)?$/);
});

it('an abort while saving rejects with its reason and leaves nothing', async () => {
  const server = await startServer({
    faults: [{ route: 'download', type: 'trickle', bytesPerSecond: 2_000 }],
  });
  const { id } = await completedJob(server);
  const folder = await temporaryFolder();
  const controller = new AbortController();
  const video = await connect(server).download(id, { signal: controller.signal });
  const saving = video.save(join(folder, 'out.mp4'));
  await expect.poll(() => readdir(folder)).not.toEqual([]);
  controller.abort('enough');
  await expect(saving).rejects.toBe('enough');
  expect(await readdir(folder)).toEqual([]);
});

it('closing the client ends a download with the job’s id', async () => {
  const server = await startServer({
    faults: [{ route: 'download', type: 'trickle', bytesPerSecond: 2_000 }],
  });
  const { id } = await completedJob(server);
  const client = connect(server);
  const reading = (await client.download(id)).bytes();
  client.close();
  expect(await errorOf(reading)).toMatchObject({ code: 'closed', jobId: id });
  expect(await errorOf(client.download(id))).toMatchObject({ code: 'closed', jobId: id });
});

it('progress tells the bytes received of all', async () => {
  const server = await startServer();
  const job = await completedJob(server);
  const told: { receivedBytes: number; totalBytes?: number }[] = [];
  await (await job.download({ onProgress: (progress) => told.push(progress) })).bytes();
  const size = mockMedia('video').length;
  expect(told.at(-1)).toEqual({ receivedBytes: size, totalBytes: size });
});

import { describe, expect, it } from 'vitest';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { VideoClient } from '../../../src/client/client.js';
import type { JobUpdate } from '../../../src/core/model.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { callsOf, connect, film, plain, routes, textOf } from './support.js';

const ended = { id: 'a', status: 'completed' };
const outputs = [
  { url: '/files/0', type: 'video/mp4' },
  { url: '/files/1', name: 'upright' },
];
const backend = plain({
  download: ({ id, snapshot }, _variant, output = 0) => {
    const url = snapshot?.status === 'completed' ? snapshot.outputs?.[output]?.url : undefined;
    return url === undefined && snapshot === undefined
      ? undefined
      : { method: 'GET', url: url ?? `/jobs/${id}/file` };
  },
});

function serveOutputs(more: Partial<JobUpdate> = {}) {
  return routes({
    'GET /jobs/a': { ...ended, outputs, ...more },
    'GET /files/0': (response) => film(response, 'first'),
    'GET /files/1': (response) => film(response, 'second'),
  });
}

describe('a job of several outputs', () => {
  it('names them all, absolute, the first as its video', async () => {
    const server = await serveOutputs();
    expect(await connect(server.url, backend).poll('a')).toMatchObject({
      videoUrl: `${server.url}/files/0`,
      outputs: [
        { ...outputs[0], url: `${server.url}/files/0` },
        { name: 'upright', url: `${server.url}/files/1` },
      ],
    });
  });

  it('gives each for download, by its place', async () => {
    const server = await serveOutputs();
    const client = connect(server.url, backend);
    const job = await client.poll('a');
    expect(await textOf(client.download(job))).toContain('first');
    expect(await textOf(client.download(job, { output: 1 }))).toContain('second');
    expect((await client.download(job, { output: 1 })).filename).toBe('video-a-2.mp4');
    expect(await textOf(client.download('a', { output: 1 }))).toContain('second');
  });

  it.each([2, -1, 0.5])('has no output %s, which is said before a file is asked for', async (output) => {
    const server = await serveOutputs();
    const client = connect(server.url, backend);
    const job = await client.poll('a');
    const calls = server.seen.length;
    expect(await errorOf(client.download(job, { output }))).toMatchObject({
      name: 'InputError',
      field: 'output',
    });
    expect(server.seen).toHaveLength(calls);
  });

  it('has one output where the server names none', async () => {
    const server = await routes({ 'GET /jobs/a': ended });
    const error = await errorOf(connect(server.url, backend).download('a', { output: 1 }));
    expect(error).toMatchObject({ field: 'output', jobId: 'a' });
    expect(callsOf(server)).toEqual(['GET /jobs/a']);
  });
});

describe('outputs of which not all can be fetched', () => {
  it('leave the file where the backend knows it to be', async () => {
    const bad = [{ url: 'ftp://host/a.mp4' }, { url: 'http://me:secret@host/a.mp4' }];
    for (const outputs of [bad, []]) {
      const server = await routes({
        'GET /jobs/a': { ...ended, outputs },
        'GET /jobs/a/file': (response) => film(response, 'here'),
      });
      const client = connect(server.url, plain());
      expect(await textOf(client.download(await client.poll('a')))).toContain('here');
    }
  });

  it('keep their numbers where a number is what they are fetched by', async () => {
    const server = await serve(({ url }, response) => {
      if (url.includes('content')) film(response, url);
      else json(response, 200, { id: 'a', status: 'completed', unsigned_urls: [null, 'ftp://host/1', '/2'] });
    });
    const client = new VideoClient({ baseUrl: server.url, backend: openRouter(), logger: 'silent' });
    const job = await client.poll('a');
    expect(job.outputs?.map(({ url }) => url.slice(server.url.length))).toEqual([
      '/videos/a/content?index=0',
      '/videos/a/content?index=1',
      '/2',
    ]);
    expect(await textOf(client.download(job, { output: 2 }))).toContain('/videos/a/content?index=2');
    expect(await errorOf(client.download(job, { output: 3 }))).toMatchObject({ field: 'output' });
  });
});

describe('a file that will never come', () => {
  it('ends a download at once, in the words of the server', async () => {
    const server = await routes({ 'GET /jobs/a': { ...ended, gone: 'deleted after an hour' } });
    const client = connect(server.url, backend);
    const job = await client.poll('a');
    for (const one of [job, 'a'] as const) {
      const error = await errorOf(client.download(one));
      expect(error).toMatchObject({ code: 'download-expired', jobId: 'a' });
      expect(error.message).toContain('deleted after an hour');
    }
    expect(callsOf(server)).toEqual(['GET /jobs/a', 'GET /jobs/a']);
  });
});

describe('a job that is missing by a success', () => {
  const missing = { id: 'a', missing: true, message: 'task not found' };

  it('is told as by a 404', async () => {
    const server = await routes({ 'GET /jobs/a': missing });
    const error = await errorOf(connect(server.url, backend).status('a'));
    expect(error).toMatchObject({
      code: 'not-found',
      status: 404,
      jobId: 'a',
      serverMessage: 'task not found',
    });
  });

  it('ends nothing that was known, and is asked for again', async () => {
    const server = await routes({
      'POST /jobs': { id: 'a', status: 'queued' },
      'GET /jobs/a': [missing, missing, missing, missing, ended],
    });
    const job = await connect(server.url, backend).generate({});
    expect((await job.completed({ timeoutMs: 5_000 })).status).toBe('completed');
  });

  it('ends the wait for an id that nobody ever knew', async () => {
    const server = await routes({ 'GET /jobs/a': missing });
    const error = await errorOf(connect(server.url, backend).subscribe('a').completed({ timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: 'not-found', status: 404 });
    expect(server.seen).toHaveLength(3);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { filmStudio } from '../../examples/custom-backend/backend.js';
import { VideoClient } from '../../src/client/client.js';
import { listen } from '../support/listen.js';

/** The film as the server has it; each status call shows the next of `states`. */
let states: object[];
let calls: string[];
let baseUrl: string;

beforeEach(async () => {
  calls = [];
  states = [];
  const server = await listen((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const json = (body: object) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.url?.includes('/file')) {
      const video = Buffer.from(`\0\0\0\x18ftypisom ${request.url}`);
      return response.setHeader('content-type', 'video/mp4').end(video);
    }
    if (request.method === 'POST') return json({ id: 'film/1', state: 'waiting' });
    return json({ id: 'film/1', ...(states.length > 1 ? states.shift() : states[0]) });
  });
  baseUrl = server.url;
});

function studio() {
  return new VideoClient({ baseUrl, backend: filmStudio(), polling: { intervalMs: 5 } });
}

describe('a backend of one file', () => {
  it('generates, is polled, and downloads each of its variants', async () => {
    states = [{ state: 'shooting', percent: 40 }, { state: 'wrapped' }];
    await using client = studio();
    const job = await client.generate({ prompt: 'A cat' });
    expect(job.snapshot).toMatchObject({ id: 'film/1', status: 'queued' });
    expect(await job.completed()).toMatchObject({ status: 'completed', progress: 100 });
    const full = await job.download();
    expect(new TextDecoder().decode(await full.bytes())).toContain('/films/film%2F1/file?cut=full');
    const trailer = await job.download({ variant: 'trailer' });
    expect(new TextDecoder().decode(await trailer.bytes())).toContain('cut=trailer');
    expect(calls.slice(0, 2)).toEqual(['POST /films', 'GET /films/film%2F1']);
  });

  it('tells its failures in the words of the server', async () => {
    states = [{ state: 'scrapped', reason: 'Out of film' }];
    await using client = studio();
    const job = await client.generate({ prompt: 'A cat' });
    await expect(job.completed()).rejects.toMatchObject({ name: 'JobFailedError', reason: 'Out of film' });
  });

  it('refuses its own wrong input, by type and when run', async () => {
    await using client = studio();
    await expect(client.generate({ prompt: '' })).rejects.toMatchObject({
      name: 'InputError',
      field: 'prompt',
    });
    // @ts-expect-error a misspelt field
    await expect(client.generate({ promt: 'A cat' })).rejects.toMatchObject({ field: 'prompt' });
    expect(calls).toEqual([]);
  });

  it('warns of a word that it does not know', async () => {
    states = [{ state: 'on strike' }, { state: 'wrapped' }];
    await using client = studio();
    const job = await client.generate({ prompt: 'A cat' });
    const warnings: string[] = [];
    job.on('warning', ({ message }) => warnings.push(message));
    await job.completed();
    expect(warnings).toEqual([expect.stringContaining('"on strike"')]);
  });
});

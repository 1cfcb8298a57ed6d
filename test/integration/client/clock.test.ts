import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { errorOf } from '../../support/rejection.js';
import { serve } from '../http/support.js';
import { connect, input } from './support.js';

/** Each look at the clock of the machine finds it an hour behind the one before: no wait may be measured by it. */
beforeEach(() => {
  const { now } = Date;
  let looks = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() - ++looks * 3_600_000);
});
afterEach(() => vi.restoreAllMocks());

const json = { 'content-type': 'application/json' };
const slowDown = { ...json, 'retry-after': '1' };
const patience = { retry: { minDelayMs: 10, maxDelayMs: 2_000 } };

describe('a clock that is set back', () => {
  it('lengthens no pause that a status call is asked for', async () => {
    const server = await serve((_seen, response, index) => {
      if (index === 0) response.writeHead(429, slowDown).end('{}');
      else response.writeHead(200, json).end('{"jobId":"j","status":"completed"}');
    });
    const job = connect(server, { ...patience, transports: ['polling'] }).subscribe('j');
    expect((await job.completed()).status).toBe('completed');
  });

  it('lengthens no pause that generateMany is asked for', async () => {
    const server = await serve((_seen, response, index) => {
      if (index === 0) response.writeHead(429, slowDown).end('{}');
      else response.writeHead(200, json).end('{"jobId":"j","status":"queued"}');
    });
    const results = connect(server, patience).generateMany([input]);
    for await (const { job } of results) expect(job?.id).toBe('j');
    expect(server.seen).toHaveLength(2);
  });

  it('lets no download stall for longer than requestMs', async () => {
    const server = await serve((_seen, response) =>
      response
        .writeHead(200, { 'content-type': 'video/mp4', 'content-length': 1_000 })
        .write(new Uint8Array(100).fill(1)),
    );
    const client = connect(server, { backend: openAIVideos(), timeouts: { requestMs: 300 } });
    const video = await client.download('j');
    expect(await errorOf(video.bytes())).toMatchObject({ code: 'download-incomplete' });
  });

  it('has no file waited for longer than notReadyMs', async () => {
    const server = await serve(({ url }, response) => {
      response.writeHead(url.endsWith('/content') ? 404 : 200, json);
      response.end('{"id":"j","status":"completed"}');
    });
    const client = connect(server, { backend: openAIVideos(), timeouts: { notReadyMs: 300 } });
    expect(await errorOf(client.download('j'))).toMatchObject({ code: 'download-not-ready' });
  });
});

import { describe, expect, it } from 'vitest';
import type { GenerateContext } from '../../../src/backends/backend.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { callsOf, connect, type Input, plain } from './support.js';

describe('a backend that chooses the id of a job itself', () => {
  const backend = plain({
    generate: (value: Input) =>
      ({ method: 'POST', url: '/jobs', jobId: 'mine', body: { type: 'json', value } }) as const,
  });

  it('has the job where the answer to the submit was lost and the server knows it', async () => {
    const server = await serve((seen, response) =>
      seen.method === 'POST' ? response.destroy() : json(response, 200, { id: 'mine', status: 'processing' }),
    );
    const job = await connect(server.url, backend).generate({});
    expect(job.snapshot).toMatchObject({ id: 'mine', status: 'processing' });
    expect(callsOf(server)).toEqual(['POST /jobs', 'GET /jobs/mine']);
  });

  it('has the id in the error where the server does not know it, after one question', async () => {
    const server = await serve((seen, response) =>
      seen.method === 'POST' ? response.destroy() : json(response, 404, {}),
    );
    const error = await errorOf(connect(server.url, backend).generate({}));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown', jobId: 'mine' });
    expect(callsOf(server)).toEqual(['POST /jobs', 'GET /jobs/mine']);
  });

  it('has no id in the error of a submit that was refused', async () => {
    const server = await serve((_seen, response) => json(response, 400, {}));
    const error = await errorOf(connect(server.url, backend).generate({}));
    expect([error.code, error.jobId]).toEqual(['bad-request', undefined]);
  });
});

describe('the session of a client', () => {
  it('is the same for each generate, and another for each client', async () => {
    const sessions: (string | undefined)[] = [];
    const backend = plain({
      generate(value: Input, context?: GenerateContext) {
        sessions.push(context?.session);
        return { method: 'POST', url: '/jobs', body: { type: 'json', value } } as const;
      },
    });
    const server = await serve((_seen, response) => json(response, 200, { id: 'a', status: 'queued' }));
    const client = connect(server.url, backend);
    await client.generate({});
    await client.generate({});
    await connect(server.url, backend).generate({});
    expect(sessions[0]).toMatch(/^[0-9a-f]{32}$/);
    expect([sessions[1] === sessions[0], sessions[2] === sessions[0]]).toEqual([true, false]);
  });
});

describe('a server that gives back the input of a job', () => {
  it('loses none by it, however large its files are, in the answer to the submit or of the status', async () => {
    const image = new Uint8Array(2_000_000);
    let input: unknown;
    const server = await serve((seen, response) => {
      if (seen.method === 'POST') ({ input } = JSON.parse(seen.body));
      const status = seen.method === 'POST' ? 'starting' : 'succeeded';
      json(response, 200, { input, id: 'a', status, output: 'https://replicate.delivery/a.mp4' });
    });
    const client = new VideoClient({
      ...{ baseUrl: server.url, logger: 'silent' },
      backend: replicate({ model: 'owner/name' }),
    });
    const job = await client.generate({ input: { image } });
    expect((await job.completed()).videoUrl).toBe('https://replicate.delivery/a.mp4');
    expect(callsOf(server)).toEqual(['POST /predictions', 'GET /predictions/a']);
    const afterRestart = new VideoClient({
      ...{ baseUrl: server.url, logger: 'silent' },
      backend: replicate({ model: 'owner/name' }),
    });
    expect((await afterRestart.subscribe('a').completed()).status).toBe('completed');
  });

  it('loses none by it where the file was sent in a form', async () => {
    const server = await serve((_seen, response) =>
      json(response, 200, { id: 'a', status: 'queued', input_reference: 'A'.repeat(2_000_000) }),
    );
    const client = new VideoClient({ baseUrl: server.url, logger: 'silent', backend: openAIVideos() });
    const job = await client.generate({ prompt: 'A cat', input_reference: new Uint8Array(1_500_000) });
    expect(job.id).toBe('a');
  });
});

describe('an id that is where the backend does not look', () => {
  it('is in the error, however much stands before it', async () => {
    const answer = { echo: { prompt: 'p'.repeat(3_000) }, data: { jobId: 'vid-1' } };
    const server = await serve((_seen, response) => json(response, 200, answer, { location: '/jobs/vid-1' }));
    const client = new VideoClient({
      ...{ baseUrl: server.url, logger: 'silent' },
      backend: openRouter({ model: 'owner/name' }),
    });
    const error = await errorOf(client.generate({ prompt: 'A cat' }));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown', status: 200 });
    expect(error.message).toContain('it has "jobId":"vid-1", Location: /jobs/vid-1');
    expect(callsOf(server)).toEqual(['POST /videos']);
  });
});

describe('an id that cannot be one', () => {
  it.each(['i'.repeat(3_000), '../a'])('is told whole, since the job may be paid for: %.20s', async (id) => {
    const server = await serve((_seen, response) => json(response, 200, { id, status: 'queued' }));
    const client = new VideoClient({
      ...{ baseUrl: server.url, logger: 'silent' },
      backend: openRouter({ model: 'owner/name' }),
    });
    const error = await errorOf(client.generate({ prompt: 'A cat' }));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(error.message).toContain(id);
    expect(callsOf(server)).toEqual(['POST /videos']);
  });
});

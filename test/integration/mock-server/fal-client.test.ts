import { createFal } from '@ai-sdk/fal';
import { ApiError, createFalClient, ValidationError } from '@fal-ai/client';
import { describe, expect, it } from 'vitest';
import {
  createMockServer,
  type MockServer,
  type MockServerOptions,
  mockMedia,
} from '../../../src/mock-server/index.js';

const FAL = 'https://queue.fal.run';
const MODEL = 'fal-ai/veo3.1';
const input = { prompt: 'A boat', duration: '8s' as const };

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ durationMs: 200, auth: { type: 'bearer', token: 'id:secret' }, ...options });
}

/** fal's own client, which has no option for where the service is: the mock is in the place of both of its hosts. */
function official(server: MockServer, credentials = 'id:secret') {
  return createFalClient({
    credentials,
    requestMiddleware: async (request) => ({
      ...request,
      url: request.url.replace(/^https:\/\/(queue\.fal\.run|rest\.fal\.ai)/, server.urlOf('fal')),
    }),
  });
}

describe('the official client cannot tell the mock server from fal', () => {
  it.each([MODEL, 'minimax/h3/text-to-video', 'workflows/acme/reel', 'comfy/acme/reel'])(
    'when it submits to %s, asks for the status and the result by links of its own making',
    async (model) => {
      await using server = await startServer({ manual: true });
      const { queue } = official(server);
      const made = await queue.submit(model, {
        input: { prompt: 'A boat', duration: 5 } as never,
        priority: 'low',
      });
      expect(made).toMatchObject({ status: 'IN_QUEUE', queue_position: 0 });
      const { request_id: requestId } = made;
      server.jobs.last?.advance({ status: 'processing', message: 'Sampling' });
      const running = await queue.status(model, { requestId, logs: true });
      expect(running).toMatchObject({ status: 'IN_PROGRESS', request_id: requestId });
      expect('logs' in running && running.logs.at(-1)?.message).toBe('Sampling');
      server.jobs.last?.complete();
      expect((await queue.status(model, { requestId })).status).toBe('COMPLETED');
      const { data, requestId: told } = await queue.result(model, { requestId });
      expect(told).toBe(requestId);
      const { url } = (data as { video: { url: string } }).video;
      expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(mockMedia());
      expect(server.requests[0]?.headers['x-fal-queue-priority']).toBe('low');
    },
  );

  it.each(['polling', 'streaming'] as const)('when it follows a request by %s to its end', async (mode) => {
    // Long enough to be seen waiting.
    await using server = await startServer({ durationMs: 2_000 });
    const words: string[] = [];
    const lines: string[] = [];
    const { data } = await official(server).subscribe(MODEL, {
      ...{ input, mode, logs: true, pollInterval: 20 },
      onQueueUpdate(update) {
        words.push(update.status);
        if ('logs' in update) lines.push(...update.logs.map(({ message }) => message));
      },
    });
    expect([...new Set(words)].sort()).toEqual(['COMPLETED', 'IN_PROGRESS', 'IN_QUEUE']);
    expect(lines).toContain('Rendering frames: 60/120');
    expect(data.video).toMatchObject({ content_type: 'video/mp4', url: expect.stringMatching(/^http/) });
  });

  it('when a stream of it ends with the request, and begins with how that is', async () => {
    await using server = await startServer({ manual: true });
    const { queue } = official(server);
    const { request_id: requestId } = await queue.submit(MODEL, { input });
    server.jobs.last?.advance({ status: 'processing' });
    const stream = await queue.streamStatus(MODEL, { requestId });
    const words: string[] = [];
    stream.on('data', ({ status }) => {
      words.push(status);
      if (status === 'IN_PROGRESS') server.jobs.last?.complete();
    });
    expect(await stream.done()).toMatchObject({ status: 'COMPLETED' });
    expect(words).toEqual(['IN_PROGRESS', 'COMPLETED']);
    expect(server.streams.open).toEqual([]);
  });

  it('when it uploads what is given as a file, which it does of itself', async () => {
    await using server = await startServer({ manual: true });
    const image = new File([new Uint8Array([137, 80, 78, 71])], 'boat.png', { type: 'image/png' });
    const model = `${MODEL}/image-to-video`;
    await official(server).queue.submit(model, { input: { ...input, image_url: image } as never });
    const [initiate, put, submit] = server.requests;
    expect(initiate).toMatchObject({
      ...{ method: 'POST', path: '/fal/storage/upload/initiate', query: { storage_type: 'fal-cdn-v3' } },
      body: { content_type: 'image/png', file_name: 'boat.png' },
    });
    expect(put).toMatchObject({ method: 'PUT', status: 200, route: 'upload' });
    expect(submit?.body).toMatchObject({ image_url: put?.url });
  });

  it('when it cancels what waits, what runs, what has ended and what there is not', async () => {
    await using server = await startServer({ manual: true });
    const { queue } = official(server);
    const submit = async () => (await queue.submit(MODEL, { input })).request_id;
    const waiting = await submit();
    await queue.cancel(MODEL, { requestId: waiting });
    await expect(queue.status(MODEL, { requestId: waiting })).rejects.toMatchObject({ status: 404 });
    const running = await submit();
    server.jobs.last?.advance({ status: 'processing' });
    await queue.cancel(MODEL, { requestId: running });
    expect((await queue.status(MODEL, { requestId: running })).status).toBe('COMPLETED');
    await expect(queue.result(MODEL, { requestId: running })).rejects.toMatchObject({ status: 499 });
    await expect(queue.cancel(MODEL, { requestId: running })).rejects.toMatchObject({
      ...{ status: 400, body: { status: 'ALREADY_COMPLETED' } },
    });
    await expect(queue.cancel(MODEL, { requestId: 'none' })).rejects.toMatchObject({
      ...{ status: 404, body: { status: 'NOT_FOUND' } },
    });
  });

  it('when its input is wrong, which only the result says', async () => {
    await using server = await startServer();
    const wrong = official(server).subscribe(MODEL, { input: { duration: '9s' } as never, pollInterval: 20 });
    const error = await wrong.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).fieldErrors).toMatchObject([
      { loc: ['body', 'prompt'], msg: 'Field required', type: 'missing' },
      { loc: ['body', 'duration'], type: 'literal_error' },
    ]);
  });

  it('when it is refused', async () => {
    await using server = await startServer({ manual: true });
    const wrong = official(server, 'id:wrong').queue.submit(MODEL, { input });
    await expect(wrong).rejects.toMatchObject({ name: 'ApiError', status: 401 });
    await expect(wrong).rejects.toBeInstanceOf(ApiError);
    const { queue } = official(server);
    await expect(queue.status(MODEL, { requestId: 'none' })).rejects.toMatchObject({ status: 404 });
    const { request_id: requestId } = await queue.submit(MODEL, { input });
    await expect(queue.result(MODEL, { requestId })).rejects.toMatchObject({
      ...{ status: 400, body: { detail: 'Request is still in progress' } },
    });
    await expect(queue.status('fal-ai/other', { requestId })).rejects.toMatchObject({ status: 404 });
  });

  it('when it repeats a submit, each of which is a request', async () => {
    await using server = await startServer({
      ...{
        manual: true,
        faults: [{ route: 'generate', type: 'status', status: 502, carriedOut: true, times: 1 }],
      },
    });
    await official(server).queue.submit(MODEL, { input });
    expect(server.jobs.size).toBe(2);
  });
});

describe('the AI SDK cannot tell the mock server from fal', () => {
  // It sends the key to links of the origin that it submitted to alone, so the mock has to be at fal's.
  const model = (server: MockServer) =>
    createFal({
      apiKey: 'id:secret',
      async fetch(url, init) {
        const place = server.urlOf('fal');
        const answer = await fetch(String(url).replace(FAL, place), init);
        const { status, headers } = answer;
        return new Response((await answer.text()).replaceAll(place, FAL), { status, headers });
      },
    }).video(MODEL);
  const call = { prompt: 'A boat', n: 1, aspectRatio: '16:9', duration: 8 } as const;
  const options = { providerOptions: { fal: { pollIntervalMs: 20 } } };

  it('when it makes a video', async () => {
    await using server = await startServer();
    const { videos, warnings } = await model(server).doGenerate({ ...call, ...options } as never);
    expect(warnings).toEqual([]);
    expect(videos).toMatchObject([{ type: 'url', mediaType: 'video/mp4' }]);
    const [video] = videos;
    if (video?.type !== 'url') throw new Error('no URL');
    expect(new Uint8Array(await (await fetch(video.url)).arrayBuffer())).toEqual(mockMedia());
    expect(server.requests.map(({ route }) => route)).toContain('result');
  });

  it('when the model refuses', async () => {
    await using server = await startServer();
    const wrong = model(server).doGenerate({ ...call, ...options, duration: 9 } as never);
    await expect(wrong).rejects.toMatchObject({ statusCode: 422 });
  });
});

import OpenAI, { toFile } from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { rejection } from '../../support/rejection.js';

const KEY = 'sk-1';

/** The official client, and a server whose jobs are moved on by hand. */
async function start(options: MockServerOptions = {}) {
  const auth = { type: 'bearer', token: KEY } as const;
  const server = await createMockServer({ manual: true, auth, ...options });
  onTestFinished(() => server.close());
  const client = (apiKey = KEY) =>
    new OpenAI({ apiKey, baseURL: `${server.urlOf('openaivideos')}/v1`, maxRetries: 0 });
  return { server, client };
}

describe("OpenAI's own client", () => {
  it('takes a job from submit to a file, lists it and deletes it', async () => {
    const { server, client } = await start();
    const { videos } = client();
    const made = await videos.create({ model: 'sora-2', prompt: 'A cat', seconds: '8', size: '1280x720' });
    expect(made).toMatchObject({
      ...{ object: 'video', status: 'queued', progress: 0, prompt: 'A cat', seconds: '8', size: '1280x720' },
      ...{ error: null, completed_at: null, expires_at: null, remixed_from_video_id: null },
    });
    const job = server.jobs.get(made.id);
    job?.advance({ status: 'processing', progress: 40 });
    expect(await videos.retrieve(made.id)).toMatchObject({ status: 'in_progress', progress: 40 });
    job?.complete();
    const done = await videos.retrieve(made.id);
    expect(done).toMatchObject({ status: 'completed', progress: 100 });
    expect(Number(done.expires_at)).toBeGreaterThan(Number(done.completed_at));

    const content = await videos.downloadContent(made.id);
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(mockMedia());
    const thumbnail = await videos.downloadContent(made.id, { variant: 'thumbnail' });
    expect(new Uint8Array(await thumbnail.arrayBuffer())).toEqual(mockMedia('thumbnail'));

    const remix = await videos.remix(made.id, { prompt: 'Bluer' });
    expect(remix).toMatchObject({ remixed_from_video_id: made.id, status: 'queued', size: '1280x720' });
    const ids: string[] = [];
    for await (const video of videos.list({ limit: 1 })) ids.push(video.id);
    expect(ids).toEqual([remix.id, made.id]);

    expect(await videos.delete(made.id)).toEqual({ id: made.id, object: 'video.deleted', deleted: true });
    expect(await rejection(videos.retrieve(made.id))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('uploads a picture to begin with', async () => {
    const { server, client } = await start();
    const input_reference = await toFile(Uint8Array.of(137, 80), 'in.png', { type: 'image/png' });
    await client().videos.create({ prompt: 'A cat', input_reference });
    expect(server.requests.at(-1)).toMatchObject({
      body: { prompt: 'A cat' },
      files: [{ name: 'input_reference', filename: 'in.png', contentType: 'image/png' }],
    });
  });

  it('reads why a job has failed', async () => {
    const { server, client } = await start();
    const { videos } = client();
    const { id } = await videos.create({ prompt: 'A cat' });
    server.jobs.get(id)?.fail('It was blocked.', 'moderation_blocked');
    expect(await videos.retrieve(id)).toMatchObject({
      ...{ status: 'failed', error: { code: 'moderation_blocked', message: 'It was blocked.' } },
    });
  });

  it('throws the errors that it has for what is refused', async () => {
    const { client } = await start();
    const { videos } = client();
    const unknown = await rejection(videos.retrieve('video_x'));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: 'video_not_found', requestID: expect.stringMatching(/^req_/) });
    expect(await rejection(videos.create({ prompt: '' }))).toMatchObject({
      ...{ status: 400, param: 'prompt', code: 'missing_required_parameter' },
    });
    expect(await rejection(client('sk-2').videos.list())).toBeInstanceOf(OpenAI.AuthenticationError);
    const { id } = await videos.create({ prompt: 'A cat' });
    expect(await rejection(videos.downloadContent(id))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await rejection(videos.remix(id, { prompt: 'Bluer' }))).toBeInstanceOf(OpenAI.BadRequestError);
  });

  it.each(['vllm-omni', 'sglang', 'tensorrt-llm', 'fastvideo', 'litellm', 'new-api', 'azure'] as const)(
    'takes a job from submit to a file at a server of the flavour %s',
    async (flavour) => {
      const { server, client } = await start({ openAI: { flavour } });
      const { videos } = client();
      const { id } = await videos.create({ model: 'm-1', prompt: 'A cat' });
      expect((await videos.retrieve(id)).status).toBe(flavour === 'new-api' ? 'unknown' : 'queued');
      server.jobs.last?.complete();
      expect((await videos.retrieve(id)).status).toBe('completed');
      const content = await videos.downloadContent(id);
      expect(new Uint8Array(await content.arrayBuffer())).toEqual(mockMedia());
    },
  );
});

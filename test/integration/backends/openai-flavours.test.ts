import { describe, expect, it, onTestFinished } from 'vitest';
import { type OpenAIVideo, openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import {
  createMockServer,
  type MockJobBehaviour,
  type MockOpenAIFlavour,
  mockMedia,
} from '../../../src/mock-server/index.js';
import { errorOf } from '../client/support.js';

const KEY = 'sk-1';

/** How a client of each is given its key. */
const HEADERS: Partial<Record<MockOpenAIFlavour, Record<string, string>>> = {
  azure: { 'api-key': KEY },
  inworld: { authorization: `Basic ${KEY}` },
};

/** A client of a server of this flavour, whose jobs are moved on by hand. */
async function start(flavour: MockOpenAIFlavour, behaviour: MockJobBehaviour = {}) {
  const server = await createMockServer({
    ...{ manual: true, auth: { type: 'bearer', token: KEY }, openAI: { flavour } },
    ...behaviour,
  });
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const client = new VideoClient({
    ...{ baseUrl: server.urlOf('openaivideos'), backend: openAIVideos() },
    logger: { debug() {}, info() {}, warn: log, error: log },
    headers: HEADERS[flavour] ?? { authorization: `Bearer ${KEY}` },
    polling: { intervalMs: 20 },
    timeouts: { missingMs: 400, notReadyMs: 400, jobMs: 30_000 },
    retry: { minDelayMs: 1, maxDelayMs: 20 },
  });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const generate = async (input: Partial<OpenAIVideo> = {}) => {
    const job = await client.generate({ prompt: 'A cat', model: 'm-1', ...input });
    const mock = server.jobs.last;
    if (mock === undefined) throw new Error('the server has no job');
    return { job, mock };
  };
  return { server, client, generate, logged };
}

const ALL: readonly MockOpenAIFlavour[] = [
  ...(['openai', 'vllm-omni', 'sglang', 'tensorrt-llm', 'fastvideo'] as const),
  ...(['litellm', 'new-api', 'new-api-rc30', 'inworld', 'azure'] as const),
];
const without = (...names: readonly MockOpenAIFlavour[]) => ALL.filter((name) => !names.includes(name));

describe('openAIVideos with a server of the flavour', () => {
  it.each(ALL)('%s: follows a job to its end, without a warning', async (flavour) => {
    const { client, generate } = await start(flavour);
    const { job, mock } = await generate();
    const told: string[] = [];
    job.on('warning', ({ message }) => told.push(message));
    const ended = job.completed();
    expect((await client.status(job.id)).status).toBe('queued');
    mock.advance({ status: 'processing', progress: 50 });
    // SGLang says queued until the end.
    expect((await client.status(job.id)).status).toBe(flavour === 'sglang' ? 'queued' : 'processing');
    mock.advance({ status: 'processing', progress: 95 });
    await client.status(job.id);
    mock.complete();
    expect(await ended).toMatchObject({ id: job.id, status: 'completed' });
    expect(told).toEqual([]);
  });

  it.each(without('new-api-rc30'))(
    '%s: downloads the file, whole, and sends no key elsewhere',
    async (flavour) => {
      const { server, client, generate } = await start(flavour);
      const { job, mock } = await generate();
      mock.complete();
      expect(await (await client.download(await job.completed())).bytes()).toEqual(mockMedia());
      const atStore = server.requests.filter(({ origin }) => origin === 'files');
      expect(
        atStore.flatMap(({ headers }) => [headers.authorization, headers['api-key']]).filter(Boolean),
      ).toEqual([]);
      expect(atStore.length > 0).toBe(flavour === 'inworld');
    },
  );

  it('new-api-rc30: says at once that there is no file', async () => {
    const { server, client, generate } = await start('new-api-rc30');
    const { job, mock } = await generate();
    mock.complete();
    expect(await errorOf(client.download(await job.completed()))).toMatchObject({
      ...{ name: 'DownloadError', code: 'download-expired' },
      message: expect.stringContaining('new-api#7194'),
    });
    expect(server.requests.some(({ route }) => route === 'download')).toBe(false);
  });

  it('litellm: tells a job that has failed as an outage, so that the time limit ends the wait', async () => {
    const { generate } = await start('litellm');
    const { job, mock } = await generate();
    mock.fail('blocked by moderation');
    expect(await errorOf(job.completed({ timeoutMs: 500 }))).toMatchObject({
      ...{ name: 'JobTimeoutError', message: expect.stringContaining('blocked by moderation') },
    });
  });

  it('vllm-omni: takes a picture as a file, or where it has a field for its URL', async () => {
    const { server, generate } = await start('vllm-omni');
    const image = { image_url: 'https://example.com/a.png' };
    await generate({ input_reference: Uint8Array.of(137, 80), seconds: 4, size: '832x480' });
    await generate({ extra: { image_reference: image, num_frames: 81, extra_params: { shift: 3 } } });
    expect(await errorOf(generate({ input_reference: image }))).toMatchObject({ status: 400 });
    expect(server.jobs.size).toBe(2);
  });

  it('tensorrt-llm: says which field it does not know, and answers with a path where asked', async () => {
    const { client, generate } = await start('tensorrt-llm');
    expect(await errorOf(generate({ extra: { quality: 'high' } }))).toMatchObject({
      ...{ status: 422, message: expect.stringContaining("Unknown request field 'quality'") },
    });
    const { job, mock } = await generate({ extra: { response_format: 'path', fps: 24 } });
    mock.complete();
    const video = client.download(await job.completed()).then((file) => file.bytes());
    expect(await errorOf(video)).toMatchObject({ code: 'download-not-video' });
  });

  it('sglang: has its file in a cloud store, which gets no key', async () => {
    const { server, client, generate } = await start('sglang', { s3: 'only' });
    const { job, mock } = await generate();
    mock.complete();
    expect(await (await client.download(await job.completed())).bytes()).toEqual(mockMedia());
    expect(server.requests.at(-1)).toMatchObject({ origin: 'files', status: 200 });
    expect(server.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it.each(without('new-api-rc30'))('%s: waits for a file that is late', async (flavour) => {
    const { client, generate } = await start(flavour, { notReadyMs: 100 });
    const { job, mock } = await generate();
    mock.complete();
    expect(await (await client.download(await job.completed())).bytes()).toEqual(mockMedia());
  });

  it.each(without('litellm'))(
    '%s: tells why a job has failed, and downloads nothing of it',
    async (flavour) => {
      const { client, generate } = await start(flavour);
      const { job, mock } = await generate();
      mock.fail('CUDA out of memory', '507');
      const error = await errorOf(job.completed());
      expect(error).toMatchObject({ name: 'JobFailedError', jobId: job.id, reason: 'CUDA out of memory' });
      expect(await client.status(job.id)).toMatchObject({ status: 'failed' });
      expect(await errorOf(client.download(job.id))).toMatchObject({
        ...{ name: 'JobFailedError', reason: 'CUDA out of memory' },
      });
    },
  );

  it.each(ALL)('%s: says that a job is unknown', async (flavour) => {
    const { client } = await start(flavour);
    expect(await errorOf(client.status('video_unknown'))).toMatchObject({ code: 'not-found', status: 404 });
  });

  it.each(without('litellm', 'new-api', 'new-api-rc30', 'inworld'))('%s: cancels', async (flavour) => {
    const { server, client, generate } = await start(flavour);
    const { job } = await generate();
    const ended = errorOf(job.completed());
    await client.cancel(job.id);
    expect(server.jobs.size).toBe(0);
    expect(await ended).toMatchObject({ name: 'JobFailedError', reasonCode: 'cancelled' });
  });

  it.each(['litellm', 'inworld'] as const)('%s: says that this server cannot cancel', async (flavour) => {
    const { client, generate } = await start(flavour);
    const { job } = await generate();
    expect(await errorOf(client.cancel(job.id))).toMatchObject({
      ...{ status: 405, jobId: job.id, message: expect.stringContaining('cannot cancel') },
    });
  });

  it.each(['openai', 'litellm', 'new-api', 'azure'] as const)('%s: remixes', async (flavour) => {
    const { server, client, generate } = await start(flavour);
    const { job, mock } = await generate();
    mock.complete();
    await job.completed();
    const remix = await client.backend.remix({ jobId: job.id, prompt: 'Bluer' });
    expect(remix.id).not.toBe(job.id);
    expect(server.jobs.last?.input).toMatchObject({ prompt: 'Bluer', remixed_from_video_id: mock.id });
  });

  it.each(['vllm-omni', 'sglang', 'tensorrt-llm', 'fastvideo', 'inworld'] as const)(
    '%s: has no remix',
    async (flavour) => {
      const { client, generate } = await start(flavour);
      const { job } = await generate();
      const remix = client.backend.remix({ jobId: job.id, prompt: 'Bluer' });
      expect(await errorOf(remix)).toMatchObject({ code: 'not-found', status: 404 });
    },
  );

  it.each(without('new-api', 'new-api-rc30', 'inworld'))('%s: lists jobs', async (flavour) => {
    const { client, generate } = await start(flavour);
    const made = [(await generate()).job.id, (await generate()).job.id];
    const { jobs } = await client.backend.list();
    expect(jobs).toHaveLength(2);
    // LiteLLM names them in its other way.
    if (flavour !== 'litellm') expect(jobs.map(({ jobId }) => jobId).sort()).toEqual(made.sort());
    for (const { jobId } of jobs) expect((await client.status(jobId)).status).toBe('queued');
  });

  it.each(['new-api', 'new-api-rc30'] as const)(
    '%s: tells the log that it did not cancel',
    async (flavour) => {
      const { client, generate, logged } = await start(flavour);
      const { job, mock } = await generate();
      expect(await client.cancel(job.id)).toMatchObject({ status: 'queued' });
      expect(logged.join()).toContain('the server did not cancel job');
      // And so the job goes on.
      mock.complete();
      expect((await job.completed()).status).toBe('completed');
    },
  );

  it.each(ALL)('%s: is refused without its key', async (flavour) => {
    const { server } = await start(flavour);
    const client = new VideoClient({ baseUrl: server.urlOf('openaivideos'), backend: openAIVideos() });
    onTestFinished(() => client.close());
    expect(await errorOf(client.generate({ prompt: 'A cat', model: 'm-1' }))).toMatchObject({ status: 401 });
    expect(server.jobs.size).toBe(0);
  });
});

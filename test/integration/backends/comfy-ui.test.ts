import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/errors.js';
import { mockMedia } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';
import { errorOf } from '../client/support.js';
import { call, connect, OLD, runByHand, startServer, watch } from './comfy-ui-support.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const sampler = workflow()['7'];
const CIRCLE = { '7': { ...sampler, inputs: { ...sampler?.inputs, latent_image: ['7', 0] } } };
const with9 = (inputs: object) => ({
  ...workflow(),
  '9': { class_type: 'CreateVideo', inputs: { ...inputs } },
});

describe('comfyUI', () => {
  it('generates, is followed by its socket with a percentage over the nodes, and downloads', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server, { transports: ['websocket'] });
    const job = await client.generate({ workflow: workflow() });
    expect(job.id).toMatch(UUID);
    const { seen, warnings } = watch(job);
    await runByHand(server, job);
    const end = await job.completed({ timeoutMs: 10_000 });
    expect(end.outputs).toMatchObject([{ type: 'video/mp4', name: expect.stringMatching(/\.mp4$/) }]);
    const shown = seen.map(({ progress }) => progress);
    expect(shown).toEqual([...shown].sort((one, other) => one - other));
    expect(new Set(shown).size).toBeGreaterThan(9);
    expect(seen.map(({ message }) => message)).toContain('Sampling');
    // Previews come in binary frames, and are nothing to be warned of.
    expect(warnings).toEqual([]);
    const video = await job.download();
    expect(video.filename).toBe(end.outputs?.[0]?.name);
    expect(await video.bytes()).toEqual(mockMedia());
  });

  it('downloads in parts, and each of several videos', async () => {
    const drop = { type: 'drop', route: 'download', atByte: 1_000, times: 1 } as const;
    const server = await startServer({ outputs: 2, durationMs: 50, faults: [drop] });
    const job = await connect(server).generate({ workflow: workflow() });
    expect((await job.completed()).outputs).toHaveLength(2);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    expect(server.requests.filter(({ route }) => route === 'download')[1]?.headers.range).toBe('bytes=1000-');
    expect(await (await job.download({ output: 1 })).bytes()).toEqual(mockMedia('reels'));
  });

  it('finds the videos of VideoHelperSuite, under their own key', async () => {
    const server = await startServer({ durationMs: 50 });
    const inputs = {
      images: ['8', 0],
      frame_rate: 16,
      filename_prefix: 'a',
      format: 'video/h264-mp4',
      save_output: true,
    };
    const { '9': _video, '10': _save, ...rest } = workflow();
    const job = await connect(server).generate({
      workflow: { ...rest, '11': { class_type: 'VHS_VideoCombine', inputs } },
    });
    const end = await job.completed();
    expect(end.raw).toMatchObject({ outputs: { 11: { gifs: [{ format: 'video/h264-mp4' }] } } });
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
  });

  it('says at once that there will be no video where the workflow has saved none', async () => {
    const server = await startServer({ durationMs: 50 });
    const { '9': _video, '10': _save, ...rest } = workflow();
    const save = { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'a' } };
    const job = await connect(server).generate({ workflow: { ...rest, '11': save } });
    await job.completed();
    const error = await errorOf(job.download());
    expect(error).toMatchObject({ code: 'download-expired', jobId: job.id });
    expect(error.message).toContain('no node of the workflow saved a video');
  });

  it('has an id of the caller, and of another of its own where the server makes one', async () => {
    const id = crypto.randomUUID();
    const server = await startServer({ manual: true });
    expect((await connect(server).generate({ workflow: workflow(), prompt_id: id })).id).toBe(id);
    const old = await startServer({ manual: true, ...OLD });
    const job = await connect(old).generate({ workflow: workflow(), prompt_id: id });
    expect([job.id === id, old.jobs.last?.id]).toEqual([false, job.id]);
  });

  it('puts a job before all that wait, and tells what waits', async () => {
    const server = await startServer({ durationMs: 60_000 });
    const client = connect(server);
    const ids: string[] = [];
    for (const front of [false, false, true])
      ids.push((await client.generate({ workflow: workflow(), front })).id);
    await until(() => server.jobs.get(ids[0] ?? '')?.status === 'queued', 'all are there');
    server.jobs.get(ids[0] ?? '')?.advance({ status: 'processing' });
    const queue = await client.backend.queue(undefined);
    expect(queue.running.map(({ id }) => id)).toEqual([ids[0]]);
    expect(queue.pending.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  });

  it('uploads what a workflow needs, and a file of the same name has another one there', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const picture = (bytes: string) => ({ file: new Blob([bytes]), name: 'boat.png' });
    expect(await client.backend.upload(picture('one'))).toEqual({
      name: 'boat.png',
      subfolder: '',
      type: 'input',
    });
    expect((await client.backend.upload(picture('one'))).name).toBe('boat.png');
    const { name } = await client.backend.upload(new File(['other'], 'boat.png'));
    expect(name).toBe('boat (1).png');
    const load = (image: string) => ({ ...workflow(), '8': { class_type: 'LoadImage', inputs: { image } } });
    expect((await client.generate({ workflow: load(name) })).id).toMatch(UUID);
    const error = await errorOf(client.generate({ workflow: load('dog.png') }));
    expect(error.message).toContain(
      'node 8 (LoadImage): Custom validation failed for node: image - Invalid image file: dog.png',
    );
  });
});

describe('a workflow that is wrong', () => {
  const cases: [string, object, string, string][] = [
    [
      'a file that the server lacks',
      { '1': { class_type: 'UNETLoader', inputs: { unet_name: 'x', weight_dtype: 'default' } } },
      'node 1 (UNETLoader): Value not in list: unet_name',
      'a file, such as a model',
    ],
    [
      'a node that it lacks',
      { '99': { class_type: 'MyNode', inputs: {} } },
      "Node 'MyNode' not found",
      'Install the custom node',
    ],
    [
      'an input that is missing',
      with9({ fps: 16 }),
      'node 9 (CreateVideo): Required input is missing: images',
      'Give the node this input',
    ],
    [
      'a link of another type',
      with9({ images: ['1', 0], fps: 16 }),
      'received_type(MODEL) mismatch input_type(IMAGE)',
      '',
    ],
    [
      'a value that is too large',
      with9({ images: ['8', 0], fps: 500 }),
      'Value 500 bigger than max of 120',
      '',
    ],
    ['a circle', CIRCLE, 'Dependency cycle detected', ''],
  ];
  it.each(cases)('is told by its nodes: %s', async (_, nodes, words, hint) => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ workflow: { ...workflow(), ...nodes } as never }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(words) });
    expect((error as ApiError).hint ?? '').toContain(hint);
    expect((error as ApiError).details).toHaveProperty('node_errors');
    expect(server.jobs.size).toBe(0);
  });

  it('is told where it saves nothing', async () => {
    const { '10': _save, ...rest } = workflow();
    const error = await errorOf(connect(await startServer()).generate({ workflow: rest }));
    expect(error).toMatchObject({ message: expect.stringContaining('Prompt has no outputs') });
    expect(error).toMatchObject({ hint: expect.stringContaining('SaveVideo') });
  });

  it('runs without those of its outputs that are wrong, and says so', async () => {
    const server = await startServer({ durationMs: 50 });
    const wrong = { class_type: 'SaveImage', inputs: { filename_prefix: 'a' } };
    const job = await connect(server).generate({ workflow: { ...workflow(), '11': wrong } });
    expect(job.snapshot.message).toBe(
      'runs without some of its outputs: node 11 (SaveImage): Required input is missing: images',
    );
    expect((await job.completed()).outputs).toHaveLength(1);
  });
});

describe('a submit whose answer is lost', () => {
  const lost = { type: 'status', route: 'generate', status: 502, carriedOut: true } as const;

  it('is no lost job: the status tells, by the id that is ours', async () => {
    const server = await startServer({ manual: true, faults: [lost] });
    const job = await connect(server).generate({ workflow: workflow() });
    expect(server.jobs.last?.id).toBe(job.id);
    expect(server.jobs.size).toBe(1);
  });

  it('tells its id where the server has no such job', async () => {
    const server = await startServer({ faults: [{ type: 'status', route: 'generate', status: 502 }] });
    const error = await errorOf(connect(server).generate({ workflow: workflow() }));
    expect(error).toMatchObject({ name: 'SubmitOutcomeUnknownError', jobId: expect.stringMatching(UUID) });
    expect(server.jobs.size).toBe(0);
  });

  it('refuses a key that would protect nothing, before anything is sent', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ workflow: workflow() }, { idempotencyKey: 'k' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toHaveLength(0);
  });
});

it('a server without the jobs API is asked by its history and its queue', async () => {
  const server = await startServer({ ...OLD, durationMs: 200 });
  const client = connect(server, { transports: ['polling'] });
  const first = await client.generate({ workflow: workflow() });
  const second = await client.generate({ workflow: workflow(2) });
  expect(await client.status(second.id)).toMatchObject({
    status: 'queued',
    queuePosition: expect.any(Number),
  });
  const end = await second.completed();
  expect(end.outputs).toHaveLength(1);
  expect(await (await second.download()).bytes()).toEqual(mockMedia());
  expect((await client.status(first.id)).status).toBe('completed');
  const error = await errorOf(client.status(crypto.randomUUID()));
  expect(error).toMatchObject({ code: 'not-found', status: 404 });
  expect(await call(server, `/history/${second.id}`)).toHaveProperty([second.id]);
});

it('a token goes as x-api-key, and in a URL where a socket can carry no header', async () => {
  const auth = { type: 'bearer', token: 'comfy-secret' } as const;
  const server = await startServer({ auth, durationMs: 100 });
  const error = await errorOf(connect(server).generate({ workflow: workflow() }));
  expect(error).toMatchObject({ code: 'unauthorized' });
  const job = await connect(server, { auth }).generate({ workflow: workflow() });
  expect((await job.completed()).status).toBe('completed');
  const submit = server.requests.find(({ route, status }) => route === 'generate' && status === 200);
  expect(submit?.headers['x-api-key']).toBe('comfy-secret');
  expect(submit?.headers).not.toHaveProperty('authorization');
  const socket = server.requests.find(({ route }) => route === 'websocket');
  expect(socket?.headers['x-api-key'] ?? socket?.query.token).toBe('comfy-secret');
});

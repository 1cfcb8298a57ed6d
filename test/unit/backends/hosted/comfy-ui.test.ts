import { describe, expect, it } from 'vitest';
import type { FollowUp } from '../../../../src/backends/backend.js';
import { type ComfyUIPrompt, comfyUI } from '../../../../src/backends/hosted/comfy-ui.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { JobUpdate } from '../../../../src/core/model.js';
import { InputError, InvalidResponseError } from '../../../../src/errors.js';
import { workflow } from '../../../support/workflow.js';
import { answer, fixture, fixtures, plain, statusOf } from '../fixtures.js';

const backend = comfyUI();
const id = '0c5f3a52-6d2b-4a7e-9d3a-5b1f0a7c9e11';
const send = async (input: unknown) => backend.generate(input as ComfyUIPrompt, { session: 'session-1' });
const snapshotOf = (update: JobUpdate) => applyUpdate(undefined, update, 'polling', 0);

describe('a submit of comfyUI', () => {
  it('has an id of its own, told before it is sent, and the session of the client', async () => {
    const one = await send({ workflow: workflow() });
    expect(one).toMatchObject({
      method: 'POST',
      url: '/api/prompt',
      jobId: expect.stringMatching(/^[\da-f]{8}-/),
    });
    expect(one.body).toEqual({
      type: 'json',
      value: { prompt: workflow(), prompt_id: one.jobId, client_id: 'session-1' },
    });
    expect((await send({ workflow: workflow() })).jobId).not.toBe(one.jobId);
    expect(one.jobId).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  it('takes an id, a place before all others and further data of the caller, whose client_id wins', async () => {
    const { body, jobId } = await send({
      ...{ workflow: workflow(), prompt_id: id, front: true },
      extra_data: { client_id: 'own', api_key_comfy_org: 'k' },
    });
    expect(jobId).toBe(id);
    expect(body).toEqual({
      type: 'json',
      value: {
        ...{ prompt: workflow(), prompt_id: id, front: true, client_id: undefined },
        extra_data: { client_id: 'own', api_key_comfy_org: 'k' },
      },
    });
  });

  const node = { class_type: 'SaveVideo', inputs: {} };
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each<[string, unknown, string, RegExp]>([
    ['no workflow', {}, 'workflow', /must be an object/],
    ['an empty workflow', { workflow: {} }, 'workflow', /no nodes/],
    ['what the editor saves', { workflow: { nodes: [], links: [] } }, 'workflow', /as the editor saves it/],
    ['a node that is none', { workflow: { 3: 'x' } }, 'workflow.3', /is no node/],
    [
      'a node without a class',
      { workflow: { 3: { inputs: {} } } },
      'workflow.3.class_type',
      /must be a string/,
    ],
    [
      'a node without inputs',
      { workflow: { 3: { class_type: 'A' } } },
      'workflow.3.inputs',
      /must be an object/,
    ],
    ['an id that is no UUID', { workflow: { 3: node }, prompt_id: 'job-1' }, 'prompt_id', /UUID/],
    [
      'an id in capitals',
      { workflow: { 3: node }, prompt_id: id.toUpperCase() },
      'prompt_id',
      /small letters/,
    ],
    ['a field that there is not', { workflow: { 3: node }, promt_id: id }, 'promt_id', /there is no field/],
    ['front that is no yes or no', { workflow: { 3: node }, front: 'yes' }, 'front', /true or false/],
    [
      'a file in a node',
      { workflow: { 3: { class_type: 'LoadImage', inputs: { image: new Uint8Array(2) } } } },
      'workflow.3.inputs.image',
      /takes none in a workflow/,
    ],
    [
      'a data: URL in a node',
      { workflow: { 3: { class_type: 'LoadImage', inputs: { image: 'data:image/png;base64,AAAA' } } } },
      'workflow.3.inputs.image',
      /takes none in a workflow/,
    ],
    [
      'a file in the further data',
      { workflow: { 3: node }, extra_data: { picture: new Blob(['x']) } },
      'extra_data.picture',
      /is a file/,
    ],
    ['a circle', { workflow: { 3: { class_type: 'A', inputs: circle } } }, 'workflow', /circle/],
    [
      'what is no JSON',
      { workflow: { 3: { class_type: 'A', inputs: { seed: 2n ** 63n } } } },
      'workflow.3.inputs.seed',
      /no JSON/,
    ],
    [
      'a number that is none',
      { workflow: { 3: { class_type: 'A', inputs: { cfg: Number.NaN } } } },
      'workflow.3.inputs.cfg',
      /no JSON/,
    ],
    ...[Promise.resolve('boat.png'), new Map([['a', 1]]), new Set(['a']), /a/].map(
      (image): [string, unknown, string, RegExp] => [
        `a ${image.constructor.name}, of which JSON would keep nothing,`,
        { workflow: { 3: { class_type: 'LoadImage', inputs: { image } } } },
        'workflow.3.inputs.image',
        /no JSON: an object of the class/,
      ],
    ),
  ])('refuses %s before anything is sent, and names it', async (_, input, field, words) => {
    const error = await send(input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ field, message: expect.stringMatching(words) });
  });

  it('refuses what the status could not be read of: the server sends it back, each letter beyond ASCII as six', async () => {
    const of = (text: string) => ({ workflow: { 3: { class_type: 'A', inputs: { text } } } });
    expect(await send(of('x'.repeat(890_000)))).toBeDefined();
    await expect(send(of('x'.repeat(901_000)))).rejects.toThrow(/more than 900000/);
    await expect(send(of('ü'.repeat(160_000)))).rejects.toMatchObject({
      hint: expect.stringContaining('upload(file)'),
    });
  });

  it('leaves the caller its own object', async () => {
    const given = Object.freeze(workflow());
    await send({ workflow: given });
    expect(given).toEqual(workflow());
  });
});

describe('the status of comfyUI', () => {
  const refused = (body: unknown, status = 404, call: 'status' | 'followUp' = 'status') =>
    backend.parseRefusal?.({ status, body, call, headers: new Headers() }, id);

  it('is asked of the jobs API', () => {
    expect(backend.status(id)).toEqual({ method: 'GET', url: `/api/jobs/${id}` });
  });

  it('is asked of the history and then of the queue, where the server has no jobs API', () => {
    const { next, parse } = refused('404: Not Found') as FollowUp;
    expect(next).toEqual({ method: 'GET', url: `/api/history/${id}` });
    const further = parse(answer({})) as FollowUp;
    expect(further.next).toEqual({ method: 'GET', url: '/api/queue' });
    for (const { name, call, body, expect: wanted } of fixtures('comfy-ui')) {
      const told =
        call === 'history' ? parse(answer(body)) : call === 'queue' ? further.parse(answer(body)) : undefined;
      if (told !== undefined) expect(plain(told), name).toEqual(wanted);
    }
  });

  it('is an error where the jobs API says that there is no such job, and where anything else is refused', () => {
    expect(refused({ error: 'Job not found' })).toBeUndefined();
    expect(refused('404: Not Found', 404, 'followUp')).toBeUndefined();
    expect(refused('403: Forbidden', 403)).toBeUndefined();
    expect(refused('', 500)).toBeUndefined();
  });

  it('is not read out of a history for a name that every object has', () => {
    const told = backend.parseRefusal?.(
      { status: 404, headers: new Headers(), body: '404: Not Found', call: 'status' },
      '__proto__',
    ) as FollowUp;
    expect(told.parse(answer({}))).toMatchObject({ next: { url: '/api/queue' } });
  });

  it('is refused where the answer is none, or is of another job', () => {
    const read = (body: unknown) => () => backend.parseStatus(answer(body), id);
    for (const body of [null, [], 'ok', {}, { id }]) expect(read(body)).toThrow(InvalidResponseError);
    expect(read({ id: 'other', status: 'pending' })).toThrow(/told of job "other"/);
    const { parse } = refused('404: Not Found') as FollowUp;
    expect(() => parse(answer([]))).toThrow(InvalidResponseError);
    const { parse: ofQueue } = parse(answer({})) as FollowUp;
    expect(() => ofQueue(answer({}))).toThrow(InvalidResponseError);
  });
});

describe('cancelling with comfyUI', () => {
  const exact = { method: 'POST', url: `/api/jobs/${id}/cancel` };
  const post = (url: string, value: unknown) => ({ method: 'POST', url, body: { type: 'json', value } });
  const known = (name: string) => snapshotOf(statusOf(backend, answer(fixture('comfy-ui', name).body), id));

  it('takes a job that waits out of the queue, where the server knows no other way', () => {
    expect(backend.cancel?.(id, known('status-pending'))).toEqual([
      exact,
      post('/api/queue', { delete: [id] }),
    ]);
  });

  it('interrupts one that runs by its id', () => {
    expect(backend.cancel?.(id, known('status-in-progress'))).toEqual([
      exact,
      post('/api/interrupt', { prompt_id: id }),
    ]);
  });

  it('interrupts nothing on a server that may be too old to look at the id: it would end whatever runs', () => {
    const raw = (fixture('comfy-ui', 'queue-running').body as { queue_running: unknown[] }).queue_running[0];
    expect(backend.cancel?.(id, snapshotOf({ jobId: id, status: 'processing', raw }))).toEqual([exact]);
    expect(backend.cancel?.(id)).toEqual([exact]);
  });
});

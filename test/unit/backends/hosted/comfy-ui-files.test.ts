import { describe, expect, it } from 'vitest';
import { comfyUI } from '../../../../src/backends/hosted/comfy-ui.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { JobUpdate } from '../../../../src/core/model.js';
import { InputError, InvalidResponseError } from '../../../../src/errors.js';
import { answer, fixture } from '../fixtures.js';

const backend = comfyUI();
const id = '0c5f3a52-6d2b-4a7e-9d3a-5b1f0a7c9e11';
const snapshotOf = (update: JobUpdate) => applyUpdate(undefined, update, 'polling', 0);

describe('files of comfyUI', () => {
  const completed = (outputs: JobUpdate['outputs']) =>
    snapshotOf({ jobId: id, status: 'completed', outputs, raw: {} });

  it('are where the outputs say, which only a completed job has', () => {
    const snapshot = completed([{ url: '/api/view?filename=a.mp4' }, { url: '/api/view?filename=b.mp4' }]);
    expect(backend.download({ id, snapshot }, 'video')).toEqual({
      method: 'GET',
      url: '/api/view?filename=a.mp4',
    });
    expect(backend.download({ id, snapshot }, 'video', 1)).toMatchObject({ url: '/api/view?filename=b.mp4' });
    expect(backend.download({ id, snapshot }, 'video', 2)).toBeUndefined();
    expect(backend.download({ id }, 'video')).toBeUndefined();
    expect(
      backend.download({ id, snapshot: snapshotOf({ jobId: id, status: 'processing', raw: {} }) }, 'video'),
    ).toBe(undefined);
    expect(() => backend.download({ id, snapshot }, 'reels' as 'video')).toThrow(InputError);
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'are no videos where their names end in .%s',
    (ending) => {
      const outputs = { 3: { images: [{ filename: `a.${ending}` }, { filename: 'b.mp4' }] } };
      const told = backend.parseStatus(answer({ id, status: 'completed', outputs }), id);
      expect(told).toMatchObject({ status: 'completed', outputs: [{ name: 'b.mp4' }] });
    },
  );

  const upload = (file: unknown) => backend.operations?.upload.request(file as File);
  it('are uploaded by their names, whatever they are', () => {
    const file = new File(['x'], 'boat.png', { type: 'image/png' });
    expect(upload(file)).toEqual({
      ...{ method: 'POST', url: '/api/upload/image' },
      body: { type: 'form', fields: [{ name: 'image', value: file, filename: 'boat.png' }] },
    });
    expect(upload({ file: new Uint8Array(3), name: 'boat.mp4' })?.body).toMatchObject({
      fields: [{ name: 'image', value: expect.any(Blob), filename: 'boat.mp4' }],
    });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'file'],
    ['a text', 'boat.png', 'file'],
    ['bytes without a name', new Uint8Array(3), 'file'],
    ['a Blob without a name', new Blob(['x']), 'file'],
    ['a file without a name', new File(['x'], ' '), 'file'],
    ['an empty name', { file: new Blob(['x']), name: '' }, 'name'],
    ['a field that there is not', { file: new Blob(['x']), name: 'a', folder: 'b' }, 'folder'],
    ['no file', { file: 'x', name: 'a' }, 'file'],
  ])('are refused before anything is sent: %s', (_, given, field) => {
    expect(() => upload(given)).toThrow(expect.objectContaining({ name: 'InputError', field }));
  });

  it('have the name that the server gave them', () => {
    const { body, expect: wanted } = fixture('comfy-ui', 'upload');
    const { parse } = backend.operations?.upload ?? {};
    expect(parse?.(answer(body))).toEqual(wanted);
    expect(() => parse?.(answer({}))).toThrow(InvalidResponseError);
    expect(() => parse?.(answer(undefined))).toThrow(InvalidResponseError);
  });
});

it('the queue is that of all, without their graphs, the next one first', () => {
  const { request, parse } = comfyUI().operations?.queue ?? {};
  expect(request?.(undefined)).toMatchObject({
    method: 'GET',
    url: expect.stringMatching(/^\/api\/jobs\?status=/),
  });
  const job = (id: string, status: string, priority: unknown) => ({ id, status, priority });
  const jobs = [
    ...[job('c', 'pending', 9), job('a', 'in_progress', 1), job('b', 'pending', -4)],
    ...[job('z', 'completed', 0), { status: 'pending' }, null],
  ];
  expect(parse?.(answer({ jobs }))).toEqual({
    running: [{ id: 'a', number: 1 }],
    pending: [
      { id: 'b', number: -4 },
      { id: 'c', number: 9 },
    ],
  });
  expect(() => parse?.(answer({ queue_running: [] }))).toThrow(InvalidResponseError);
});

describe('an error of comfyUI', () => {
  const parse = (body: unknown) => backend.parseError?.(body);

  it('names five nodes and counts the rest, each with its own words', () => {
    const node = {
      class_type: 'A',
      errors: [{ type: 'required_input_missing', message: 'Missing', details: 'x' }],
    };
    const node_errors = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [index + 1, node]));
    const { message, hint, code } = parse({ error: { type: 'a', message: 'Failed' }, node_errors }) ?? {};
    expect(message).toMatch(/^Failed: node 1 \(A\): Missing: x; .*node 5 \(A\): Missing: x; and 4 more$/);
    expect(hint).toContain('Give the node this input');
    expect(code).toBe('a');
  });

  it.each(['constructor', '__proto__', 'toString'])('has no hint for a type such as %s', (type) => {
    expect(parse({ error: { type, message: 'Failed' }, node_errors: {} })).toMatchObject({
      ...{ message: 'Failed', code: type, hint: undefined },
    });
  });

  it('keeps what the server said of each node in its details', () => {
    const { body } = fixture('comfy-ui', 'error-validation');
    const { node_errors } = body as { node_errors: object };
    expect(parse(body)?.details).toMatchObject({ node_errors });
  });
});

import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { uploadForm } from '../../../src/backends/hosted/comfy-ui-input.js';
import { openRouter, replicate } from '../../../src/backends/hosted/index.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { bytesOf } from '../../../src/http/body-reader.js';
import { inputDigest } from '../../../src/jobs/digest.js';

// What another window made, or Node itself where a test runner has a context of its own (Jest): its classes have the
// names of ours, and are others.
const made = {
  'a Uint8Array': runInNewContext('new Uint8Array([1, 2, 3])'),
  'an ArrayBuffer': runInNewContext('new Uint8Array([1, 2, 3]).buffer'),
  'a Blob': new Blob([new Uint8Array([1, 2, 3])]),
  'a File': new File([new Uint8Array([1, 2, 3])], 'a.bin'),
};
const Ours = Blob;

afterEach(() => vi.unstubAllGlobals());

describe.each(Object.entries(made))('%s of another realm', (name, bytes) => {
  const isBlob = /Blob|File/.test(name);
  const elsewhere = () => {
    // Those of Node are not of its contexts: the class is taken away instead.
    if (isBlob) vi.stubGlobal('Blob', class extends Ours {});
    expect([Uint8Array, ArrayBuffer, Blob].some((known) => bytes instanceof known)).toBe(false);
  };

  it('goes into JSON', async () => {
    elsewhere();
    const { body } = await soraGateway().generate({
      scriptOrQuestion: 'Why?',
      walletAddress: '0x1',
      audioBuffer: bytes,
    });
    expect(body).toMatchObject({ value: { audioBuffer: 'AQID' } });
    for (const request of [
      await replicate().generate({ model: 'a/b', input: { image: bytes } }),
      await openRouter({ model: 'a/b' }).generate({
        ...{
          prompt: 'a',
          frame_images: [{ type: 'image_url', image_url: { url: bytes }, frame_type: 'first_frame' }],
        },
      }),
    ]) {
      expect(JSON.stringify(request.body)).toContain('data:application/octet-stream;base64,AQID');
    }
  });

  it('goes into a form', async () => {
    elsewhere();
    const scenes = [{ type: 'intro', content: {}, duration: 2 }];
    const { body } = await vidBuilder({ blocking: true }).generate({ scenes, images: [bytes] });
    if (body?.type !== 'form') throw new Error('no form');
    const sent = body.fields.find((field) => field.name === 'images')?.value as Blob;
    expect(new Uint8Array(await sent.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('is told from another input by its size', () => {
    elsewhere();
    const digest = inputDigest('generate', { image: bytes });
    expect(digest).not.toBe(inputDigest('generate', { image: {} }));
    if (!isBlob) expect(digest).toBe(inputDigest('generate', { image: new Uint8Array(3) }));
  });
});

it.each([
  ['a SharedArrayBuffer', new SharedArrayBuffer(3)],
  ['numbers of another size', new Int16Array(3)],
  ['a DataView', new DataView(new ArrayBuffer(3))],
  ['a list', [1, 2, 3]],
  ['what has to do with files', { [Symbol.toStringTag]: 'FileReader' }],
])('%s is not taken for bytes', async (_, audioBuffer) => {
  const input = { scriptOrQuestion: 'Why?', walletAddress: '0x1', audioBuffer: audioBuffer as Uint8Array };
  await expect((async () => soraGateway().generate(input))()).rejects.toMatchObject({ field: 'audioBuffer' });
});

it.each(['a Uint8Array', 'an ArrayBuffer'] as const)(
  'a part of a body that is %s of another realm is read',
  (name) => {
    expect([...bytesOf(made[name])]).toEqual([1, 2, 3]);
  },
);

it('an upload of ComfyUI takes a file of another realm', () => {
  vi.stubGlobal('Blob', class extends Ours {});
  const uploads = [made['a File'], { file: made['an ArrayBuffer'], name: 'a.bin' }];
  for (const upload of uploads) {
    expect(uploadForm(upload)).toMatchObject({ body: { fields: [{ name: 'image', filename: 'a.bin' }] } });
  }
});

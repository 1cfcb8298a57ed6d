import { describe, expect, it } from 'vitest';
import { embedFiles } from '../../../../src/backends/hosted/embed-files.js';

const roomy = { body: 1_000_000 };
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);

/** A Blob of a size that it only says it has: reading it fails. */
function unreadable(size: number): Blob {
  const blob = new Blob(['x'], { type: 'image/png' });
  return Object.defineProperties(blob, {
    size: { value: size },
    arrayBuffer: { value: () => Promise.reject(new Error('read')) },
  });
}

describe('files within JSON', () => {
  it('become data: URLs wherever they are, and all else stays', async () => {
    const at = new Date(0);
    const value = {
      a: png,
      b: [png.buffer, { c: new Blob(['<svg/>'], { type: 'image/svg+xml' }) }],
      d: new File(['x'], 'x.bin'),
      ...{ e: at, f: null, g: 'text', h: undefined, i: 7 },
    };
    expect(await embedFiles(value, 'Host', roomy)).toEqual({
      a: 'data:image/png;base64,iVBORw==',
      b: ['data:image/png;base64,iVBORw==', { c: 'data:image/svg+xml;base64,PHN2Zy8+' }],
      d: 'data:application/octet-stream;base64,eA==',
      ...{ e: at, f: null, g: 'text', h: undefined, i: 7 },
    });
    expect(value.a).toBe(png);
  });

  it.each([
    ['RIFF\0\0\0\0WAVEfmt ', 'audio/wav'],
    ['ID3\x04', 'audio/mpeg'],
    ['\0\0\0 ftypisom', 'video/mp4'],
  ])('that begin with %j are %s', async (start, type) => {
    const { file } = await embedFiles({ file: Buffer.from(start, 'latin1') }, 'Host', roomy);
    expect(file).toMatch(`data:${type};base64,`);
  });

  it('lose the parameters of their type, a comma in which would end the head of the URL', async () => {
    const recorded = new Blob(['x'], { type: 'video/webm;codecs=vp8,opus' });
    expect(await embedFiles({ recorded }, 'Host', roomy)).toEqual({
      recorded: 'data:video/webm;base64,eA==',
    });
  });

  it('are one URL where one file stands twice', async () => {
    const { one, two } = await embedFiles({ one: png, two: png }, 'Host', roomy);
    expect(one).toBe(two);
  });

  it('are refused by their size, before they are read, each by its path', async () => {
    const value = { frames: [{ url: png }, { url: unreadable(5_000) }] };
    await expect(embedFiles(value, 'Host', { url: 1_000, body: 1_000_000 })).rejects.toMatchObject({
      name: 'InputError',
      field: 'frames[1].url',
      message: expect.stringMatching(
        /^frames\[1\]\.url has 6\d{3} characters .* more than the 1000 that Host takes$/,
      ),
    });
  });

  it('are refused together, too, with those that are data: URLs already', async () => {
    const given = `data:image/png;base64,${'A'.repeat(900)}`;
    const value = { a: given, b: 'x'.repeat(5_000), c: { d: unreadable(300) } };
    await expect(embedFiles(value, 'Host', { body: 1_200 })).rejects.toMatchObject({
      field: 'c.d',
      message: expect.stringContaining('the files up to c.d have together'),
    });
    await expect(embedFiles({ a: given }, 'Host', { url: 500, body: 1_200 })).rejects.toMatchObject({
      field: 'a',
    });
    expect(await embedFiles({ a: given }, 'Host', { body: 1_200 })).toEqual({ a: given });
  });

  it('that cannot be read are refused by their path', async () => {
    await expect(embedFiles({ a: { b: unreadable(3) } }, 'Host', roomy)).rejects.toMatchObject({
      name: 'InputError',
      field: 'a.b',
    });
  });

  it('are not looked for in a circle, nor without an end', async () => {
    const circle: Record<string, unknown> = {};
    circle.again = { circle, other: circle };
    let deep: unknown = png;
    for (let level = 0; level < 200; level++) deep = [deep];
    for (const value of [circle, { deep }]) {
      await expect(embedFiles({ extra: value }, 'Host', roomy)).rejects.toMatchObject({
        name: 'InputError',
        field: 'extra',
      });
    }
  });

  it.each([
    ['a promise of a file, not awaited', Promise.resolve(new Blob(['x'])), 'Promise'],
    ['a stream', new Blob(['x']).stream(), 'ReadableStream'],
    ['an answer', new Response('x'), 'Response'],
    ['a map', new Map([[1, 2]]), 'Map'],
    ['pixels of 16 bits', new Uint16Array(2), 'Uint16Array'],
    ['a view', new DataView(new ArrayBuffer(4)), 'DataView'],
    ['a function', () => png, 'function'],
    ['a bigint', 10n, 'bigint'],
    ['no number', Number.NaN, 'NaN'],
    ['an infinite number', Number.POSITIVE_INFINITY, 'Infinity'],
  ])('refuse %s by its path, of which JSON would keep nothing', async (_what, image, name) => {
    await expect(embedFiles({ input: { list: [{ image }] } }, 'Host', roomy)).rejects.toMatchObject({
      name: 'InputError',
      field: 'input.list[0].image',
      message: expect.stringContaining(name),
    });
  });

  it('are found in objects of a class of the caller’s, and what says its own JSON is left to that', async () => {
    class Shot {
      readonly frame = png;
    }
    const page = new URL('https://example.com/');
    expect(await embedFiles({ shot: new Shot(), page }, 'Host', roomy)).toEqual({
      shot: { frame: 'data:image/png;base64,iVBORw==' },
      page,
    });
  });
});

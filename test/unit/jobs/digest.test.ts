import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputDigest } from '../../../src/jobs/digest.js';

const digest = (input: unknown) => inputDigest('generate', input);

describe('the digest of an input', () => {
  it('is 16 hexadecimal digits, the same each time', () => {
    expect(digest({ prompt: 'a' })).toMatch(/^[0-9a-f]{16}$/);
    expect(digest({ prompt: 'a' })).toBe(digest({ prompt: 'a' }));
  });

  it('knows no order of fields, and no field that is undefined', () => {
    expect(digest({ a: 1, b: { c: [1, 2], d: 'x' }, e: undefined })).toBe(
      digest({ b: { d: 'x', c: [1, 2] }, a: 1, f: undefined }),
    );
  });

  it('tells inputs apart by any value, type, order of a list, place or operation', () => {
    const inputs = [
      ...[{}, [], null, '', 0, false, 'null', { a: 1 }, { a: '1' }, { a: true }, { a: null }, { a: [1] }],
      ...[{ a: [1, 2] }, { a: [2, 1] }, { a: [[1], 2] }, { a: [1, [2]] }, { a: { b: 1 } }, { b: { a: 1 } }],
      ...[
        { a: 'b', c: 'd' },
        { a: 'bc', d: '' },
        { ab: 'c', d: '' },
        { a: { b: {} } },
        { a: {}, b: {} },
        10n,
      ],
    ];
    const digests = inputs.map(digest);
    expect(new Set(digests).size).toBe(inputs.length);
    expect(inputDigest('remix', {})).not.toBe(digest({}));
  });

  it('takes bytes by their size and type', () => {
    const of = (...parts: BlobPart[]) => digest({ image: new Blob(parts, { type: 'image/png' }) });
    expect(of('abc')).toBe(of('xyz'));
    expect(of('abc')).not.toBe(of('abcd'));
    expect(of('abc')).not.toBe(digest({ image: new Blob(['abc'], { type: 'image/jpeg' }) }));
    expect(digest({ image: new Uint8Array(3) })).toBe(digest({ image: new Uint8Array([1, 2, 3]) }));
    expect(digest({ image: new Uint8Array(3) })).toBe(digest({ image: new ArrayBuffer(3) }));
    expect(digest({ image: new Uint8Array(3) })).not.toBe(digest({ image: new Uint8Array(4) }));
  });

  it('takes what becomes a text in JSON as that text', () => {
    expect(digest({ at: new Date(0), url: new URL('https://host/x') })).toBe(
      digest({ at: '1970-01-01T00:00:00.000Z', url: 'https://host/x' }),
    );
  });

  it('ends for what is nested without end', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(digest(circle)).toMatch(/^[0-9a-f]{16}$/);
    // In two fields: twice as much at each level.
    const circles: Record<string, unknown> = {};
    circles.first = circles;
    circles.second = [circles, circles];
    expect(digest(circles)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('takes a Buffer as bytes, not as the numbers that JSON makes of it', () => {
    expect(digest({ image: Buffer.from('abc') })).toBe(digest({ image: new Uint8Array(3) }));
  });

  it('is that of the JSON: what is equal there is equal here, and else it is not', () => {
    const sorted = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(sorted);
      const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
    };
    const text = (value: unknown) => JSON.stringify(sorted(JSON.parse(JSON.stringify(value))));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(digest(a) === digest(b)).toBe(text(a) === text(b));
        expect(digest(JSON.parse(text(a)))).toBe(digest(a));
      }),
      { numRuns: 2_000 },
    );
  });

  it('spreads over all its digits: of 100,000 numbered inputs no two are alike, nor any half of them', () => {
    const digests = Array.from({ length: 100_000 }, (_, index) => digest({ prompt: `video ${index}` }));
    expect(new Set(digests).size).toBe(digests.length);
    // Of 32 bits, a random function has about one pair alike.
    for (const half of [digests.map((d) => d.slice(0, 8)), digests.map((d) => d.slice(8))])
      expect(new Set(half).size).toBeGreaterThan(digests.length - 12);
  });
});

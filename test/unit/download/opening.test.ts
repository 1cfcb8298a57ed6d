import { describe, expect, it } from 'vitest';
import type { ByteArray } from '../../../src/core/bytes.js';
import { type FileHead, readHead } from '../../../src/download/head.js';
import { Opening, problemOf } from '../../../src/download/opening.js';

const bytes = (text: string): ByteArray => Uint8Array.from(text, (char) => char.charCodeAt(0));
const head = (headers: Record<string, string>, status = 200): FileHead =>
  readHead(new Response('x', { status, headers }), 'name');
const mp4 = bytes('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free');
const same = (words: string) => words;

describe('the first bytes of a file', () => {
  it('are held back, however small the pieces, until they show what it is, and none is lost', () => {
    const opening = new Opening();
    const given: number[] = [];
    let firsts = 0;
    for (const byte of mp4) {
      const out = opening.add(Uint8Array.of(byte), head({ 'content-type': 'text/html' }));
      if (out?.isFirst) {
        firsts += 1;
        expect(out.bytes.length).toBeGreaterThan(4);
      }
      given.push(...(out?.bytes ?? []));
    }
    expect(firsts).toBe(1);
    expect(Uint8Array.from(given)).toEqual(mp4);
    expect(opening.end()).toBeUndefined();
  });

  it('are all there is where no more comes', () => {
    const opening = new Opening();
    expect(opening.add(bytes('ab'), head({ 'content-type': 'text/plain' }))).toBeUndefined();
    expect(opening.end()).toEqual({ bytes: bytes('ab'), isFirst: true });
    expect(opening.end()).toBeUndefined();
    expect(new Opening().end()).toBeUndefined();
  });
});

describe('what a file is, where it is not what was asked for', () => {
  it('is nothing of a video', () => {
    expect(problemOf(mp4, head({ 'content-type': 'video/mp4' }), false, same)).toBeUndefined();
    expect(problemOf(mp4, undefined, false, same)).toBeUndefined();
  });

  it('is the video, where a picture of it was asked for', () => {
    expect(problemOf(mp4, head({ 'content-type': 'image/jpeg' }), true, same)).toBe(
      'the video, not a picture of it',
    );
    const picture = bytes('\xff\xd8\xff\xe0\0\x10JFIF\0\x01');
    expect(problemOf(picture, head({ 'content-type': 'image/jpeg' }), true, same)).toBeUndefined();
  });

  it('is the words of a text, without blanks around them, cut and cleaned', () => {
    const page = bytes(`\n  <!doctype html><title>Gone</title>${'x'.repeat(2_000)}`);
    const problem = problemOf(page, head({ 'content-type': 'text/html' }), false, (words) =>
      words.replace('Gone', 'cleaned'),
    );
    expect(problem).toMatch(/^"<!doctype html><title>cleaned<\/title>x+"$/);
    expect(problem?.length).toBeLessThan(1_010);
  });

  it('is its type and its words where the type alone says that it is text', () => {
    const odd = bytes('\x7f\x01 neither this nor that \x02\x03');
    expect(problemOf(odd, head({ 'content-type': 'text/plain' }), false, () => 'words')).toBe(
      'text/plain: "words"',
    );
    expect(problemOf(odd, head({ 'content-type': 'application/octet-stream' }), false, same)).toBeUndefined();
    expect(problemOf(odd, undefined, false, same)).toBeUndefined();
  });
});

describe('what the headers say of a file', () => {
  it.each([
    ['12', 12],
    [' 12 ', 12],
    ['12x', undefined],
    ['x12', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['9999999999999999', undefined],
  ])('a length of %j is %j', (length, size) => {
    expect(head({ 'content-length': length })).toMatchObject({ size, until: size });
  });

  it.each([
    ['bytes 2-4/10', { size: 10, until: 5 }],
    ['bytes 2-4/*', { size: undefined, until: 5 }],
    ['bytes 2-12/10', { size: undefined, until: undefined }],
    ['bytes 4-2/10', { size: undefined, until: undefined }],
    ['characters 2-4/10', { size: undefined, until: undefined }],
    ['', { size: undefined, until: undefined }],
  ])('a part of %j has %j', (range, expected) => {
    expect(head({ 'content-range': range, 'content-length': '3' }, 206)).toMatchObject(expected);
  });

  it('has no size and no proof of an answer that fetch decodes', () => {
    const encoded = head({
      'content-encoding': 'identity, GZIP',
      'content-length': '12',
      etag: '"a"',
      'repr-digest': `sha-256=:${'A'.repeat(43)}=:`,
    });
    expect(encoded).toMatchObject({ size: undefined, until: undefined, isEncoded: true, eTag: '"a"' });
    expect([encoded.strongETag, encoded.validator, encoded.sha256]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(head({ 'content-encoding': 'aws-chunked', 'content-length': '12' }).size).toBe(12);
  });

  it('proves by an ETag that is not weak, else by a date that was old when it was sent', () => {
    const sent = 'Thu, 26 Nov 2026 10:00:05 GMT';
    const dated = (lastModified: string) =>
      head({ date: sent, 'last-modified': lastModified, etag: 'W/"a"' });
    expect(head({ etag: '"a"' })).toMatchObject({ eTag: '"a"', strongETag: '"a"', validator: '"a"' });
    expect(dated('Thu, 26 Nov 2026 10:00:04 GMT')).toMatchObject({
      eTag: 'W/"a"',
      strongETag: undefined,
      lastModified: 'Thu, 26 Nov 2026 10:00:04 GMT',
      validator: 'Thu, 26 Nov 2026 10:00:04 GMT',
    });
    expect(dated(sent).validator).toBeUndefined();
    expect(head({ 'last-modified': sent }).validator).toBeUndefined();
    expect(head({})).toMatchObject({ eTag: undefined, lastModified: undefined, validator: undefined });
  });
});

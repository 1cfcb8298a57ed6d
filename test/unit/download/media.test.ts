import { describe, expect, it } from 'vitest';
import { isTextType, sniff, wantsMore } from '../../../src/download/media.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

describe('the first bytes of a file', () => {
  it.each([
    ['MP4', '\0\0\0\x18ftypmp42\0\0\0\0', 'video'],
    ['QuickTime without a type', '\0\0\0\x08wide\0\0\0\0mdat', 'video'],
    ['WebM', '\x1aE\xdf\xa3\x01\0\0\0\0\0\0\0\0\0\0\0', 'video'],
    ['AVI', 'RIFF\0\0\0\0AVI LIST', 'video'],
    ['JPEG', '\xff\xd8\xff\xe0\0\x10JFIF\0\0\0\0\0\0', 'image'],
    ['PNG', '\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0\0', 'image'],
    ['WebP', 'RIFF\0\0\0\0WEBPVP8 ', 'image'],
    ['HEIC of ten bits', '\0\0\0\x1cftypheix\0\0\0\0', 'image'],
    ['AVIF', '\0\0\0\x1cftypavif\0\0\0\0', 'image'],
    ['JSON', '{"error":"still processing"}', 'text'],
    ['a list', '[{"error":1}]                ', 'text'],
    ['a JSON text', '"still processing"', 'text'],
    ['a page', '<!doctype html><p>Log in', 'text'],
    ['a page behind blanks', ` \r\n\t${' '.repeat(100)}<html>`, 'text'],
    ['JSON behind a byte order mark', '\xef\xbb\xbf{"error":"still"}', 'text'],
    ['JSON in UTF-16, big end first', '\xfe\xff\0{\0"\0a\0"\0:\x001\0}', 'text'],
    ['JSON in UTF-16, small end first', '\xff\xfe{\0"\0a\0"\0:\x001\0}\0', 'text'],
    ['blanks alone', ' '.repeat(2_000), 'text'],
    ['bytes that say nothing', '\x01\x02\x03\x04\x05\x06\x07\x08\x09{<["\0\0\0', 'unknown'],
    ['a zero and a brace, as chance has it', '\0{\x17\x92\x81\0\x05\x99\0\0\0\0\0\0\0\0', 'unknown'],
  ])('tell %s', (_what, text, kind) => {
    expect(sniff(bytes(text))).toBe(kind);
  });

  it.each([
    ['one byte of no text', '\0', false, false],
    ['one byte, where all else speaks against it', '\0', true, true],
    ['part of a byte order mark', '\xef', false, true],
    ['the first box', '\0\0\0\x18ftypmp42\0\0\0\0', true, false],
    ['blanks', ' '.repeat(1_000), false, true],
    ['blanks without an end', ' '.repeat(1_024), false, false],
  ])('%s: asks for more or not', (_what, text, needsMagic, expected) => {
    expect(wantsMore(bytes(text), needsMagic)).toBe(expected);
  });
});

it.each([
  'text/plain',
  'text/html',
  'application/json',
  'application/problem+json',
  'application/xml',
  'application/vnd.api+json',
  'application/xhtml+xml',
  'application/problem+xml',
  'image/svg+xml',
])('%s is a content type of words', (type) => expect(isTextType(type)).toBe(true));

it.each(['video/mp4', 'application/octet-stream', 'image/png', 'application/jsonlike', ''])(
  '"%s" is none',
  (type) => expect(isTextType(type)).toBe(false),
);

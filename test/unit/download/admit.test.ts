import { describe, expect, it } from 'vitest';
import { admit, type Known } from '../../../src/download/admit.js';
import { readHead } from '../../../src/download/head.js';

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : 'x', { status, headers });
const nothing: Known = { head: undefined, received: 0, foreign: false } as Known;
const some: Known = {
  head: readHead(answer(200, { 'content-length': '10', etag: '"a"' }), 'name'),
  received: 4,
  foreign: false,
} as Known;

describe('a refusal', () => {
  it.each([
    [404, 'not-ready', 'expired'],
    [409, 'not-ready', 'not-ready'],
    [425, 'not-ready', 'not-ready'],
    [202, 'not-ready', 'not-ready'],
    [410, 'expired', 'expired'],
    [400, 'bad-request', 'bad-request'],
    [401, 'refused', 'refused'],
    [403, 'refused', 'refused'],
    [418, 'refused', 'refused'],
  ])('by %i is %s before the first byte, %s after it', (status, before, after) => {
    expect(admit(answer(status), nothing)).toBe(before);
    expect(admit(answer(status), some)).toBe(after);
  });

  it.each([401, 403])(
    'by %i of another origin, which signs its URLs, means that its time is over',
    (status) => {
      expect(admit(answer(status), { ...nothing, foreign: true })).toBe('expired');
    },
  );

  it('by 416 is the end where exactly that much is there, and no answer where the size was known', () => {
    const sizeless = { ...some, head: readHead(answer(200, { etag: '"a"' }), 'name') };
    const range = { 'content-range': 'bytes */4', etag: '"a"' };
    expect(admit(answer(416, range), sizeless)).toBe('complete');
    expect(admit(answer(416, { ...range, 'content-range': 'bytes */5' }), sizeless)).toBe('mismatch');
    expect(admit(answer(416, { ...range, etag: '"b"' }), sizeless)).toBe('mismatch');
    expect(admit(answer(416, range), some)).toBe('mismatch');
    expect(admit(answer(416, range), nothing)).toBe('refused');
  });
});

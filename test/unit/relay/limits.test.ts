import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Places, resolveLimits, TokenBucket } from '../../../src/relay/limits.js';

describe('limits', () => {
  it('are those of the documents where none are given, or are given as undefined', () => {
    const defaults = {
      ...{ socketsPerUser: 20, sockets: 20_000, jobsPerSocket: 100, jobsPerStream: 100 },
      ...{ bodyBytes: 10_485_760, frameBytes: 16_384, bufferedBytes: 1_048_576 },
    };
    expect(resolveLimits()).toEqual(defaults);
    expect(resolveLimits({ sockets: undefined })).toEqual(defaults);
    expect(resolveLimits({ sockets: 5 })).toEqual({ ...defaults, sockets: 5 });
  });

  it.each([
    ['sockets', 0],
    ['frameBytes', 1.5],
    ['bodyBytes', '1'],
    ['bufferedBytes', Number.POSITIVE_INFINITY],
    ['socket', 5],
    ['toString', 5],
  ])('refuse %s: %o', (name, value) => {
    expect(() => resolveLimits({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'configuration', option: `limits.${name}` }),
    );
  });
});

describe('places for sockets', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('are as many as there are, and as many of one user', () => {
    const places = new Places({ sockets: 3, socketsPerUser: 2 });
    const first = places.reserve('ada');
    expect(places.refusal('ada')).toBeUndefined();
    places.reserve('ada');
    expect(places.refusal('ada')).toBe(429);
    expect(places.refusal('bob')).toBeUndefined();
    places.reserve('bob');
    expect(places.refusal('eve')).toBe(503);
    first.leave();
    first.leave();
    expect(places.refusal('ada')).toBeUndefined();
    places.reserve('eve');
    expect(places.refusal('ada')).toBe(503);
  });

  it('are given back where nobody comes within ten seconds, and kept for whoever has come', () => {
    const places = new Places({ sockets: 2, socketsPerUser: 2 });
    places.reserve('ada');
    const taken = places.reserve('ada');
    taken.take();
    vi.advanceTimersByTime(9_999);
    expect(places.refusal('ada')).toBe(503);
    vi.advanceTimersByTime(1);
    expect(places.refusal('ada')).toBeUndefined();
    places.reserve('ada');
    expect(places.refusal('ada')).toBe(503);
    taken.leave();
    expect(places.refusal('ada')).toBeUndefined();
  });
});

describe('a bucket of messages', () => {
  it('holds so many, and is filled by so many a second', () => {
    const bucket = new TokenBucket(3, 50, 0);
    expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([bucket.take(19), bucket.take(20), bucket.take(20)]).toEqual([false, true, false]);
    const later = Array.from({ length: 4 }, () => bucket.take(10_000));
    expect(later).toEqual([true, true, true, false]);
  });
});

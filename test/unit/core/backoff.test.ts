import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelayMs, nextDelayMs, parseRetryAfterMs } from '../../../src/core/backoff.js';
import { ApiError } from '../../../src/errors.js';

const bounds = { minDelayMs: 1_000, maxDelayMs: 30_000 };
const now = Date.UTC(2025, 0, 1, 12, 0, 0);

describe('backoffDelayMs', () => {
  it('doubles its ceiling with each failure, up to the maximum', () => {
    const almostOne = 1 - Number.EPSILON;
    expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffDelayMs(attempt, bounds, almostOne))).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('keeps its jitter when the maximum is reached', () => {
    expect(backoffDelayMs(40, bounds, 0)).toBe(1_000);
    expect(backoffDelayMs(40, bounds, 0.5)).toBe(15_500);
  });

  it('stays within its bounds for any attempt, however many have failed', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        fc.nat({ max: 100_000 }),
        fc.nat({ max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, minDelayMs, maxDelayMs, random) => {
          const delay = backoffDelayMs(attempt, { minDelayMs, maxDelayMs }, random);
          expect(delay).toBeGreaterThanOrEqual(Math.min(minDelayMs, maxDelayMs));
          expect(delay).toBeLessThanOrEqual(maxDelayMs);
        },
      ),
    );
  });
});

describe('nextDelayMs', () => {
  const retry = { ...bounds, attempts: 3 };
  const limited = (retryAfterMs: number) => new ApiError('slow down', { status: 429, retryAfterMs });

  it('is the backoff where the server asks for nothing, or for less', () => {
    expect(nextDelayMs(new Error('lost'), 1, retry, 0.5)).toBe(1_500);
    expect(nextDelayMs(limited(1_200), 1, retry, 0.5)).toBe(1_500);
  });

  it('is what the server asks for where that is longer', () => {
    expect(nextDelayMs(limited(20_000), 1, retry, 0.5)).toBe(20_000);
    expect(nextDelayMs(limited(30_000), 1, retry, 0.5)).toBe(30_000);
  });

  it('is none after the last attempt, and none where the server asks for more than the longest delay', () => {
    expect(nextDelayMs(new Error('lost'), 2, retry, 0.5)).toBe(2_500);
    expect(nextDelayMs(new Error('lost'), 3, retry, 0.5)).toBeUndefined();
    expect(nextDelayMs(limited(30_001), 1, retry, 0.5)).toBeUndefined();
  });
});

describe('parseRetryAfterMs', () => {
  it('reads seconds', () => {
    expect(parseRetryAfterMs('0', now)).toBe(0);
    expect(parseRetryAfterMs(' 120 ', now)).toBe(120_000);
    expect(parseRetryAfterMs('1.5', now)).toBe(1_500);
  });

  it.each([
    ['the current form', 'Wed, 01 Jan 2025 12:00:30 GMT'],
    ['the RFC 850 form', 'Wednesday, 01-Jan-25 12:00:30 GMT'],
    ['the asctime form', 'Wed Jan  1 12:00:30 2025'],
  ])('reads an HTTP date in %s', (_form, value) => {
    expect(parseRetryAfterMs(value, now)).toBe(30_000);
  });

  it('measures a date by the clock of the server, where it told the time', () => {
    const at = 'Wed, 01 Jan 2025 14:00:30 GMT';
    expect(parseRetryAfterMs(at, now, 'Wed, 01 Jan 2025 14:00:00 GMT')).toBe(30_000);
    expect(parseRetryAfterMs(at, now, 'noon')).toBe(7_230_000);
    expect(parseRetryAfterMs(at, now, null)).toBe(7_230_000);
  });

  it('takes a date in the past for now', () => {
    expect(parseRetryAfterMs('Wed, 01 Jan 2025 11:00:00 GMT', now)).toBe(0);
  });

  it('believes nothing beyond a day', () => {
    expect(parseRetryAfterMs('99999999999999999999999', now)).toBe(86_400_000);
    expect(parseRetryAfterMs('Fri, 01 Jan 2100 00:00:00 GMT', now)).toBe(86_400_000);
  });

  it.each([
    null,
    undefined,
    '',
    '-5',
    'soon',
    '5 minutes',
    '0x10',
    '1e3',
    '2025-01-01T12:00:30Z',
    'NaN',
    'Wed, 99 Foo 2025 12:00:00 GMT',
  ])('ignores %j', (value) => {
    expect(parseRetryAfterMs(value, now)).toBeUndefined();
  });
});

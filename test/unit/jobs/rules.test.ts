import { describe, expect, it } from 'vitest';
import { ApiError, InputError, NetworkError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { isJobKey, readRecord } from '../../../src/jobs/read-record.js';
import type { JobRecordState } from '../../../src/jobs/record.js';
import { isRefusal, outcomeUnknown, whyRefused } from '../../../src/jobs/refusals.js';
import { admits, isListed, keptUntil, merged } from '../../../src/jobs/rules.js';
import { WritersClock } from '../../../src/jobs/writers-clock.js';
import { recordOf } from './support.js';

const STATES: readonly JobRecordState[] = ['submitting', 'refused', 'submitted', 'completed', 'failed'];
/** All of one moment: what was made at another belongs to another submit. */
const madeAt = { createdAt: 1_800_000_000_000, updatedAt: 1_800_000_000_000 };
const in_ = (state: JobRecordState, changes = {}) =>
  recordOf({ state, ...madeAt, ...(!/submitting|refused/.test(state) && { jobId: 'job-1' }), ...changes });

describe('add', () => {
  it('writes where there is nothing, or what was refused, and never over what cannot be read', () => {
    expect(admits(undefined)).toBe(true);
    expect(STATES.filter((state) => admits(in_(state)))).toEqual(['refused']);
    for (const odd of [null, 'x', {}, { ...in_('refused'), version: 2 }]) expect(admits(odd)).toBe(false);
  });
});

describe('put', () => {
  it.each([
    ['submitting', ['refused', 'submitted', 'completed', 'failed']],
    ['refused', ['submitted', 'completed', 'failed']],
    ['submitted', ['completed', 'failed']],
    ['completed', []],
    ['failed', []],
  ] as const)('moves %s to %j and nowhere else', (from, to) => {
    const moves = STATES.filter((state) => merged(in_(from), in_(state))?.state === state && state !== from);
    expect(moves).toEqual(to);
  });

  it('creates nothing, and changes nothing of another submit or of what cannot be read', () => {
    expect(merged(undefined, in_('submitted'))).toBeUndefined();
    expect(merged({ key: 'order-7' }, in_('submitted'))).toBeUndefined();
    expect(merged(in_('submitting', { idempotencyKey: 'other' }), in_('submitted'))).toBeUndefined();
    expect(merged(in_('submitting', { key: 'order-8' }), in_('submitted'))).toBeUndefined();
  });

  it('refuses no submit of another moment, though it has the same idempotency key', () => {
    const before = in_('submitting', { createdAt: 1 });
    expect(merged(before, in_('refused', { createdAt: 2 }))).toBeUndefined();
    expect(merged(before, in_('submitted', { createdAt: 2 }))).toMatchObject({ jobId: 'job-1' });
  });

  it('replaces no id', () => {
    expect(merged(in_('submitted'), in_('completed', { jobId: 'job-2' }))).toBeUndefined();
  });

  it('moves decidedBy alone of what is being submitted, either way', () => {
    const before = in_('submitting', { decidedBy: 5, metadata: { a: 1 } });
    for (const decidedBy of [4, 6])
      expect(merged(before, { ...before, decidedBy, metadata: undefined, group: 'other' })).toEqual({
        ...before,
        decidedBy,
      });
    expect(merged(in_('submitted'), in_('submitting', { decidedBy: 9 }))).toBeUndefined();
    expect(merged(in_('refused'), in_('submitting', { decidedBy: 9 }))).toBeUndefined();
  });

  it('keeps what was written first: group, metadata, digest, and when it was made', () => {
    const before = in_('submitting', { group: 'ada', metadata: { a: 1 }, createdAt: 1 });
    const next = {
      ...in_('failed', { error: 'why', updatedAt: before.updatedAt + 5 }),
      group: 'bob',
      metadata: 2,
      createdAt: 9,
    };
    expect(merged(before, next)).toEqual({
      ...before,
      state: 'failed',
      jobId: 'job-1',
      error: 'why',
      updatedAt: next.updatedAt,
    });
  });
});

describe('a listing', () => {
  it('is of all, of a group, or of those that are open', () => {
    const listed = (query: object) => STATES.filter((state) => isListed(in_(state, { group: 'ada' }), query));
    expect(listed({})).toEqual(STATES);
    expect(listed({ open: true })).toEqual(['submitting', 'submitted']);
    expect(listed({ group: 'ada', open: false })).toEqual(STATES);
    expect(listed({ group: 'bob' })).toEqual([]);
    expect([isListed('odd'), isListed('odd', { group: 'ada' }), isListed('odd', { open: true })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

it('records are kept as long as somebody may ask: by their state, from their last change', () => {
  const days = STATES.map((state) => (keptUntil(in_(state)) - in_(state).updatedAt) / 86_400_000);
  expect(days.map(Math.round)).toEqual([30, 1, 30, 7, 7]);
  expect(keptUntil('odd')).toBe(Number.POSITIVE_INFINITY);
  // By a device whose clock was not set: it may be of a moment ago.
  for (const updatedAt of [0, 60_000, Date.UTC(2024, 11)])
    expect(keptUntil(in_('submitted', { updatedAt }))).toBe(Number.POSITIVE_INFINITY);
});

describe('a record is read', () => {
  it('as it was written, without what is not of it', () => {
    const record = in_('failed', { group: 'ada', error: 'why', metadata: [1] });
    expect(readRecord({ ...record, more: 1 })).toEqual(record);
    expect(readRecord({ ...record, group: null })).not.toHaveProperty('group');
  });

  it.each([
    ...[
      { version: 2 },
      { key: '' },
      { key: 'a b' },
      { group: 7 },
      { backend: 7 },
      { baseUrl: 7 },
      { state: 'odd' },
    ],
    ...[
      { state: 'toString' },
      { idempotencyKey: 7 },
      { inputDigest: 7 },
      { decidedBy: '1' },
      { decidedBy: Number.NaN },
    ],
    ...[
      { jobId: '' },
      { jobId: '../x' },
      { jobId: 7 },
      { jobId: undefined },
      { error: 7 },
      { createdAt: '1' },
      { updatedAt: null },
    ],
  ])('not where it holds %j', (wrong) => {
    expect(readRecord({ ...in_('failed'), ...wrong })).toBeUndefined();
  });

  it('not where it has an id before there can be one', () => {
    expect(readRecord(in_('submitting', { jobId: 'job-1' }))).toBeUndefined();
  });
});

it('a key is 1 to 255 printable ASCII characters without spaces', () => {
  expect(['!', '~'.repeat(255), 'order-7'].every(isJobKey)).toBe(true);
  expect(['', 'a b', 'é', '\u007f', 'x'.repeat(256), 7, undefined].some(isJobKey)).toBe(false);
});

describe('a first submit did nothing', () => {
  it('for 4xx but 408, 409, 425 and 499, where no connection was made, and where something failed before that', () => {
    const refused = Array.from({ length: 300 }, (_, index) => 300 + index).filter((status) =>
      isRefusal(new ApiError('refused', { status })),
    );
    const wanted = Array.from({ length: 100 }, (_, index) => 400 + index);
    expect(refused).toEqual(wanted.filter((status) => ![408, 409, 425, 499].includes(status)));
    expect(isRefusal(new NetworkError('network', 'refused'))).toBe(true);
    expect(isRefusal(new InputError('x', 'y'))).toBe(true);
    expect(isRefusal(new SubmitOutcomeUnknownError('unknown'))).toBe(false);
  });

  it('for a reason that quotes nobody', () => {
    expect(whyRefused(new ApiError('a secret', { status: 422 }))).toBe('http-error (422)');
    expect(whyRefused(new NetworkError('network', 'a secret'))).toBe('network');
    expect(whyRefused(new Error('a secret'))).toBe('not sent');
  });
});

it('an outcome that nobody knows names the key, and what to do by whether keys are honoured', () => {
  const cause = new SubmitOutcomeUnknownError('POST … was sent', {
    status: 503,
    hint: 'Look for it.',
    requestId: 'r-1',
  });
  expect(outcomeUnknown('k', false, cause)).toMatchObject({
    key: 'k',
    status: 503,
    requestId: 'r-1',
    message: cause.message,
  });
  expect(outcomeUnknown('k', false, cause).hint).toMatch(
    /^Look for it\. Where the job .*adopt\("k".*forget\("k"\)/,
  );
  expect(outcomeUnknown('k', true).hint).toMatch(/generate again with the same key/);
  expect(outcomeUnknown('k', true).hint).not.toContain('forget');
});

it('a record of a process whose clock is ahead is judged by that clock and the time since', () => {
  let elapsed = 0;
  const clock = new WritersClock({ now: () => 1_000 + elapsed, elapsedMs: () => elapsed });
  const record = recordOf({ updatedAt: 100_000 });
  expect(clock.now(record)).toBe(100_000);
  elapsed = 500;
  expect(clock.now(record)).toBe(100_500);
  expect(clock.now({ ...record, updatedAt: 200_000 })).toBe(200_000);
  expect(clock.now({ ...record, updatedAt: 10 })).toBe(1_500);
  expect(clock.now(undefined)).toBe(1_500);
});

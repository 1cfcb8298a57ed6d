import { describe, expect, it } from 'vitest';
import { type Asked, decide, decideUnderWay, isHonoured } from '../../../src/jobs/decide.js';
import type { JobRecord, JobRecordState } from '../../../src/jobs/record.js';

const NOW = 1_000_000_000_000;
const WINDOW = { windowMs: 100_000 };

const asked: Asked = {
  group: 'ada',
  backend: 'sora',
  baseUrl: 'https://host/api',
  inputDigest: '0123456789abcdef',
  idempotencyKey: undefined,
  idempotency: 'none',
  now: NOW,
  writersNow: NOW,
};

function record(state: JobRecordState, changes: Partial<JobRecord> = {}): JobRecord {
  return {
    ...{ version: 1, key: 'order-7', group: 'ada', backend: 'sora', baseUrl: 'https://host/api', state },
    ...{ idempotencyKey: 'idem-1', inputDigest: asked.inputDigest, decidedBy: NOW - 1 },
    ...{ createdAt: NOW - 10_000, updatedAt: NOW - 10_000 },
    ...(!/submitting|refused/.test(state) && { jobId: 'job-1' }),
    ...changes,
  };
}

describe('with a key, generate', () => {
  it.each([
    ['honours keys', WINDOW],
    ['says that it honours none', 'none'],
    ['says nothing of keys', undefined],
  ] as const)(
    'submits where there is no record, or one that was refused, if the server %s',
    (_, idempotency) => {
      expect(decide(undefined, { ...asked, idempotency })).toEqual({ do: 'submit' });
      expect(decide(record('refused'), { ...asked, idempotency })).toEqual({ do: 'submit' });
      expect(decide(record('refused', { inputDigest: 'f'.repeat(16) }), { ...asked, idempotency })).toEqual({
        do: 'submit',
      });
    },
  );

  it.each([WINDOW, 'none', undefined] as const)(
    'waits while an answer can still come, whatever the server makes of keys: %j',
    (idempotency) => {
      const undecided = record('submitting', { decidedBy: NOW + 1 });
      expect(decide(undecided, { ...asked, idempotency })).toEqual({ do: 'wait', untilMs: NOW + 1 });
    },
  );

  it('sends again under the recorded key once nobody can answer any more, where the server honours keys', () => {
    expect(decide(record('submitting', { decidedBy: NOW }), { ...asked, idempotency: WINDOW })).toEqual({
      do: 'repeat',
    });
  });

  it('sends nothing and says that nobody knows, where it does not', () => {
    for (const idempotency of ['none', undefined] as const)
      expect(decide(record('submitting', { decidedBy: NOW }), { ...asked, idempotency })).toEqual({
        do: 'unknown',
      });
  });

  it.each(['submitted', 'completed', 'failed'] as const)('gives the job of a record that is %s', (state) => {
    for (const idempotency of [WINDOW, 'none', undefined] as const)
      expect(decide(record(state), { ...asked, idempotency })).toEqual({ do: 'attach', jobId: 'job-1' });
  });

  it.each(['submitting', 'submitted', 'completed', 'failed'] as const)(
    'is refused with another input than that of a record that is %s',
    (state) => {
      for (const idempotency of [WINDOW, 'none', undefined] as const) {
        const other = record(state, { inputDigest: 'f'.repeat(16) });
        expect(decide(other, { ...asked, idempotency })).toEqual({ do: 'refuse', other: 'input' });
      }
    },
  );

  it.each(['submitting', 'refused', 'submitted', 'completed', 'failed'] as const)(
    'is refused where a record that is %s is of another group, backend or baseUrl',
    (state) => {
      expect(decide(record(state, { group: undefined }), asked)).toEqual({ do: 'refuse', other: 'group' });
      expect(decide(record(state, { backend: 'fal' }), asked)).toEqual({ do: 'refuse', other: 'server' });
      expect(decide(record(state, { baseUrl: 'https://host' }), asked)).toEqual({
        do: 'refuse',
        other: 'server',
      });
    },
  );

  it('joins the submit of this client that is under way, unless that is of something else', () => {
    expect(decideUnderWay(asked, asked)).toEqual({ do: 'join' });
    expect(decideUnderWay({ ...asked, group: 'bob' }, asked)).toEqual({ do: 'refuse', other: 'group' });
    expect(decideUnderWay({ ...asked, inputDigest: 'x' }, asked)).toEqual({ do: 'refuse', other: 'input' });
  });
});

describe('a server honours the key of a record', () => {
  it('to the end of its window, less a tenth', () => {
    const at = (ageMs: number) =>
      isHonoured(record('submitting', { createdAt: NOW - ageMs }), { ...asked, idempotency: WINDOW });
    expect([at(0), at(89_999), at(90_000), at(100_000)]).toEqual([true, true, false, false]);
  });

  it('by the caller’s word where the backend says nothing, for the key that the caller gives', () => {
    const claim = (idempotencyKey: string | undefined, idempotency?: 'none') =>
      isHonoured(record('submitting'), { ...asked, idempotency, idempotencyKey });
    expect([claim('idem-1'), claim('idem-2'), claim(undefined), claim('idem-1', 'none')]).toEqual([
      ...[true, false, false, false],
    ]);
  });
});

it.each([
  [9_000, true],
  [11_000, false],
] as const)('a key of a record %i ms ahead of the clock counts as honoured: %s', (aheadMs, isSo) => {
  const made = record('submitting', { createdAt: NOW + aheadMs, decidedBy: NOW + aheadMs });
  expect(isHonoured(made, { ...asked, idempotency: WINDOW })).toBe(isSo);
  const decision = decide(made, { ...asked, idempotency: WINDOW, writersNow: NOW + aheadMs });
  expect(decision.do).toBe(isSo ? 'repeat' : 'unknown');
});

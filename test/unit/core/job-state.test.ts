import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyUpdate, initialSnapshot } from '../../../src/core/job-state.js';
import type { JobSnapshot, JobStatus, JobUpdate } from '../../../src/core/model.js';
import { isTerminal } from '../../../src/core/model.js';

const NOW_MS = 1_700_000_000_000;

function update(fields: Partial<JobUpdate> = {}): JobUpdate {
  return { jobId: 'job-1', raw: fields, ...fields };
}

/** What is known after all of them. */
function merged(...updates: Partial<JobUpdate>[]): JobSnapshot {
  return updates.reduce<JobSnapshot>(
    (known, fields, index) => applyUpdate(known, update(fields), 'websocket', NOW_MS + index),
    initialSnapshot('job-1', 'polling', NOW_MS),
  );
}

describe('the first update of a job', () => {
  it('makes the first snapshot', () => {
    const raw = { any: 'thing' };
    const first = update({ status: 'processing', progress: 7, message: 'Rendering', raw });
    expect(applyUpdate(undefined, first, 'sse', NOW_MS)).toEqual({
      id: 'job-1',
      status: 'processing',
      progress: 7,
      message: 'Rendering',
      updatedAt: new Date(NOW_MS),
      transport: 'sse',
      raw,
    });
  });

  it('means queued where it gives no status', () => {
    expect(applyUpdate(undefined, update(), 'polling', NOW_MS)).toMatchObject({
      status: 'queued',
      progress: 0,
    });
  });

  it('may be the last', () => {
    expect(applyUpdate(undefined, update({ status: 'completed' }), 'webhook', NOW_MS)).toMatchObject({
      status: 'completed',
      progress: 100,
    });
  });
});

describe('status', () => {
  it('moves forward', () => {
    expect(merged({ status: 'processing' }).status).toBe('processing');
    expect(merged({ status: 'processing' }, { status: 'completed' }).status).toBe('completed');
  });

  it('never moves back, and words said before it are old', () => {
    const known = merged({ status: 'processing', message: 'Rendering' });
    expect(applyUpdate(known, update({ status: 'queued', message: 'Waiting' }), 'sse', NOW_MS)).toBe(known);
  });

  it('stays where the server says nothing of it, or a word nobody knows', () => {
    expect(merged({ status: 'processing' }, { progress: 3 }).status).toBe('processing');
    expect(merged({ status: 'processing' }, { unknownStatus: 'paused', progress: 3 }).status).toBe(
      'processing',
    );
  });
});

describe('progress', () => {
  it('never falls', () => {
    expect(merged({ progress: 80 }, { progress: 50 }).progress).toBe(80);
  });

  it('rises by an update that comes late, too', () => {
    expect(merged({ status: 'processing' }, { status: 'queued', progress: 4 })).toMatchObject({
      status: 'processing',
      progress: 4,
    });
  });

  it.each([
    [-5, 0],
    [250, 100],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [12.5, 12.5],
  ])('of %d is kept as %d', (said, kept) => {
    expect(merged({ progress: said, message: 'changed' }).progress).toBe(kept);
  });

  it.each([[{ valueOf: 0, toString: 0 }], ['40'], [[50]], [true], [null], [9n], [Symbol('x')]])(
    'is not what a backend of the caller’s gives of another type, on any transport (%#)',
    (said) => {
      for (const source of ['websocket', 'sse', 'polling', 'webhook'] as const) {
        const known = merged({ progress: 30 });
        const odd = update({ progress: said as never, message: 'changed' });
        expect(applyUpdate(known, odd, source, NOW_MS)).toMatchObject({ progress: 30, message: 'changed' });
      }
    },
  );

  it('is 100 when completed, whatever was said', () => {
    expect(merged({ progress: 30 }, { status: 'completed', progress: 50 }).progress).toBe(100);
  });

  it('stays where it was when failed, whatever was said', () => {
    expect(merged({ progress: 30 }, { status: 'failed', progress: 0 }).progress).toBe(30);
  });
});

describe('a terminal snapshot', () => {
  it.each<JobStatus>(['queued', 'processing', 'completed', 'failed'])('absorbs %s', (status) => {
    const completed = merged({ status: 'completed' });
    const failed = merged({ status: 'failed', error: 'Out of memory' });
    const late = update({ status, progress: 1, error: 'x', message: 'x', videoUrl: '/x' });
    expect(applyUpdate(completed, late, 'sse', NOW_MS)).toBe(completed);
    expect(applyUpdate(failed, late, 'sse', NOW_MS)).toBe(failed);
  });

  it('of a completed job holds where the video is and until when', () => {
    const expiresAt = new Date(NOW_MS);
    const completed = merged({
      status: 'completed',
      videoUrl: '/v.mp4',
      expiresAt,
      error: 'not for a success',
    });
    expect(completed).toMatchObject({ videoUrl: '/v.mp4', expiresAt });
    expect(completed).not.toHaveProperty('error');
  });

  it('of a failed job holds the reason', () => {
    const failed = merged({
      status: 'failed',
      error: 'Blocked',
      errorCode: 'moderation',
      videoUrl: '/not-there',
    });
    expect(failed).toMatchObject({ error: 'Blocked', errorCode: 'moderation' });
    expect(failed).not.toHaveProperty('videoUrl');
  });

  it('of a failed job has an empty reason where the server gave none', () => {
    expect(merged({ status: 'failed' })).toMatchObject({ error: '' });
  });
});

describe('an update that says nothing new', () => {
  it.each<Partial<JobUpdate>>([
    {},
    { status: 'processing' },
    { progress: 50 },
    { progress: 20 },
    { message: 'Rendering' },
    { message: '' },
    { raw: { other: true } },
    { unknownStatus: 'paused' },
    { videoUrl: '/early.mp4' },
  ])('gives the very same snapshot: %j', (fields) => {
    const known = merged({ status: 'processing', progress: 50, message: 'Rendering' });
    expect(applyUpdate(known, update(fields), 'sse', NOW_MS + 99)).toBe(known);
  });

  it.each<Partial<JobUpdate>>([
    { status: 'completed' },
    { status: 'failed' },
    { progress: 51 },
    { message: 'Encoding' },
  ])('is not one that says %j', (fields) => {
    const known = merged({ status: 'processing', progress: 50, message: 'Rendering' });
    const next = applyUpdate(known, update(fields), 'sse', NOW_MS + 99);
    expect(next).toMatchObject({ ...fields, transport: 'sse', updatedAt: new Date(NOW_MS + 99) });
  });
});

it('what is left out of an update keeps its last value', () => {
  expect(merged({ status: 'processing', message: 'Rendering' }, { progress: 9 })).toMatchObject({
    status: 'processing',
    message: 'Rendering',
    progress: 9,
  });
});

describe('for any updates, in any order, with duplicates', () => {
  const rank = { queued: 0, processing: 1, completed: 2, failed: 2 };
  const updates = fc.array(
    fc
      .record(
        {
          status: fc.constantFrom<JobStatus>('queued', 'processing', 'completed', 'failed'),
          unknownStatus: fc.constantFrom('paused', ''),
          progress: fc.oneof(fc.double(), fc.integer({ min: -10, max: 110 })),
          message: fc.constantFrom('', 'a', 'b'),
          error: fc.constantFrom('', 'x'),
          videoUrl: fc.constantFrom('', '/v'),
        },
        { requiredKeys: [] },
      )
      .map(update),
    { maxLength: 40 },
  );

  it('status and progress never move back, the end comes once, and snapshots are frozen', () => {
    fc.assert(
      fc.property(updates, (sequence) => {
        let known: JobSnapshot | undefined;
        let ends = 0;
        for (const one of [...sequence, ...sequence]) {
          const next = applyUpdate(known, one, 'sse', NOW_MS);
          expect(Object.isFrozen(next)).toBe(true);
          expect(next.progress).toBeGreaterThanOrEqual(known?.progress ?? 0);
          expect(next.progress).toBeLessThanOrEqual(100);
          expect(rank[next.status]).toBeGreaterThanOrEqual(rank[known?.status ?? 'queued']);
          if (next !== known && isTerminal(next.status)) ends++;
          known = next;
        }
        const told = sequence.some((one) => one.status !== undefined && isTerminal(one.status));
        expect(ends).toBe(told ? 1 : 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('an update given again at once changes nothing', () => {
    fc.assert(
      fc.property(updates, (sequence) => {
        let known: JobSnapshot | undefined;
        for (const one of sequence) {
          known = applyUpdate(known, one, 'sse', NOW_MS);
          expect(applyUpdate(known, one, 'polling', NOW_MS + 1)).toBe(known);
        }
      }),
    );
  });

  it('the end that comes first is the end', () => {
    fc.assert(
      fc.property(updates, (sequence) => {
        const end = sequence.find((one) => one.status !== undefined && isTerminal(one.status));
        const known = sequence.reduce<JobSnapshot | undefined>(
          (snapshot, one) => applyUpdate(snapshot, one, 'sse', NOW_MS),
          undefined,
        );
        if (end !== undefined) expect(known?.status).toBe(end.status);
      }),
    );
  });
});

describe('how far a job is, where no percentage is given', () => {
  const vague = (known: JobSnapshot | undefined, update: Partial<JobUpdate>) =>
    applyUpdate(known, { jobId: 'a', raw: undefined, ...update }, 'polling', NOW_MS);

  it('is indeterminate until one above 0 and below 100 is', () => {
    const queued = vague(undefined, { status: 'queued' });
    const begun = vague(queued, { status: 'processing', progress: 0 });
    const done = vague(begun, { progress: 100 });
    expect([queued, begun, done].map(({ indeterminate }) => indeterminate)).toEqual([true, true, true]);
    const half = vague(begun, { progress: 50 });
    expect([half, vague(half, { progress: 100 })].map(({ indeterminate }) => indeterminate)).toEqual([
      undefined,
      undefined,
    ]);
    for (const status of ['completed', 'failed'] as const)
      expect(vague(begun, { status })).not.toHaveProperty('indeterminate');
  });

  it('is told by the place in the queue, which may rise, while it is queued', () => {
    const third = vague(undefined, { status: 'queued', queuePosition: 3 });
    expect(third).toMatchObject({ queuePosition: 3 });
    expect(vague(third, { status: 'queued' })).toBe(third);
    const fifth = vague(third, { queuePosition: 5 });
    expect(fifth).toMatchObject({ status: 'queued', queuePosition: 5 });
    expect(vague(fifth, { status: 'processing', queuePosition: 4 })).not.toHaveProperty('queuePosition');
  });
});

describe('what a server did not say', () => {
  const of = (update: object) =>
    Object.keys(applyUpdate(undefined, { jobId: 'a', raw: 0, ...update }, 'polling', 0)).sort();
  const always = ['id', 'progress', 'raw', 'status', 'transport', 'updatedAt'];

  it('is not there as undefined either', () => {
    expect(of({ status: 'completed' })).toEqual(always);
    expect(of({ status: 'failed', error: 'no' })).toEqual([...always, 'error'].sort());
    expect(of({ status: 'processing', progress: 10 })).toEqual(always);
  });

  it('is there where it did', () => {
    const said = { message: 'm', videoUrl: 'https://host/a', expiresAt: new Date(0), gone: 'deleted' };
    const outputs = [{ url: 'https://host/a' }];
    expect(
      applyUpdate(undefined, { jobId: 'a', raw: 0, status: 'completed', ...said, outputs }, 'polling', 0),
    ).toMatchObject({ ...said, outputs });
    expect(
      applyUpdate(
        undefined,
        { jobId: 'a', raw: 0, status: 'failed', error: 'no', errorCode: 'E7', message: 'm' },
        'polling',
        0,
      ),
    ).toMatchObject({ error: 'no', errorCode: 'E7', message: 'm' });
  });
});

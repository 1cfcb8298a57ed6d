import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.js';
import { listJobs } from '../../../src/relay/listing.js';

function record(key: string, createdAt: number, more: Partial<JobRecord> = {}): JobRecord {
  return {
    ...{ version: 1, key, group: 'ada', backend: 'b', baseUrl: 'https://x', state: 'submitted' },
    ...{
      idempotencyKey: 't',
      inputDigest: 'd',
      decidedBy: 0,
      jobId: `up-${key}`,
      createdAt,
      updatedAt: createdAt,
    },
    ...more,
  };
}

async function* of(records: readonly JobRecord[]) {
  yield* records;
}

const hub = { known: () => undefined };

describe('a list of jobs', () => {
  it('is newest first, in pages of a hundred that leave none out', async () => {
    const records = Array.from({ length: 250 }, (_, index) => record(`k${index}`, 1_000 + (index >> 1)));
    const listed: string[] = [];
    let after: string | null = null;
    const sizes: number[] = [];
    do {
      const page: Awaited<ReturnType<typeof listJobs>> = await listJobs(of(records), hub, after);
      listed.push(...page.jobs.map(({ jobId }) => jobId));
      sizes.push(page.jobs.length);
      after = page.next ?? null;
    } while (after !== null);
    expect(sizes).toEqual([100, 100, 50]);
    expect(new Set(listed).size).toBe(250);
    expect(listed[0]).toBe('k248');
    expect(listed.at(-1)).toBe('k1');
  });

  it('tells a hundred jobs without a page after them', async () => {
    const records = Array.from({ length: 100 }, (_, index) => record(`k${index}`, index));
    expect(await listJobs(of(records), hub, null)).not.toHaveProperty('next');
  });

  it('goes on behind a job that was forgotten meanwhile', async () => {
    const records = [record('a', 3), record('c', 1)];
    const { jobs } = await listJobs(of(records), hub, '2.b');
    expect(jobs.map(({ jobId }) => jobId)).toEqual(['c']);
  });

  it('tells what is known, or else what the record says, and nothing of what was refused', async () => {
    const records = [
      record('a', 4, { state: 'submitting', jobId: undefined }),
      record('b', 3, { state: 'completed' }),
      record('c', 2, { state: 'refused', jobId: undefined }),
      record('d', 1),
    ];
    const knowing = {
      known: (key: string) =>
        key === 'd' ? ({ isKnown: true, status: 'processing', progress: 42 } as never) : undefined,
    };
    const { jobs } = await listJobs(of(records), knowing, null);
    const createdAt = expect.stringMatching(/^1970-01-01T00:00:00\.00\dZ$/);
    expect(jobs).toEqual([
      { jobId: 'a', status: 'queued', progress: 0, createdAt },
      { jobId: 'b', status: 'completed', progress: 100, createdAt },
      { jobId: 'd', status: 'processing', progress: 42, createdAt },
    ]);
  });

  it.each(['', 'x', '1', '1.', '.k', '1.k\n'])('refuses %j as the page before', async (after) => {
    await expect(listJobs(of([]), hub, after)).rejects.toMatchObject({ answer: { status: 400 } });
  });
});

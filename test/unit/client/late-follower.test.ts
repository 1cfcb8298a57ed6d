import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LateFollower } from '../../../src/client/late-follower.js';
import type { Following, JobSink } from '../../../src/core/follower.js';
import { partNotLoaded, VideoError } from '../../../src/errors.js';
import type { Follower } from '../../../src/transports/transport.js';

const stop = vi.fn();
const loaded = {
  follow: vi.fn<Follower['follow']>(() => ({ stop })),
  failureOf: vi.fn((jobId: string): unknown => `trouble of ${jobId}`),
  ingest: vi.fn<Follower['ingest']>(),
  close: vi.fn<Follower['close']>(),
} satisfies Follower;
const closed = (jobId: string) => new VideoError('closed', 'closed', { jobId });
const update = { jobId: 'a', raw: 0 } as const;

function sink() {
  return {
    update: vi.fn(),
    transport: vi.fn(),
    warning: vi.fn(),
    stopped: vi.fn<JobSink['stopped']>(),
  };
}

/** Loads when it is told to. */
function start() {
  const asked: { resolve(loaded: Follower): void; reject(error: unknown): void }[] = [];
  const follower = new LateFollower(
    () => new Promise<Follower>((resolve, reject) => void asked.push({ resolve, reject })),
  );
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { follower, asked, settled };
}

beforeEach(() => void vi.clearAllMocks());

describe('a follower that is loaded later', () => {
  it('follows those who have waited, and then gives what it hears', async () => {
    const { follower, asked, settled } = start();
    const [one, two] = [sink(), sink()];
    const following = follower.follow('a', one);
    follower.follow('b', two);
    follower.ingest(update, 'webhook');
    expect(follower.failureOf('a')).toBeUndefined();
    asked[0]?.resolve(loaded);
    await settled();
    expect(asked).toHaveLength(1);
    expect(loaded.follow.mock.calls).toEqual([
      ['a', one, undefined],
      ['b', two, undefined],
    ]);
    expect(loaded.ingest).toHaveBeenCalledExactlyOnceWith(update, 'webhook');
    expect(loaded.ingest.mock.invocationCallOrder[0]).toBeGreaterThan(
      loaded.follow.mock.invocationCallOrder[1] ?? 0,
    );
    expect(follower.failureOf('a')).toBe('trouble of a');
    following.stop();
    expect(stop).toHaveBeenCalledOnce();
  });

  it('follows nobody who has left meanwhile', async () => {
    const { follower, asked, settled } = start();
    follower.follow('a', sink()).stop();
    asked[0]?.resolve(loaded);
    await settled();
    expect(loaded.follow).not.toHaveBeenCalled();
  });

  it('tells all who wait where it cannot be loaded, and is loaded again for the next', async () => {
    const { follower, asked, settled } = start();
    const waiting = ['a', 'b'].map((jobId) => {
      const one = sink();
      follower.follow(jobId, one);
      return one;
    });
    asked[0]?.reject(partNotLoaded('following', undefined, new TypeError('Failed to fetch')));
    await settled();
    const told = waiting.map(({ stopped }) => stopped.mock.calls[0]?.[0]);
    expect(told.map((error) => [error?.code, error?.jobId])).toEqual([
      ['part-not-loaded', 'a'],
      ['part-not-loaded', 'b'],
    ]);
    follower.follow('a', sink());
    asked[1]?.resolve(loaded);
    await settled();
    expect(loaded.follow).toHaveBeenCalledOnce();
  });

  it('tells those who wait at once that it was closed, and whoever comes later', async () => {
    const { follower, asked, settled } = start();
    const [before, after, last] = [sink(), sink(), sink()];
    follower.follow('a', before);
    follower.close(closed);
    expect(before.stopped).toHaveBeenCalledOnce();
    follower.follow('b', after);
    expect(after.stopped).not.toHaveBeenCalled();
    asked[0]?.resolve(loaded);
    await settled();
    const following: Following = follower.follow('c', last);
    await settled();
    following.stop();
    for (const { stopped } of [before, after, last]) {
      expect(stopped).toHaveBeenCalledOnce();
      expect(stopped.mock.calls[0]?.[0].code).toBe('closed');
    }
    expect(loaded.follow).not.toHaveBeenCalled();
  });
});

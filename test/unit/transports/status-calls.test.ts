import { describe, expect, it } from 'vitest';
import type { CallStanding } from '../../../src/core/follow-model.js';
import type { JobUpdate } from '../../../src/core/model.js';
import { ApiError } from '../../../src/errors.js';
import type { Peers } from '../../../src/transports/call-lines.js';
import { StatusCalls } from '../../../src/transports/status-calls.js';
import { FakeTimers, settled } from './support.js';

interface Pending {
  readonly jobId: string;
  readonly signal: AbortSignal;
  answer(): Promise<void>;
  refuse(error: unknown): Promise<void>;
}

function setUp(concurrency = 2, peers?: Peers) {
  const timers = new FakeTimers();
  const started: Pending[] = [];
  const told: [string, string, boolean][] = [];
  const lines = new StatusCalls({
    runtime: timers.runtime,
    concurrency,
    maxPauseMs: 30_000,
    quickMs: 1_000,
    askStatus: (jobId, signal) =>
      new Promise<JobUpdate>((resolve, reject) => {
        started.push({
          jobId,
          signal,
          answer: () => {
            resolve({ jobId, raw: 0 });
            return settled();
          },
          refuse: (error) => {
            reject(error);
            return settled();
          },
        });
      }),
  });
  const calls = lines.of({
    answered: (jobId, _, more) => told.push(['answered', jobId, more]),
    refused: (jobId, _, more) => told.push(['refused', jobId, more]),
    spared: (jobId, more) => told.push(['spared', jobId, more]),
    peers,
  });
  /** Asks about jobs of this standing. */
  const askAs = (standing: CallStanding, ...jobIds: string[]) => {
    for (const jobId of jobIds) calls.ask(jobId, false, standing);
    calls.flush();
  };
  const ask = (...jobIds: string[]) => askAs('good', ...jobIds);
  const names = () => started.map(({ jobId }) => jobId);
  return { timers, started, told, calls, lines, ask, askAs, names };
}

describe('status calls', () => {
  it('are never more at once than the concurrency says', async () => {
    const { ask, names, started } = setUp(2);
    ask('a', 'b', 'c', 'd');
    expect(names()).toEqual(['a', 'b']);
    await started[0]?.answer();
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('that are urgent go first in line', async () => {
    const { ask, calls, names, started } = setUp(1);
    ask('a', 'b', 'c');
    calls.ask('d', true, 'good');
    calls.ask('c', true, 'good');
    await started[0]?.answer();
    await started[1]?.answer();
    await started[2]?.answer();
    await started[3]?.answer();
    expect(names()).toEqual(['a', 'd', 'c', 'b']);
  });

  it('for one job are one while it waits in line', async () => {
    const { ask, names, started } = setUp(1);
    ask('a', 'b', 'b', 'b');
    await started[0]?.answer();
    await started[1]?.answer();
    expect(names()).toEqual(['a', 'b']);
  });

  it('asked for after one had started are made once more, and the first says that more is to come', async () => {
    const { ask, names, started, told } = setUp(1);
    ask('a');
    ask('a');
    ask('a');
    await started[0]?.answer();
    expect(told).toEqual([['answered', 'a', true]]);
    await started[1]?.answer();
    expect(told[1]).toEqual(['answered', 'a', false]);
    expect(names()).toEqual(['a', 'a']);
  });

  it('that are forgotten are aborted, tell nothing, and make room', async () => {
    const { ask, calls, names, started, told } = setUp(1);
    ask('a', 'b', 'c');
    calls.forget('a');
    calls.forget('b');
    calls.flush();
    expect(started[0]?.signal.aborted).toBe(true);
    expect(names()).toEqual(['a', 'c']);
    await started[0]?.refuse(started[0].signal.reason);
    await started[1]?.answer();
    expect(told).toEqual([['answered', 'c', false]]);
  });

  it('all pause for as long as a Retry-After wants, and then go on', async () => {
    const { ask, calls, names, started, timers, told } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 5_000 }));
    expect(told).toEqual([['refused', 'a', false]]);
    calls.ask('c', true, 'good');
    calls.flush();
    await timers.pass(4_999);
    expect(names()).toEqual(['a']);
    await timers.pass(1);
    expect(names()).toEqual(['a', 'c']);
  });

  it('leave no timer when nobody waits any more', async () => {
    const { ask, calls, started, timers } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 503, retryAfterMs: 5_000 }));
    expect(timers.armed.size).toBe(1);
    calls.forget('b');
    calls.flush();
    expect(timers.armed.size).toBe(0);
  });

  it('pause until the later of two Retry-After', async () => {
    const { ask, names, started, timers } = setUp(2);
    ask('a', 'b', 'c');
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 5_000 }));
    await started[1]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 1_000 }));
    await timers.pass(4_999);
    expect(names()).toEqual(['a', 'b']);
    await timers.pass(1);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('pause for no longer than maxPauseMs, whatever the server says', async () => {
    const { ask, names, started, timers } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 503, retryAfterMs: 86_400_000 }));
    await timers.pass(29_999);
    expect(names()).toEqual(['a']);
    await timers.pass(1);
    expect(names()).toEqual(['a', 'b']);
  });

  it('pause on a clock that nobody sets', async () => {
    const { ask, names, started, timers } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 1_000 }));
    timers.wallAheadMs = -3_600_000;
    await timers.pass(1_000);
    expect(names()).toEqual(['a', 'b']);
  });

  it.each([
    ['a refusal of one job', 404, 'good'],
    ['a 429 of a job that was just refused before', 429, 'bad'],
  ] as const)('do not pause for %s, which is its own trouble', async (_, status, standing) => {
    const { ask, askAs, names, started } = setUp(2);
    askAs(standing, 'a');
    await started[0]?.refuse(new ApiError('no', { status, retryAfterMs: 5_000 }));
    ask('b');
    expect(names()).toEqual(['a', 'b']);
  });

  it('go on after a pause with those that are answered, so that others cannot pause them for ever', async () => {
    const { ask, calls, names, started, timers } = setUp(1);
    calls.ask('new-1', true, 'new');
    calls.ask('new-2', true, 'new');
    calls.flush();
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 5_000 }));
    await timers.pass(5_000);
    await started[1]?.answer();
    await started[2]?.answer();
    expect(names()).toEqual(['new-1', 'a', 'b', 'new-2']);
  });

  it('of two askers share the lines and the pause, and are answered each to its own', async () => {
    const { ask, lines, names, started, timers, told } = setUp(2);
    const others: string[] = [];
    const other = lines.of({
      answered: (jobId) => others.push(jobId),
      refused: (jobId) => others.push(`${jobId} refused`),
      spared: (jobId) => others.push(`${jobId} spared`),
    });
    ask('a');
    for (const jobId of ['a', 'b']) other.ask(jobId, false, 'good');
    other.flush();
    expect(names()).toEqual(['a', 'a']);
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 1_000 }));
    await started[1]?.answer();
    expect(told).toEqual([['refused', 'a', false]]);
    expect(others).toEqual(['a']);
    expect(names()).toEqual(['a', 'a']);
    await timers.pass(1_000);
    expect(names()).toEqual(['a', 'a', 'b']);
  });
});

describe('one line is kept for jobs whose calls are answered', () => {
  it('however many hang whose last call failed', async () => {
    const { ask, askAs, names, started } = setUp(3);
    askAs('bad', 'x1', 'x2', 'x3', 'x4');
    expect(names()).toEqual(['x1', 'x2']);
    ask('a', 'b');
    expect(names()).toEqual(['x1', 'x2', 'a']);
    await started[2]?.answer();
    expect(names()).toEqual(['x1', 'x2', 'a', 'b']);
    await started[0]?.answer();
    expect(names()).toEqual(['x1', 'x2', 'a', 'b', 'x3']);
  });

  it('and where there is only one, those whose last call failed are stopped while others wait', async () => {
    const { ask, askAs, names, started, told, timers } = setUp(1);
    askAs('bad', 'x1', 'x2');
    ask('a');
    await timers.pass(1_000);
    expect(started[0]?.signal.aborted).toBe(true);
    expect(names()).toEqual(['x1', 'a']);
    await started[1]?.answer();
    expect(names()).toEqual(['x1', 'a', 'x2']);
    // Nobody waits: it may take as long as it likes.
    await timers.pass(20_000);
    expect(started[2]?.signal.aborted).toBe(false);
    ask('b');
    expect(names()).toEqual(['x1', 'a', 'x2', 'b']);
    await started[3]?.answer();
    expect(names()).toEqual(['x1', 'a', 'x2', 'b', 'x1']);
    await started[4]?.answer();
    await started[5]?.answer();
    expect(told.map(([, jobId]) => jobId)).toEqual(['a', 'b', 'x1', 'x2']);
    expect(timers.armed.size).toBe(0);
  });

  it('and what is only slow is answered all the same: it has twice as long each time', async () => {
    const { ask, names, started, timers } = setUp(1);
    ask('slow');
    const cutAfter: number[] = [];
    for (let cuts = 0; cuts < 3; cuts++) {
      ask('quick');
      const startedAt = timers.now;
      const slow = started.at(-1);
      while (slow?.signal.aborted === false) await timers.pass(500);
      cutAfter.push(timers.now - startedAt);
      await started.at(-1)?.answer();
      expect(names().slice(-2)).toEqual(['quick', 'slow']);
    }
    expect(cutAfter).toEqual([1_000, 2_000, 4_000]);
    ask('quick');
    await timers.pass(7_500);
    expect(started.at(-1)?.signal.aborted).toBe(false);
  });

  it('nor do all that have never been asked wait for a crowd that hangs', async () => {
    const { ask, started, told, timers } = setUp(1);
    const crowd = Array.from({ length: 10 }, (_, index) => `x${index}`);
    ask(...crowd, 'a');
    await timers.pass(1_000 + 2_000 + 8 * 4_000);
    await started.at(-1)?.answer();
    expect(told.map(([, jobId]) => jobId)).toEqual(['a']);
  });

  it('a call that takes it for long while others wait is made again on another', async () => {
    const { ask, names, started, told, timers } = setUp(2);
    ask('x1', 'x2', 'a', 'b');
    expect(names()).toEqual(['x1', 'x2']);
    await timers.pass(1_000);
    expect(started[1]?.signal.aborted).toBe(true);
    expect(names()).toEqual(['x1', 'x2', 'a']);
    await started[2]?.answer();
    await started[3]?.answer();
    expect(told.map(([, jobId]) => jobId)).toEqual(['a', 'b']);
    await started[0]?.answer();
    expect(names()).toEqual(['x1', 'x2', 'a', 'b', 'x2']);
    await started[4]?.answer();
    expect(told.map(([, jobId]) => jobId)).toEqual(['a', 'b', 'x1', 'x2']);
    expect(timers.armed.size).toBe(0);
  });

  it('and one that is long because all are is left in peace', async () => {
    const { ask, started, timers } = setUp(2);
    for (let round = 0; round < 40; round++) {
      ask('a');
      await timers.pass(900);
      await started.at(-1)?.answer();
    }
    started.length = 0;
    ask('a', 'b', 'c');
    await timers.pass(3_000);
    expect(started.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });

  it('nobody is hurried where nobody waits', async () => {
    const { ask, started, timers } = setUp(2);
    ask('a', 'b');
    await timers.pass(60_000);
    expect(started.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    expect(timers.armed.size).toBe(0);
  });
});

describe('status calls of a job that other processes follow', () => {
  /** Peers of which one has claimed these jobs. */
  function peersOf(...claimed: string[]) {
    const seen: string[] = [];
    const peers: Peers = {
      async claim(jobId) {
        seen.push(`claim ${jobId}`);
        return !claimed.includes(jobId);
      },
      unclaim: (jobId) => void seen.push(`unclaim ${jobId}`),
    };
    return { peers, seen };
  }

  it('are made by who has claimed them, where they are routine', async () => {
    const { peers, seen } = peersOf('theirs');
    const { calls, names, started, told } = setUp(2, peers);
    for (const jobId of ['theirs', 'ours']) calls.ask(jobId, false, 'good', true);
    calls.flush();
    await settled();
    expect([names(), told, seen]).toEqual([
      ['ours'],
      [['spared', 'theirs', false]],
      ['claim theirs', 'claim ours'],
    ]);
    await started[0]?.answer();
    expect(told.at(-1)).toEqual(['answered', 'ours', false]);
  });

  it('are made by all where they are not', async () => {
    const { peers, seen } = peersOf('a', 'b');
    const { calls, names } = setUp(2, peers);
    calls.ask('a', false, 'good');
    calls.ask('b', false, 'good', true);
    calls.ask('b', false, 'good'); // There is a reason now.
    calls.flush();
    await settled();
    expect([names(), seen]).toEqual([['a', 'b'], []]);
  });

  it('are made all the same where a reason comes while it is found out whose they are', async () => {
    const { peers } = peersOf('a');
    const { calls, names, told } = setUp(2, peers);
    calls.ask('a', false, 'good', true);
    calls.flush();
    calls.ask('a', false, 'good');
    await settled();
    expect([names(), told]).toEqual([['a'], [['spared', 'a', true]]]);
  });

  it('that fail are left to the others', async () => {
    const { peers, seen } = peersOf();
    const { calls, started } = setUp(2, peers);
    calls.ask('a', false, 'good', true);
    calls.flush();
    await settled();
    await started[0]?.refuse(new ApiError('away', { status: 500 }));
    expect(seen).toEqual(['claim a', 'unclaim a']);
  });

  it('that nobody wants any more when it is found out whose they are, are not made', async () => {
    const { peers } = peersOf();
    const { calls, names, told, started } = setUp(1, peers);
    calls.ask('a', false, 'good', true);
    calls.flush();
    calls.forget('a');
    calls.ask('b', false, 'good');
    calls.flush();
    await settled();
    await started.at(-1)?.answer();
    expect([names().filter((jobId) => jobId === 'b'), told]).toEqual([['b'], [['answered', 'b', false]]]);
  });
});

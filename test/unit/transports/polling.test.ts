import { describe, expect, test } from 'vitest';
import type { JobUpdate } from '../../../src/core/model.js';
import { ApiError } from '../../../src/errors.js';
import { StatusCalls } from '../../../src/transports/polling.js';
import { FakeTimers, settled } from './support.js';

interface Pending {
  readonly jobId: string;
  readonly signal: AbortSignal;
  answer(): Promise<void>;
  refuse(error: unknown): Promise<void>;
}

function setUp(concurrency = 2) {
  const timers = new FakeTimers();
  const started: Pending[] = [];
  const told: [string, string, boolean][] = [];
  const calls = new StatusCalls({
    runtime: timers.runtime,
    concurrency,
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
    answered: (jobId, _, more) => told.push(['answered', jobId, more]),
    refused: (jobId, _, more) => told.push(['refused', jobId, more]),
  });
  const ask = (...jobIds: string[]) => {
    for (const jobId of jobIds) calls.ask(jobId, false);
    calls.flush();
  };
  const names = () => started.map(({ jobId }) => jobId);
  return { timers, started, told, calls, ask, names };
}

describe('status calls', () => {
  test('are never more at once than the concurrency says', async () => {
    const { ask, names, started } = setUp(2);
    ask('a', 'b', 'c', 'd');
    expect(names()).toEqual(['a', 'b']);
    await started[0]?.answer();
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  test('that are urgent go first in line', async () => {
    const { ask, calls, names, started } = setUp(1);
    ask('a', 'b', 'c');
    calls.ask('d', true);
    calls.ask('c', true);
    await started[0]?.answer();
    await started[1]?.answer();
    await started[2]?.answer();
    await started[3]?.answer();
    expect(names()).toEqual(['a', 'd', 'c', 'b']);
  });

  test('for one job are one while it waits in line', async () => {
    const { ask, names, started } = setUp(1);
    ask('a', 'b', 'b', 'b');
    await started[0]?.answer();
    await started[1]?.answer();
    expect(names()).toEqual(['a', 'b']);
  });

  test('asked for after one had started are made once more, and the first says that more is to come', async () => {
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

  test('that are forgotten are aborted, tell nothing, and make room', async () => {
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

  test('all pause for as long as a Retry-After wants, and then go on', async () => {
    const { ask, calls, names, started, timers, told } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 429, retryAfterMs: 5_000 }));
    expect(told).toEqual([['refused', 'a', false]]);
    calls.ask('c', true);
    calls.flush();
    await timers.pass(4_999);
    expect(names()).toEqual(['a']);
    await timers.pass(1);
    expect(names()).toEqual(['a', 'c']);
  });

  test('leave no timer when nobody waits any more', async () => {
    const { ask, calls, started, timers } = setUp(1);
    ask('a', 'b');
    await started[0]?.refuse(new ApiError('busy', { status: 503, retryAfterMs: 5_000 }));
    expect(timers.armed.size).toBe(1);
    calls.forget('b');
    calls.flush();
    expect(timers.armed.size).toBe(0);
  });
});

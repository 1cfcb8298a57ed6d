import { describe, expect, it } from 'vitest';
import { generateMany } from '../../../src/client/generate-many.js';
import { Aborts } from '../../../src/runtime/aborts.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { FakeTimers, settled } from '../transports/support.js';

describe('an abort of generateMany', () => {
  it('waits no longer than its time where the timer fires a little before the clock says so', async () => {
    const timers = new FakeTimers();
    const { elapsedMs, ...rest } = timers.runtime;
    const silent = () => {};
    const host = {
      runtime: { ...systemRuntime(), ...rest, elapsedMs: () => elapsedMs() * 0.999 },
      retry: { attempts: 1, minDelayMs: 10, maxDelayMs: 1_000 },
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      aborts: new Aborts(),
      settings: { timeouts: { requestMs: 30_000 } },
      jobs: undefined,
      generate: () => new Promise<{ id: string }>(silent),
    };
    const controller = new AbortController();
    const results = generateMany(host, ['a fox'], { signal: controller.signal });
    let thrown: unknown;
    results.next().catch((error: unknown) => {
      thrown = error;
    });
    await settled();
    controller.abort('stop');
    await timers.pass(1_900);
    expect(thrown).toBeUndefined();
    await timers.pass(200);
    expect(thrown).toBe('stop');
  });
});

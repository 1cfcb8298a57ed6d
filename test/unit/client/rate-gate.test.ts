import { describe, expect, it } from 'vitest';
import { createRateGate } from '../../../src/client/rate-gate.js';
import { ApiError } from '../../../src/errors.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { FakeTimers, settled } from '../transports/support.js';

const refusal = (retryAfterMs?: number) => new ApiError('slow down', { status: 429, retryAfterMs });

/** A gate on a clock of the test, and calls whose answers the test gives. */
function setUp(concurrency: number, retry = { attempts: 1, minDelayMs: 10, maxDelayMs: 1_000 }) {
  const timers = new FakeTimers();
  const logged: string[] = [];
  const tell = (level: string) => (message: string) => logged.push(`${level} ${message}`);
  const logger = { debug() {}, error() {}, info: tell('info'), warn: tell('warn') };
  const pass = createRateGate(
    { runtime: { ...systemRuntime(), ...timers.runtime }, retry, logger },
    concurrency,
  );
  const running: { accept(): Promise<void>; refuse(retryAfterMs?: number): Promise<void> }[] = [];
  const submit = () =>
    pass(
      () =>
        new Promise<string>((resolve, reject) => {
          const leave = (end: () => void) => {
            running.splice(running.indexOf(call), 1);
            end();
            return settled();
          };
          const call = {
            accept: () => leave(() => resolve('accepted')),
            refuse: (ms?: number) => leave(() => reject(refusal(ms))),
          };
          running.push(call);
        }),
      new AbortController().signal,
    );
  return { timers, logged, running, submit };
}

describe('the gate of generateMany', () => {
  it('lets fewer through after a 429, and as many as before once enough are accepted', async () => {
    const { running, submit, timers } = setUp(4);
    const all = Promise.all(Array.from({ length: 20 }, submit));
    await settled();
    expect(running).toHaveLength(4);
    await running[0]?.refuse(100);
    expect(running).toHaveLength(3);
    for (let call = 0; call < 3; call++) await running[0]?.accept();
    await timers.pass(100);
    let most = 0;
    while (running.length > 0) {
      await running[0]?.accept();
      most = Math.max(most, running.length);
    }
    expect(most).toBe(4);
    await all;
  });

  it('halves how many go at once with each 429', async () => {
    const { running, submit, timers } = setUp(4);
    for (let call = 0; call < 8; call++) submit().catch(() => {});
    await settled();
    await running[0]?.refuse(100);
    for (let call = 0; call < 3; call++) await running[0]?.refuse(100);
    await timers.pass(100);
    expect(running).toHaveLength(1);
  });

  it('waits for the later end of two Retry-After', async () => {
    const { running, submit, timers } = setUp(2);
    const both = [submit(), submit()];
    await settled();
    await running[0]?.refuse(900);
    await running[0]?.refuse(50);
    await timers.pass(899);
    expect(running).toHaveLength(0);
    await timers.pass(1);
    while (running.length > 0) await running[0]?.accept();
    expect(await Promise.all(both)).toEqual(['accepted', 'accepted']);
  });

  it('waits for no more than retry.maxDelayMs at a time, and says so', async () => {
    const { logged, running, submit, timers } = setUp(1);
    const one = submit();
    await settled();
    await running[0]?.refuse(3_000);
    await timers.pass(1_000);
    expect(running).toHaveLength(1);
    expect(logged).toEqual([expect.stringMatching(/^warn .*in 1000 ms, and was asked to wait 3000 ms/)]);
    await running[0]?.accept();
    await one;
  });

  it('waits for no more than ten times retry.maxDelayMs without one accepted', async () => {
    const { running, submit, timers } = setUp(1);
    const one = submit().catch((error: unknown) => error);
    await settled();
    let refusals = 0;
    for (; running.length > 0 && refusals < 100; refusals++) {
      await running[0]?.refuse(3_000);
      await timers.pass(1_000);
    }
    expect(refusals).toBe(11);
    expect(await one).toMatchObject({ code: 'rate-limited', retryAfterMs: 3_000 });
  });

  it('does not begin to wait for what it would not wait out', async () => {
    const { running, submit } = setUp(1);
    const one = submit();
    await settled();
    const told = expect(one).rejects.toMatchObject({ retryAfterMs: 86_400_000 });
    await running[0]?.refuse(86_400_000);
    await told;
  });

  it('loses none by sixty 429s with accepted ones in between', async () => {
    const { running, submit, timers } = setUp(1, { attempts: 1, minDelayMs: 1, maxDelayMs: 1 });
    const outcomes: string[] = [];
    for (let call = 0; call < 60; call++) {
      const one = submit();
      await settled();
      await running[0]?.refuse();
      await timers.pass(1);
      await running[0]?.accept();
      outcomes.push(await one);
    }
    expect(outcomes).toEqual(Array(60).fill('accepted'));
  });

  it('gives up after fifty in a row, where waits are none', async () => {
    const { running, submit, timers } = setUp(1, { attempts: 1, minDelayMs: 0, maxDelayMs: 0 });
    const one = submit().catch((error: unknown) => error);
    await settled();
    let refusals = 0;
    for (; running.length > 0 && refusals < 100; refusals++) {
      await running[0]?.refuse();
      await timers.pass(0);
    }
    expect(refusals).toBe(51);
    expect(await one).toMatchObject({ code: 'rate-limited' });
  });

  it('hands other errors on, and lets the next one through', async () => {
    const { running, submit } = setUp(1);
    const [one, two] = [submit(), submit()];
    await settled();
    await running[0]?.accept();
    expect(await one).toBe('accepted');
    await settled();
    await running[0]?.accept();
    expect(await two).toBe('accepted');
  });
});

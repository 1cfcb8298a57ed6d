import { expect, it } from 'vitest';
import { type Alarm, Alarms } from '../../../src/runtime/alarms.js';
import type { Runtime } from '../../../src/runtime/runtime.js';
import { FakeTimers } from '../transports/support.js';

function setUp() {
  const timers = new FakeTimers();
  const rung: string[] = [];
  const alarms = new Alarms(timers.runtime);
  const make = (name: string, ring = () => void rung.push(name)): Alarm => ({ dueAt: 0, place: -1, ring });
  return { timers, rung, alarms, make };
}

it('each alarm rings once, in the order of time, and one timer serves all', async () => {
  const { timers, rung, alarms, make } = setUp();
  for (const [name, delayMs] of [
    ['c', 300],
    ['a', 100],
    ['b', 200],
  ] as const)
    alarms.set(make(name), delayMs);
  expect(timers.armed.size).toBe(1);
  await timers.pass(99);
  expect(rung).toEqual([]);
  await timers.pass(1);
  expect(rung).toEqual(['a']);
  await timers.pass(1_000);
  expect(rung).toEqual(['a', 'b', 'c']);
  expect(timers.armed.size).toBe(0);
});

it('one that is deleted does not ring, and with the last the timer goes', async () => {
  const { timers, rung, alarms, make } = setUp();
  const [early, late] = [make('early'), make('late')];
  alarms.set(early, 100);
  alarms.set(late, 200);
  alarms.delete(early);
  alarms.delete(early);
  await timers.pass(150);
  expect(rung).toEqual([]);
  alarms.delete(late);
  expect(timers.armed.size).toBe(0);
  await timers.pass(1_000);
  expect(rung).toEqual([]);
});

it('an alarm may set and delete others as it rings', async () => {
  const { timers, rung, alarms, make } = setUp();
  const other = make('other');
  const first = make('first', () => {
    rung.push('first');
    alarms.delete(other);
    alarms.set(make('next'), 50);
  });
  alarms.set(first, 100);
  alarms.set(other, 100);
  await timers.pass(100);
  expect(rung).toEqual(['first']);
  await timers.pass(50);
  expect(rung).toEqual(['first', 'next']);
});

it('the wall clock may be set forward or back: the time that passed is what counts', async () => {
  const { timers, rung, make } = setUp();
  let setByMs = 0;
  const settable: Pick<Runtime, 'now' | 'elapsedMs' | 'setTimeout' | 'clearTimeout'> = {
    ...timers.runtime,
    now: () => timers.now + setByMs,
  };
  const alarms = new Alarms(settable);
  alarms.set(make('first'), 1_000);
  setByMs = 8 * 3_600_000;
  alarms.set(make('second'), 1_000);
  setByMs = -8 * 3_600_000;
  await timers.pass(999);
  expect(rung).toEqual([]);
  await timers.pass(1);
  expect(rung).toEqual(['first', 'second']);
});

it('a clock that stands still while timers fire delays nothing', async () => {
  const { timers, rung, make } = setUp();
  const alarms = new Alarms({ ...timers.runtime, elapsedMs: () => 0 });
  alarms.set(make('first'), 100);
  await timers.pass(100);
  alarms.set(make('second'), 100);
  await timers.pass(100);
  expect(rung).toEqual(['first', 'second']);
});

import { describe, expect, it } from 'vitest';
import { applyUpdate, initialSnapshot } from '../../../src/core/job-state.js';
import { Driver } from './follow-driver.js';

describe('rule 1: ask and connect at once', () => {
  it('the moment a job is followed its status is asked, first in line, and the best transport starts', () => {
    const driver = new Driver();
    driver.follow('a');
    expect(driver.all('ask')[0]).toMatchObject({ jobId: 'a', urgent: true, at: 0 });
    expect(driver.all('connect')).toMatchObject([{ stream: 'websocket', jobIds: ['a'], at: 0 }]);
  });

  it('the answer is the first snapshot while no stream is open', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a', { status: 'processing', progress: 40 });
    expect(driver.all('update')).toMatchObject([
      { jobId: 'a', snapshot: { progress: 40, transport: 'polling' } },
    ]);
  });

  it('what the caller knows already is not told again', () => {
    const driver = new Driver();
    const known = initialSnapshot('a', 'polling', driver.now);
    driver.send({ type: 'follow', jobId: 'a', known });
    driver.answer('a', { status: 'queued', progress: 0 });
    expect(driver.all('update')).toEqual([]);
  });

  it('a job known to have ended is told so, and nothing is asked or opened', () => {
    const driver = new Driver();
    const known = applyUpdate(undefined, { jobId: 'a', status: 'completed', raw: 0 }, 'polling', driver.now);
    driver.send({ type: 'follow', jobId: 'a', known });
    expect(driver.effects.map(({ type }) => type)).toEqual(['update']);
    expect(driver.timerArmed).toBe(false);
  });
});

describe('rule 7: one WebSocket and one SSE stream carry all jobs', () => {
  it('however many jobs there are', () => {
    const driver = new Driver();
    for (let index = 0; index < 500; index++) driver.follow(`job-${index}`);
    driver.pass(300);
    expect(driver.connected).toEqual(['websocket', 'sse']);
    expect(driver.all('connect')[1]?.jobIds).toHaveLength(500);
  });

  it('what an earlier connection still says is not listened to', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    const connection = driver.connections.websocket ?? 0;
    driver.fail('websocket');
    driver.forget();
    driver.send({
      type: 'said',
      stream: 'websocket',
      connection,
      message: { type: 'update', update: { jobId: 'a', progress: 90, raw: 0 } },
    });
    expect(driver.all('update')).toEqual([]);
  });
});

describe('a job that is followed twice', () => {
  const known = applyUpdate(
    undefined,
    { jobId: 'a', status: 'processing', progress: 5, raw: 0 },
    'polling',
    0,
  );

  it('is asked about and subscribed to once', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.follow('a');
    expect(driver.effects).toEqual([]);
  });

  it('tells whoever followed it first what the second knows, where nothing was known', () => {
    const driver = new Driver();
    driver.send({ type: 'follow', jobId: 'a', owner: 'first' });
    driver.forget();
    driver.send({ type: 'follow', jobId: 'a', owner: 'second', known });
    expect(driver.effects).toMatchObject([{ type: 'update', jobId: 'a', owner: 'first', snapshot: known }]);
  });

  it('keeps what it has heard itself, which may be newer', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'follow', jobId: 'a', known });
    driver.send({ type: 'follow', jobId: 'a' });
    expect(driver.effects).toEqual([]);
    driver.push('websocket', { jobId: 'a', status: 'processing', progress: 7 });
    expect(driver.all('update')).toEqual([]);
  });
});

describe('rule 8: online, pageshow and visible mean ask now, connect now', () => {
  it.each(['online', 'pageshow', 'visible'] as const)('%s', (reason) => {
    const driver = new Driver();
    driver.follow('a', 'b');
    driver.fail('websocket');
    driver.fail('sse');
    driver.answer('a');
    driver.answer('b');
    driver.pass(10);
    driver.forget();
    driver.send({ type: 'wake', reason });
    expect(driver.asked).toEqual(['a', 'b']);
    expect(driver.connected).toContain('websocket');
  });

  it('a call that is under way over the network that is gone is made again, and so is an attempt', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.forget();
    driver.send({ type: 'wake', reason: 'online' });
    expect(driver.effects.map(({ type }) => type)).toEqual(['close', 'forget', 'ask', 'connect']);
  });

  it('an open stream has to prove itself again', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'wake', reason: 'visible' });
    driver.answer('a');
    driver.forget();
    driver.pass(6_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('offline stops nothing, because a server on this machine is still there', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'wake', reason: 'offline' });
    expect(driver.effects).toEqual([]);
  });
});

describe('rule 10: a job that ends is unsubscribed at once', () => {
  it('and with the last one the sockets close and the timer stops', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.push('websocket', { jobId: 'a', status: 'failed', error: 'no' });
    expect(driver.all('unsubscribe')).toMatchObject([{ stream: 'websocket', jobId: 'a' }]);
    expect(driver.closed).toEqual([]);
    driver.push('websocket', { jobId: 'b', status: 'completed' });
    expect(driver.closed).toEqual(['websocket']);
    expect(driver.timerArmed).toBe(false);
    expect(driver.state.jobs.size).toBe(0);
  });

  it('one that nobody follows any more likewise, and its answer is not waited for', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.send({ type: 'unfollow', jobId: 'a' });
    expect(driver.all('forget')).toMatchObject([{ jobId: 'a' }]);
    expect(driver.closed).toEqual(['websocket']);
    expect(driver.timerArmed).toBe(false);
    driver.answer('a', { status: 'completed' });
    expect(driver.all('update')).toEqual([]);
  });
});

describe('the clock', () => {
  it.each([-3_600_000, 3_600_000])(
    'being set by %i ms puts nothing off, and only dates what is told',
    (ms) => {
      const driver = new Driver();
      driver.settleOn('websocket', 'a');
      driver.wallAheadMs = ms;
      driver.push('websocket', { jobId: 'a', progress: 20 });
      expect(driver.all('update')[0]?.snapshot.updatedAt.getTime()).toBe(driver.now + ms);
      driver.pass(29_000);
      expect(driver.asked).toEqual([]);
      driver.pass(1_100);
      expect(driver.asked).toEqual(['a']);
    },
  );

  it('a timer that fires a millisecond before its time is on time', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.forget();
    driver.now += 299;
    driver.send({ type: 'clock' });
    expect(driver.connections.sse).toBeDefined();
    expect(driver.all('timer').every(({ delayMs }) => delayMs !== 1)).toBe(true);
  });

  it('being behind what was there before moves nothing back', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.answer('a');
    driver.now -= 60_000;
    driver.answer('a', { status: 'processing', progress: 20 });
    driver.now += 60_000;
    driver.forget();
    driver.pass(6_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('that nobody armed and fires all the same changes nothing', () => {
    const driver = new Driver();
    driver.send({ type: 'clock' });
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'clock' });
    driver.forget();
    driver.pass(29_000);
    expect(driver.asked).toEqual([]);
    driver.pass(1_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('having stood still in a sleep asks once, not for each interval missed', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.answer('a');
    driver.forget();
    driver.now += 3_600_000;
    driver.send({ type: 'clock' });
    expect(driver.asked).toEqual(['a']);
  });
});

it('the same signals always have the same effects', () => {
  const run = () => {
    const driver = new Driver({}, 42);
    driver.follow('a', 'b');
    driver.fail('websocket');
    driver.refuse('a', 503);
    driver.answer('b');
    driver.pass(120_000);
    return driver.effects;
  };
  expect(run()).toEqual(run());
});

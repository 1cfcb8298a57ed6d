import { describe, expect, it, vi } from 'vitest';
import { Driver } from './follow-driver.js';

describe('rule 3: after every connect, reconnect and switch the status is asked once more', () => {
  it('after the connect', () => {
    const driver = new Driver();
    driver.follow('a', 'b');
    driver.answer('a');
    driver.answer('b');
    driver.forget();
    driver.open('websocket', 'a', 'b');
    expect(driver.asked).toEqual(['a', 'b']);
  });

  it('after the reconnect', () => {
    const driver = new Driver({ transports: ['websocket'] });
    driver.settleOn('websocket', 'a');
    driver.fail('websocket');
    driver.pass(2_000);
    driver.forget();
    driver.open('websocket', 'a');
    expect(driver.asked).toEqual(['a']);
  });

  it('after the switch to a better one, to a worse one, and to polling', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.pass(2_000);
    driver.open('websocket', 'a');
    expect(driver.asked).toEqual(['a']);
    driver.answer('a');
    driver.forget();
    driver.fail('websocket');
    expect(driver.asked).toEqual(['a']);
    driver.answer('a');
    driver.forget();
    driver.fail('sse');
    driver.pass(0);
    expect(driver.asked).toEqual(['a']);
    expect(driver.transports).toEqual(['polling']);
  });

  it('also where an answer is under way, which may be from before', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.forget();
    driver.open('websocket', 'a');
    expect(driver.asked).toEqual(['a']);
  });

  it('a job followed while the stream is open is subscribed on it at once, and asked', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.follow('b');
    expect(driver.all('subscribe')).toMatchObject([{ stream: 'websocket', jobId: 'b' }]);
    driver.answer('b');
    driver.forget();
    driver.open('websocket', 'b');
    expect(driver.asked).toEqual(['b']);
  });

  it('it is repeated with backoff until there is an answer', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.fail('websocket');
    driver.open('sse', 'a');
    driver.greet('sse');
    driver.refuse('a', 503);
    driver.forget();
    driver.pass(2_000);
    expect(driver.asked).toEqual(['a']);
    driver.refuse('a', 503);
    driver.pass(4_000);
    expect(driver.asked).toEqual(['a', 'a']);
  });

  it('a stream opened anew for a longer list is a reason to ask, but not faster than polling', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    for (let round = 0; round < 10; round++) {
      driver.open('sse', 'a');
      driver.pass(100);
    }
    expect(driver.asked).toEqual([]);
    driver.pass(4_000);
    expect(driver.asked).toEqual(['a']);
  });
});

describe('a stream that serves and carries one job more', () => {
  it('has that one asked, and none of the others looked at', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.follow('c');
    const looked = vi.spyOn(driver.state.jobs, 'values');
    driver.open('websocket', 'c');
    expect(driver.state.jobs.get('c')?.service?.transport).toBe('websocket');
    expect(looked).not.toHaveBeenCalled();
  });
});

describe('rule 4: silence proves nothing', () => {
  it('after silenceMs without a frame for a job its status is asked', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(20_000);
    driver.push('websocket', { jobId: 'a', progress: 20 });
    driver.pass(29_999);
    expect(driver.asked).toEqual([]);
    driver.pass(1);
    expect(driver.asked).toEqual(['a']);
  });

  it('frames for another job do not count', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    for (let second = 0; second < 30; second++) {
      driver.push('websocket', { jobId: 'b', progress: 11 + second });
      driver.pass(1_000);
    }
    expect(driver.asked).toEqual(['a']);
  });

  it('the silence of a stream that is lost counts on where nothing serves in its place', () => {
    const driver = new Driver({ transports: ['websocket'] });
    driver.settleOn('websocket', 'a');
    driver.pass(20_000);
    driver.fail('websocket', { reason: 'answered 404', kind: 'absent' });
    driver.forget();
    driver.pass(10_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('where the status knows more, the stream lies: the next transport starts at once, and it is told', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.forget();
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual(['websocket']);
    expect(driver.connected).toEqual(['sse']);
    expect(driver.warnings).toEqual(['transport-lied']);
    driver.pass(2_000);
    expect(driver.connected).toEqual(['sse', 'websocket']);
  });

  it('a stream that is not proven is checked at the polling interval', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.answer('a');
    driver.pass(6_000);
    driver.forget();
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual(['websocket']);
  });

  it('the end found so is told last, and the lie is remembered', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.forget();
    driver.answer('a', { status: 'completed' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'completed' } }]);
    const told = driver.effects
      .filter(({ type }) => type === 'warning' || type === 'update')
      .map(({ type }) => type);
    expect(told).toEqual(['warning', 'update']);
    driver.forget();
    driver.follow('b');
    expect(driver.connected).toEqual(['sse']);
  });

  it('where the status knows no more, or only in other words, the stream is believed', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.answer('a', { status: 'processing', progress: 10, message: 'still at it' });
    expect(driver.closed).toEqual([]);
  });

  it('what happened before the stream carried the job is no lie', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a');
    driver.open('websocket', 'a');
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual([]);
  });

  it('nor is what happened while the status was refused, before the stream carried the job', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a');
    driver.open('websocket', 'a');
    driver.greet('websocket');
    driver.refuse('a', 503);
    driver.pass(30_000);
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual([]);
    expect(driver.warnings).not.toContain('transport-lied');
  });

  it('what the first answer after a refusal says is not held against the stream', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.refuse('a', 503);
    driver.pass(5_000);
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual([]);
    driver.pass(30_000);
    driver.answer('a', { status: 'processing', progress: 80 });
    expect(driver.closed).toEqual(['websocket']);
  });

  it('a frame of a stream that does not serve clears nothing of the one that does', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.pass(2_000);
    driver.open('websocket', 'a');
    driver.greet('websocket');
    driver.answer('a');
    driver.pass(30_000);
    driver.open('sse', 'a');
    driver.forget();
    driver.push('sse', { jobId: 'a', status: 'processing', progress: 60 });
    driver.answer('a', { status: 'processing', progress: 60 });
    expect(driver.closed).toContain('websocket');
  });

  it('a frame that overtakes the answer saves the stream', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.push('websocket', { jobId: 'a', status: 'processing', progress: 60 });
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.closed).toEqual([]);
  });

  it('an open and mute better stream is found out by what the worse one brings beside it', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.pass(2_000);
    driver.open('websocket', 'a');
    driver.answer('a');
    driver.push('sse', { jobId: 'a', status: 'processing', progress: 50 });
    driver.pass(6_000);
    driver.forget();
    driver.answer('a', { status: 'processing', progress: 50 });
    expect(driver.closed).toEqual(['websocket']);
    expect(driver.transports).toEqual(['sse']);
  });

  it('a frame that says nothing new does not keep the status from being asked', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    for (let second = 0; second < 30; second++) {
      driver.pass(1_000);
      driver.push('websocket', { jobId: 'a', status: 'processing', progress: 10 });
    }
    expect(driver.asked).toEqual(['a']);
  });
});

describe('rule 5: polling runs only while no stream is confirmed', () => {
  it('each job is asked at the interval, give or take a fifth', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.answer('a');
    const waits: number[] = [];
    for (let round = 0; round < 50; round++) {
      driver.forget();
      const before = driver.now;
      while (driver.asked.length === 0) driver.pass(10);
      waits.push(driver.now - before);
      driver.answer('a');
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(4_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(6_010);
    expect(new Set(waits).size).toBeGreaterThan(20);
  });

  it('the next interval begins with the answer', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.forget();
    driver.pass(60_000);
    expect(driver.asked).toEqual([]);
    driver.answer('a');
    driver.pass(6_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('a Retry-After is obeyed', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.refuse('a', 429, 120_000);
    driver.forget();
    driver.pass(119_999);
    expect(driver.asked).toEqual([]);
    driver.pass(1);
    expect(driver.asked).toEqual(['a']);
  });

  it('a job that the open stream does not carry is polled until it does', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.follow('b');
    driver.answer('b');
    driver.forget();
    driver.pass(6_000);
    expect(driver.asked).toContain('b');
    expect(driver.all('transport')).toMatchObject([
      {
        jobId: 'b',
        change: { transport: 'polling', reason: expect.stringContaining('does not carry this job') },
      },
    ]);
    driver.answer('b', { status: 'processing', progress: 20 });
    driver.forget();
    driver.pass(6_000);
    expect(driver.asked).toContain('b');
    driver.open('sse', 'a', 'b');
    driver.answer('b');
    expect(driver.all('transport').at(-1)).toMatchObject({ jobId: 'b', change: { transport: 'sse' } });
    driver.forget();
    driver.greet('sse');
    driver.pass(20_000);
    expect(driver.asked).not.toContain('b');
  });

  it('without polling in transports a job that no stream carries is asked at the pace of silence', () => {
    const driver = new Driver({ transports: ['websocket'] });
    driver.follow('a');
    driver.answer('a');
    driver.forget();
    driver.pass(29_999);
    expect(driver.asked).toEqual([]);
    driver.pass(1);
    expect(driver.asked).toEqual(['a']);
    expect(driver.transports).toEqual([]);
  });

  describe('and with no stream to be had', () => {
    const unserved = () => {
      const driver = new Driver({ transports: ['sse'] });
      driver.follow('a', 'b');
      driver.fail('sse', { reason: 'SSE is not possible here: its parser cannot be loaded', kind: 'absent' });
      driver.answer('a');
      driver.answer('b');
      driver.pass(29_999);
      return driver;
    };

    it('each job is warned of that once, by name and with the reason', () => {
      const driver = unserved();
      expect(driver.warnings).toEqual([]);
      for (const _ of [1, 2, 3]) {
        driver.pass(30_000);
        driver.answer('a');
        driver.answer('b');
      }
      const warnings = driver.all('warning').map(({ warning }) => warning);
      expect(warnings.map(({ code, jobId }) => [code, jobId])).toEqual([
        ['no-transport', 'a'],
        ['no-transport', 'b'],
      ]);
      expect(warnings[0]?.message).toBe(
        'nothing brings the updates of job a, whose status is asked all 30000 ms: SSE is not possible here: its parser cannot be loaded',
      );
    });

    it('its end is told all the same', () => {
      const driver = unserved();
      driver.pass(1);
      driver.answer('a', { status: 'completed' });
      expect(driver.all('update').at(-1)?.snapshot.status).toBe('completed');
    });

    it('a status that fails at first is no reason to say so early', () => {
      const driver = new Driver({ transports: ['websocket'] });
      driver.follow('a');
      driver.refuse('a', 503);
      driver.pass(9_000);
      driver.open('websocket', 'a');
      driver.pass(60_000);
      expect(driver.warnings).toEqual(['status-failed']);
    });
  });

  it('with polling in transports nobody is warned that no stream is to be had', () => {
    const driver = new Driver({ transports: ['sse', 'polling'] });
    driver.follow('a');
    driver.fail('sse', { reason: 'SSE answered 404', kind: 'absent' });
    for (const _ of [1, 2, 3]) {
      driver.answer('a');
      driver.pass(30_000);
    }
    expect(driver.warnings).toEqual([]);
  });
});

describe('the reason that is told with another transport', () => {
  const reasons = (driver: Driver) => driver.all('transport').map(({ change }) => change.reason);

  it('is that the stream is open, where it is the better one', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a');
    driver.open('websocket', 'a');
    driver.greet('websocket');
    expect(driver.transports.at(-1)).toBe('websocket');
    expect(reasons(driver).at(-1)).toBe('WebSocket is open');
  });

  it('is that none is to be used, where polling is all that is wanted', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.answer('a');
    expect(driver.transports).toEqual(['polling']);
    expect(reasons(driver)).toEqual(['no stream is to be used']);
  });
});

describe('the standing with which a status is asked', () => {
  const standings = (driver: Driver) => driver.all('ask').map(({ standing }) => standing);

  it('is new until there was an answer, bad while there is trouble, else good', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.answer('a');
    driver.pass(7_000);
    driver.refuse('a', 503);
    driver.pass(60_000);
    driver.answer('a');
    driver.pass(7_000);
    expect(standings(driver)).toEqual(['new', 'good', 'bad', 'good']);
  });

  it('is bad for one that has never been answered well', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.refuse('a', 503);
    driver.pass(60_000);
    expect(standings(driver)).toEqual(['new', 'bad']);
  });
});

import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  InputError,
  InvalidResponseError,
  NetworkError,
  VideoError,
} from '../../../src/errors.js';
import { Driver } from './follow-driver.js';

const page = new InvalidResponseError('GET / answered 200 with a web page', { status: 200 });

/** Follows `a` by polling, and has its status answered once. */
function known(): Driver {
  const driver = new Driver({ transports: ['polling'] });
  driver.follow('a');
  driver.answer('a');
  driver.forget();
  return driver;
}

/** Each call from now on is refused with what `next` gives, for so long. */
function refuseFor(driver: Driver, ms: number, next: () => unknown): void {
  for (const until = driver.now + ms; driver.now < until; driver.pass(100)) {
    if (driver.state.jobs.get('a')?.asking !== true) continue;
    const error = next();
    if (typeof error === 'number') driver.refuse('a', error);
    else driver.send({ type: 'refused', jobId: 'a', error, askedAgain: false });
  }
}

describe('rule 11: a job that was ever known', () => {
  it.each([400, 402, 403, 404, 405, 408, 409, 410, 421, 425, 451, 302])(
    'outlives %i for as long as missingMs, warns once, and goes on',
    (status) => {
      const driver = known();
      driver.pass(6_000);
      refuseFor(driver, 55_000, () => status);
      expect(driver.all('stopped')).toEqual([]);
      expect(driver.warnings).toEqual(['status-failed']);
      driver.pass(6_000);
      driver.answer('a', { status: 'completed' });
      expect(driver.all('update').at(-1)).toMatchObject({ snapshot: { status: 'completed' } });
    },
  );

  it('is given up once it was refused for longer, with the server’s own error', () => {
    const driver = known();
    driver.pass(6_000);
    refuseFor(driver, 70_000, () => 404);
    const [stopped, ...more] = driver.all('stopped');
    expect(more).toEqual([]);
    expect(stopped?.at).toBeGreaterThanOrEqual(60_000);
    expect(stopped?.error).toMatchObject({ code: 'not-found', status: 404, jobId: 'a' });
    expect(driver.timerArmed).toBe(false);
  });

  it('is so too where the refusals are of different kinds', () => {
    const driver = known();
    driver.pass(6_000);
    const kinds = [404, 403, page, 409];
    let call = 0;
    refuseFor(driver, 70_000, () => kinds[call++ % kinds.length]);
    expect(driver.all('stopped')).toHaveLength(1);
  });

  it('is never given up while answers come in between, nor warned about more than once', () => {
    const driver = known();
    for (let round = 0; round < 100; round++) {
      driver.refuse('a', 404);
      driver.pass(6_000);
      driver.answer('a');
      driver.pass(6_000);
    }
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual(['status-failed']);
  });

  it('is not given up for an outage between two refusals, which proves nothing and takes nothing back', () => {
    const driver = known();
    driver.pass(6_000);
    refuseFor(driver, 5_000, () => 404);
    refuseFor(driver, 120_000, () => 503);
    refuseFor(driver, 40_000, () => 404);
    expect(driver.all('stopped')).toEqual([]);
    refuseFor(driver, 40_000, () => 404);
    expect(driver.all('stopped')).toHaveLength(1);
  });

  it('is not given up for what lies between two refusals while the process slept', () => {
    const driver = known();
    driver.pass(6_000);
    driver.refuse('a', 404);
    driver.now += 3_600_000;
    driver.pass(1);
    driver.refuse('a', 404);
    expect(driver.all('stopped')).toEqual([]);
  });

  it.each([3_600_000, -3_600_000])('does not care that somebody sets the clock by %i ms', (ms) => {
    const driver = known();
    driver.pass(6_000);
    refuseFor(driver, 10_000, () => 404);
    driver.wallAheadMs = ms;
    refuseFor(driver, 40_000, () => 404);
    expect(driver.all('stopped')).toEqual([]);
    refuseFor(driver, 20_000, () => 404);
    expect(driver.all('stopped')).toHaveLength(1);
  });

  it('is ended by a stream or a webhook meanwhile', () => {
    const driver = known();
    driver.pass(6_000);
    refuseFor(driver, 30_000, () => 404);
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'completed', raw: 0 }, source: 'webhook' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'completed' } }]);
    expect(driver.timerArmed).toBe(false);
  });

  it('is asked as often as if it were answered, so that no end waits for the next try', () => {
    const driver = known();
    driver.pass(6_000);
    refuseFor(driver, 55_000, () => 404);
    const times = driver.all('ask').map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_100);
  });

  it('is known by a webhook alone', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'processing', raw: 0 }, source: 'webhook' });
    refuseFor(driver, 50_000, () => 404);
    expect(driver.all('stopped')).toEqual([]);
  });

  it('is not given up while a stream brings updates of it, however long the status is refused', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.push('websocket', { jobId: 'a', progress: 5 });
    refuseFor(driver, 300_000, () => 404);
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual(['status-failed']);
    driver.fail('websocket');
    refuseFor(driver, 90_000, () => 404);
    expect(driver.all('stopped')).toHaveLength(1);
  });

  it('is given up by a server that was started again without it, though a stream told of it before', () => {
    for (const stream of ['websocket', 'sse'] as const) {
      const driver = new Driver({ transports: [stream, 'polling'] });
      driver.follow('a');
      driver.open(stream, 'a');
      driver.push(stream, { jobId: 'a', progress: 5 });
      driver.fail(stream);
      driver.pass(20_000);
      driver.open(stream, 'a');
      refuseFor(driver, 90_000, () => 404);
      expect(driver.all('stopped')).toHaveLength(1);
    }
  });

  it('missingMs: 0 ends it with the first refusal', () => {
    const driver = new Driver({ transports: ['polling'], missingMs: 0 });
    driver.follow('a');
    driver.answer('a');
    driver.refuse('a', 404);
    expect(driver.all('stopped')).toHaveLength(1);
  });
});

describe('an id that nobody ever knew', () => {
  it.each([404, 403, 400, 410])('ends after as many %i as retry.attempts says', (status) => {
    const driver = new Driver();
    driver.follow('a');
    driver.refuse('a', status);
    driver.pass(2_000);
    driver.refuse('a', status);
    expect(driver.all('stopped')).toEqual([]);
    driver.pass(4_000);
    driver.refuse('a', status);
    expect(driver.all('stopped')[0]?.error).toMatchObject({ status, jobId: 'a' });
    expect(driver.all('stopped')[0]?.error.hint).toBe(
      'Do this. Then follow the job again with client.subscribe("a").',
    );
    expect(driver.timerArmed).toBe(false);
  });

  it('ends after web pages in the place of answers, too', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    refuseFor(driver, 10_000, () => page);
    expect(driver.all('stopped')[0]?.error).toBeInstanceOf(InvalidResponseError);
    expect(driver.all('stopped')[0]?.error).toMatchObject({
      code: 'invalid-response',
      jobId: 'a',
      cause: page,
    });
  });

  it('is asked over some seconds: calls that streams bring about are no tries', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.refuse('a', 404);
    driver.open('websocket', 'a');
    driver.refuse('a', 404);
    driver.open('websocket', 'a');
    driver.send({ type: 'wake', reason: 'visible' });
    driver.refuse('a', 404);
    driver.send({ type: 'wake', reason: 'visible' });
    driver.refuse('a', 404);
    expect(driver.all('stopped')).toEqual([]);
  });
});

describe('what no waiting makes better', () => {
  it('is 401, at once: the credentials were asked for again before', () => {
    const driver = known();
    driver.refuse('a', 401);
    expect(driver.all('stopped')).toMatchObject([{ jobId: 'a', error: { status: 401, jobId: 'a' } }]);
  });

  it('but 401 is a warning while a stream brings its updates', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.push('websocket', { jobId: 'a', progress: 5 });
    driver.refuse('a', 401);
    driver.pass(2_000);
    driver.refuse('a', 401);
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual(['credentials']);
    driver.fail('websocket');
    driver.refuse('a', 401);
    expect(driver.all('stopped')).toHaveLength(1);
  });

  it.each([
    [
      'an answer over the limit',
      new InvalidResponseError('GET / answered 200 with too much', { isTooLarge: true }),
    ],
    ['an input of ours', new InputError('jobId', 'this backend cannot ask for it')],
  ])('is %s, after three', (_, error) => {
    const driver = known();
    driver.pass(6_000);
    let calls = 0;
    refuseFor(driver, 60_000, () => {
      calls += 1;
      return error;
    });
    expect(calls).toBe(3);
    const [stopped] = driver.all('stopped');
    expect(stopped?.error).toBeInstanceOf(error.constructor);
    expect(stopped?.error).toMatchObject({ jobId: 'a', code: error.code });
  });

  it('an error that is none of ours is told as one of ours', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    refuseFor(driver, 10_000, () => new TypeError('x is not a function'));
    expect(driver.all('stopped')[0]?.error).toBeInstanceOf(VideoError);
    expect(driver.all('stopped')[0]?.error.message).toBe('job a cannot be followed: x is not a function');
  });
});

describe('what never ends a job', () => {
  it.each([429, 500, 503])('is %i: one warning a streak, and backoff', (status) => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    for (let round = 0; round < 20; round++) {
      driver.refuse('a', status);
      driver.pass(30_000);
    }
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual(['status-failed']);
    driver.answer('a');
    driver.refuse('a', status);
    expect(driver.warnings).toEqual(['status-failed', 'status-failed']);
  });

  it.each([
    ['the network', new NetworkError('network', 'gone'), 'status-failed'],
    ['a call without an answer', new NetworkError('request-timeout', 'no answer'), 'status-failed'],
    ['a token that cannot be had', new ConfigurationError('auth.token', 'it threw'), 'credentials'],
  ])('is %s', (_, error, warning) => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    refuseFor(driver, 600_000, () => error);
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual([warning]);
    expect(driver.state.jobs.get('a')?.trouble?.error).toBe(error);
  });
});

describe('while nothing answers, nothing is said to serve', () => {
  it('polling is told with its first answer, and no longer told when none comes', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    expect(driver.transports).toEqual([]);
    driver.refuse('a', 503);
    expect(driver.transports).toEqual([]);
    driver.pass(2_000);
    driver.answer('a');
    expect(driver.transports).toEqual(['polling']);
    driver.pass(6_000);
    driver.refuse('a', 503);
    expect(driver.all('transport')[1]?.change).toEqual({
      jobId: 'a',
      transport: undefined,
      previous: 'polling',
      reason: 'status calls are not answered',
    });
    driver.pass(30_000);
    driver.answer('a');
    expect(driver.transports).toEqual(['polling', undefined, 'polling']);
  });

  it('a stream that is lost while they are not answered leaves nothing', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.refuse('a', 503);
    driver.fail('websocket', { reason: 'WebSocket closed (1006)' });
    driver.fail('sse', { reason: 'SSE answered 503' });
    driver.pass(20_000);
    expect(driver.all('transport').map(({ change }) => [change.transport, change.reason])).toEqual([
      [undefined, 'WebSocket closed (1006); SSE is not open yet; status calls are not answered'],
    ]);
  });
});

it('a refusal cannot put the next call off for longer than retry.maxDelayMs', () => {
  const driver = known();
  driver.pass(6_000);
  driver.refuse('a', 404, 3_600_000);
  driver.forget();
  driver.pass(29_999);
  expect(driver.asked).toEqual([]);
  driver.pass(1);
  expect(driver.asked).toEqual(['a']);
});

it('a Retry-After pauses that job for as long, whatever the refusal', () => {
  const driver = known();
  driver.pass(6_000);
  driver.refuse('a', 404, 20_000);
  driver.forget();
  driver.pass(19_000);
  expect(driver.asked).toEqual([]);
  driver.pass(1_100);
  expect(driver.asked).toEqual(['a']);
});

describe('how long it is until a job that is refused is asked again', () => {
  /** After each of ten refusals, in milliseconds. */
  function delays(driver: Driver, status: number): number[] {
    return Array.from({ length: 10 }, () => {
      const refusedAt = driver.now - driver.start;
      driver.refuse('a', status);
      driver.pass(60_000);
      return (driver.all('ask').at(-1)?.at ?? 0) - refusedAt;
    });
  }

  it('is never more than the interval where the server knew it, however long that goes on', () => {
    const driver = new Driver({ transports: ['polling'], missingMs: 10_000_000 });
    driver.follow('a');
    driver.answer('a');
    driver.pass(7_000);
    driver.forget();
    expect(Math.max(...delays(driver, 404))).toBeLessThanOrEqual(5_000);
  });

  it('grows where the server is down, or never knew it', () => {
    const down = new Driver({ transports: ['polling'] });
    down.follow('a');
    down.answer('a');
    down.pass(7_000);
    expect(Math.max(...delays(down, 503))).toBeGreaterThan(5_000);
    const unknown = new Driver({
      transports: ['polling'],
      retry: { attempts: 99, minDelayMs: 1_000, maxDelayMs: 30_000 },
    });
    unknown.follow('a');
    expect(Math.max(...delays(unknown, 404))).toBeGreaterThan(5_000);
  });

  it('is no less than the least delay, where the interval is shorter', () => {
    const driver = new Driver({
      transports: ['polling'],
      intervalMs: 100,
      missingMs: 10_000_000,
      retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 },
    });
    driver.follow('a');
    driver.answer('a');
    driver.pass(1_000);
    driver.forget();
    expect(Math.max(...delays(driver, 404))).toBeGreaterThan(400);
  });
});

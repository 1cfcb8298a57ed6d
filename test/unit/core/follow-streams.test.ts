import { describe, expect, it } from 'vitest';
import { Driver } from './follow-driver.js';

describe('rule 2: transports race with a head start', () => {
  it('the next one starts beside a better one that has not opened within the head start', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(299);
    expect(driver.connected).toEqual(['websocket']);
    driver.pass(1);
    expect(driver.connected).toEqual(['websocket', 'sse']);
    expect(driver.closed).toEqual([]);
  });

  it('the next one starts as soon as the better one has failed', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(5);
    driver.fail('websocket');
    expect(driver.all('connect')[1]).toMatchObject({ stream: 'sse', at: 5 });
  });

  it('polling has its turn when both streams have had their head start', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a');
    driver.pass(599);
    expect(driver.transports).toEqual([]);
    driver.pass(1);
    expect(driver.transports).toEqual(['polling']);
  });

  it('an open stream serves before its first frame, but is polled beside until then', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    expect(driver.transports).toEqual(['websocket']);
    driver.answer('a');
    driver.forget();
    driver.pass(6_000);
    expect(driver.asked).toEqual(['a']);
  });

  it('the first frame proves it, of any kind, such as a greeting: no polling any more', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.answer('a');
    driver.greet('websocket');
    driver.forget();
    driver.pass(29_999);
    expect(driver.asked).toEqual([]);
  });

  it('a better one that opens later takes over, and the worse is closed only when that is proven', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(300);
    driver.open('sse', 'a');
    driver.greet('sse');
    driver.pass(500);
    driver.open('websocket', 'a');
    expect(driver.transports).toEqual(['sse', 'websocket']);
    expect(driver.closed).toEqual([]);
    driver.push('sse', { jobId: 'a', status: 'processing', progress: 20 });
    expect(driver.all('update')).toHaveLength(1);
    driver.push('websocket', { jobId: 'a', status: 'processing', progress: 20 });
    expect(driver.closed).toEqual(['sse']);
    expect(driver.transports).toEqual(['sse', 'websocket']);
  });

  it('a worse one that opens while a better one is open does not take over', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(300);
    driver.open('websocket', 'a');
    driver.open('sse', 'a');
    expect(driver.transports).toEqual(['websocket']);
  });

  it('a worse one that is open serves again at once when the better one that took over fails', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(300);
    driver.open('sse', 'a');
    driver.open('websocket', 'a');
    driver.fail('websocket', { reason: 'WebSocket closed (1006)' });
    expect(driver.transports).toEqual(['sse', 'websocket', 'sse']);
    expect(driver.all('transport').at(-1)?.change.reason).toBe('WebSocket closed (1006)');
    expect(driver.connected).toEqual(['websocket', 'sse']);
  });

  it('an attempt that takes longer than connectMs has failed', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.pass(10_000);
    expect(driver.all('close')).toMatchObject([{ stream: 'websocket', at: 10_000 }]);
    driver.open('websocket', 'a'); // Too late: it was given up.
    expect(driver.transports).not.toContain('websocket');
  });

  it('each change says why the better ones do not serve', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a');
    driver.fail('websocket', { reason: 'WebSocket refused (ECONNREFUSED)' });
    driver.fail('sse', { reason: 'SSE answered 503' });
    expect(driver.all('transport')[0]?.change).toEqual({
      jobId: 'a',
      transport: 'polling',
      previous: undefined,
      reason: 'WebSocket refused (ECONNREFUSED); SSE answered 503',
    });
  });

  it('only what is in transports is tried, in its order', () => {
    const driver = new Driver({ transports: ['sse', 'websocket'] });
    driver.follow('a');
    expect(driver.connected).toEqual(['sse']);
    driver.fail('sse');
    expect(driver.connected).toEqual(['sse', 'websocket']);
    const polling = new Driver({ transports: ['polling'] });
    polling.follow('a');
    polling.pass(3_600_000);
    expect(polling.connected).toEqual([]);
  });
});

describe('rule 6: what failed is retried with backoff, and remembered', () => {
  it('a failed transport is retried while the next one serves, later each time', () => {
    const driver = new Driver({ retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 } });
    driver.settleOn('sse', 'a');
    const delays: number[] = [];
    for (let round = 0; round < 30; round++) {
      const before = driver.now;
      driver.forget();
      while (driver.connected.length === 0) driver.pass(10);
      expect(driver.connected).toEqual(['websocket']);
      delays.push(driver.now - before);
      driver.fail('websocket');
    }
    expect(delays[0]).toBeLessThanOrEqual(2_010);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...delays)).toBeGreaterThan(15_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(30_010);
  });

  it('the second job does not pay for it again', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.push('sse', { jobId: 'a', status: 'completed' });
    driver.pass(60_000);
    driver.forget();
    driver.follow('b');
    expect(driver.connected).toEqual(['websocket', 'sse']);
  });

  it('for 30 minutes', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.push('sse', { jobId: 'a', status: 'completed' });
    driver.pass(30 * 60_000);
    driver.forget();
    driver.follow('b');
    expect(driver.connected).toEqual(['websocket']);
  });

  it('or until the network changes', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.fail('websocket');
    driver.fail('sse');
    driver.forget();
    driver.send({ type: 'wake', reason: 'online' });
    expect(driver.connected).toEqual(['websocket']);
  });

  it('a route that is not there is left alone for five minutes, even when the tab becomes visible', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.fail('websocket', { reason: 'WebSocket refused (HTTP 404)', kind: 'absent' });
    driver.open('sse', 'a');
    driver.greet('sse');
    driver.forget();
    driver.pass(2 * 60_000);
    driver.send({ type: 'wake', reason: 'visible' });
    driver.pass(3 * 60_000 - 1);
    expect(driver.connected).toEqual([]);
    driver.pass(1);
    expect(driver.connected).toEqual(['websocket']);
  });

  it('one that greets and drops is not retried faster for its greetings', () => {
    const driver = new Driver({ transports: ['websocket', 'polling'] });
    driver.follow('a');
    const begin = driver.now;
    while (driver.now - begin < 10 * 60_000) {
      driver.pass(10);
      if (driver.state.streams.websocket.phase !== 'connecting') continue;
      driver.open('websocket', 'a');
      driver.greet('websocket');
      driver.fail('websocket');
    }
    expect(driver.connected.length).toBeLessThan(60);
  });

  it('one that served well for a time is retried soon', () => {
    const driver = new Driver({ transports: ['websocket'] });
    driver.follow('a');
    for (let round = 0; round < 8; round++) {
      while (driver.state.streams.websocket.phase !== 'connecting') driver.pass(10);
      driver.fail('websocket');
    }
    while (driver.state.streams.websocket.phase !== 'connecting') driver.pass(10);
    driver.open('websocket', 'a');
    driver.greet('websocket');
    driver.pass(30_000);
    driver.fail('websocket');
    driver.forget();
    driver.pass(2_000);
    expect(driver.connected).toEqual(['websocket']);
  });
});

describe('rule 7: a stream that carries a job no longer, and goes on', () => {
  const drop = (driver: Driver, jobId: string) =>
    driver.send({ type: 'dropped', stream: 'sse', connection: driver.connections.sse ?? 0, jobId });

  it('has this job asked at once and polled, and no other', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a', 'b');
    drop(driver, 'a');
    expect(driver.asked).toEqual(['a']);
    expect(driver.all('transport')).toMatchObject([{ jobId: 'a', change: { transport: 'polling' } }]);
    driver.answer('a', { status: 'processing', progress: 20 });
    driver.pass(6_100);
    expect(driver.asked).toEqual(['a', 'a']);
    expect(driver.closed).toEqual([]);
  });

  it('is not said to lie about what came meanwhile, and serves again when it carries the job again', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a', 'b');
    drop(driver, 'a');
    driver.answer('a', { status: 'processing', progress: 20 });
    driver.open('sse', 'a');
    driver.answer('a', { status: 'processing', progress: 30 });
    expect(driver.transports).toEqual(['polling', 'sse']);
    expect(driver.asked).toEqual(['a', 'a']);
    driver.push('sse', { jobId: 'a', status: 'completed' });
    expect(driver.warnings).toEqual([]);
  });

  it('where nothing is polled, has it asked as in silence', () => {
    const driver = new Driver({ transports: ['sse'] });
    driver.settleOn('sse', 'a', 'b');
    drop(driver, 'a');
    driver.answer('a', { status: 'processing', progress: 20 });
    driver.forget();
    driver.pass(29_000);
    expect(driver.asked).not.toContain('a');
    driver.pass(1_100);
    expect(driver.asked).toContain('a');
    drop(driver, 'unknown');
  });
});

it('a stream that has no room for all jobs leaves the others to polling', () => {
  const driver = new Driver({ transports: ['sse', 'polling'] });
  driver.follow('a', 'b');
  driver.answer('a');
  driver.answer('b');
  driver.pass(1_000);
  driver.open('sse', 'a');
  const told = driver.all('transport').map(({ jobId, change }) => `${jobId} ${change.transport}`);
  expect(told).toEqual(['a polling', 'b polling', 'a sse']);
});

describe('a stream that is refused for its credentials, or that a page may not open', () => {
  it.each(['credentials', 'mixed-content'] as const)('warns each job of %s, once', (kind) => {
    const driver = new Driver();
    driver.follow('a', 'b');
    const error = new Error('why');
    driver.fail('websocket', { reason: 'WebSocket refused (HTTP 401)', kind, error });
    driver.pass(700_000);
    driver.fail('websocket', { reason: 'WebSocket refused (HTTP 401)', kind, error });
    const told = driver
      .all('warning')
      .filter(({ warning }) => warning.code === kind)
      .map(({ jobId, warning }) => [jobId, warning.message]);
    expect(told).toEqual([
      ['a', 'WebSocket refused (HTTP 401)'],
      ['b', 'WebSocket refused (HTTP 401)'],
    ]);
  });

  it('warns nobody where it broke for another reason', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.fail('websocket', { reason: 'WebSocket refused (ECONNREFUSED)' });
    expect(driver.warnings).toEqual([]);
  });
});

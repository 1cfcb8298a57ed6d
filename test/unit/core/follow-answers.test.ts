import { describe, expect, test } from 'vitest';
import { NetworkError } from '../../../src/errors.js';
import { Driver } from './follow-driver.js';

describe('rule 9: what is told of a job', () => {
  test('an update that changes nothing is not told', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', status: 'processing', progress: 10 });
    expect(driver.effects).toEqual([]);
  });

  test('status and progress never go back', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', status: 'queued', progress: 5 });
    expect(driver.all('update')).toEqual([]);
  });

  test('the end is told exactly once, whatever follows it', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.push('websocket', { jobId: 'a', status: 'completed' });
    driver.push('websocket', { jobId: 'a', status: 'failed' });
    driver.answer('a', { status: 'completed' });
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'failed', raw: 0 }, source: 'webhook' });
    expect(driver.all('update')).toMatchObject([{ jobId: 'a', snapshot: { status: 'completed' } }]);
  });

  test('a word nobody knows is warned about once and changes nothing', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', unknownStatus: 'dreaming' });
    driver.push('websocket', { jobId: 'a', unknownStatus: 'dreaming' });
    expect(driver.warnings).toEqual(['unknown-status']);
    expect(driver.all('update')).toEqual([]);
  });

  test('a bad frame that names a job is warned about once, and that job alone is asked, not for each', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.pass(5_000);
    for (let index = 0; index < 100; index++) {
      driver.say('websocket', { type: 'problem', message: 'What is this?', jobId: 'a' });
      driver.pass(1);
      if (index === 0) driver.answer('a');
    }
    expect(driver.warnings).toEqual(['bad-frame']);
    expect(driver.asked).toEqual(['a']);
  });

  test('a bad frame that names none is told to each job once a connection, and nobody is asked', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    for (let index = 0; index < 100; index++) driver.say('websocket', { type: 'problem', message: 'Eh?' });
    expect(driver.all('warning').map(({ warning }) => warning.jobId)).toEqual(['a', 'b']);
    expect(driver.asked).toEqual([]);
  });

  test('a frame for a job nobody follows is dropped', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'x', status: 'completed' });
    driver.say('websocket', { type: 'problem', message: 'Eh?', jobId: 'x' });
    expect(driver.effects).toEqual([]);
  });

  test('a webhook ends a job as a frame does', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'completed', raw: 0 }, source: 'webhook' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'completed', transport: 'webhook' } }]);
    expect(driver.timerArmed).toBe(false);
  });

  test('an answer that calls the job by another id is still about it', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a', { jobId: 'video_1', status: 'completed' });
    expect(driver.all('update')).toMatchObject([{ jobId: 'a', snapshot: { id: 'a', status: 'completed' } }]);
  });
});

describe('what ends following without an end', () => {
  test('a job that the server does not know, asked as often as retry.attempts says', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.refuse('a', 404);
    driver.pass(2_000);
    driver.refuse('a', 404);
    expect(driver.all('stopped')).toEqual([]);
    driver.pass(4_000);
    driver.refuse('a', 404);
    expect(driver.all('stopped')[0]?.error).toMatchObject({ code: 'not-found', status: 404, jobId: 'a' });
    expect(driver.all('stopped')[0]?.error.hint).toBe(
      'Do this. Then follow the job again with client.subscribe("a").',
    );
    expect(driver.timerArmed).toBe(false);
  });

  test('not where a stream has brought updates of it', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.push('websocket', { jobId: 'a', progress: 5 });
    for (let round = 0; round < 10; round++) {
      driver.refuse('a', 404);
      driver.pass(30_000);
    }
    expect(driver.all('stopped')).toEqual([]);
    expect(driver.warnings).toEqual(['status-failed']);
  });

  test.each([400, 401, 403])('%i at once', (status) => {
    const driver = new Driver();
    driver.follow('a');
    driver.refuse('a', status);
    expect(driver.all('stopped')).toMatchObject([{ jobId: 'a', error: { status, jobId: 'a' } }]);
  });

  test('401 not while a stream brings its updates: then it is a warning', () => {
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

  test.each([408, 429, 500, 503])('%i never does: one warning a streak, and backoff', (status) => {
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

  test('nor does the network', () => {
    const driver = new Driver({ transports: ['polling'] });
    driver.follow('a');
    for (let round = 0; round < 20; round++) {
      driver.send({ type: 'refused', jobId: 'a', error: new NetworkError('network', 'gone'), more: false });
      driver.pass(30_000);
    }
    expect(driver.all('stopped')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { applyUpdate } from '../../../src/core/job-state.js';
import { Driver } from './follow-driver.js';

describe('rule 9: what is told of a job', () => {
  it('an update that changes nothing is not told', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', status: 'processing', progress: 10 });
    expect(driver.effects).toEqual([]);
  });

  it('status and progress never go back', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', status: 'queued', progress: 5 });
    expect(driver.all('update')).toEqual([]);
  });

  it('the end is told exactly once, whatever follows it', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.push('websocket', { jobId: 'a', status: 'completed' });
    driver.push('websocket', { jobId: 'a', status: 'failed' });
    driver.answer('a', { status: 'completed' });
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'failed', raw: 0 }, source: 'webhook' });
    expect(driver.all('update')).toMatchObject([{ jobId: 'a', snapshot: { status: 'completed' } }]);
  });

  it('a word nobody knows is warned about once and changes nothing', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'a', unknownStatus: 'dreaming' });
    driver.push('websocket', { jobId: 'a', unknownStatus: 'dreaming' });
    expect(driver.warnings).toEqual(['unknown-status']);
    expect(driver.all('update')).toEqual([]);
  });

  it('a bad frame that names a job is warned about once, and that job alone is asked, not for each', () => {
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

  it('bad frames that name none are told to each job once a connection, and all are polled while they come', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    for (let second = 0; second < 15; second++) {
      for (let index = 0; index < 100; index++) driver.say('websocket', { type: 'problem', message: 'Eh?' });
      driver.pass(1_000);
      for (const { jobId, at } of driver.all('ask'))
        if (at === driver.now - driver.start) driver.answer(jobId);
    }
    expect(driver.all('warning').map(({ warning }) => warning.jobId)).toEqual(['a', 'b']);
    expect(driver.asked.length).toBeGreaterThanOrEqual(2);
    expect(driver.asked.length).toBeLessThanOrEqual(2 * 4);
    driver.pass(6_000);
    driver.forget();
    driver.pass(20_000);
    expect(driver.asked).toEqual([]);
  });

  it('of several bad frames the last one may have been the end: all are asked once more an interval later', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.pass(10_000);
    driver.say('websocket', { type: 'problem', message: 'Eh?' });
    driver.pass(10);
    for (const jobId of ['a', 'b']) driver.answer(jobId);
    driver.forget();
    driver.say('websocket', { type: 'problem', message: 'Eh?' });
    driver.pass(6_000);
    expect([...driver.asked].sort()).toEqual(['a', 'b']);
  });

  it('a bad frame of a stream that does not serve a job asks nothing', () => {
    const driver = new Driver();
    driver.settleOn('sse', 'a');
    driver.pass(2_000);
    driver.open('websocket', 'a');
    driver.greet('websocket');
    driver.answer('a');
    driver.pass(6_000);
    driver.open('sse', 'a');
    driver.forget();
    driver.say('sse', { type: 'problem', message: 'Eh?' });
    driver.pass(3_000);
    expect(driver.asked).toEqual([]);
  });

  it('a stream that brings nothing but bad frames is not proven: polling goes on beside it', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.open('websocket', 'a');
    driver.answer('a');
    driver.forget();
    for (let second = 0; second < 6; second++) {
      driver.say('websocket', { type: 'problem', message: 'Eh?' });
      driver.pass(1_000);
    }
    expect(driver.asked).toEqual(['a']);
    expect(driver.state.streams.websocket.proven).toBe(false);
    expect(driver.connected).toEqual([]);
  });

  it('a frame for a job nobody follows is dropped', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { jobId: 'x', status: 'completed' });
    driver.say('websocket', { type: 'problem', message: 'Eh?', jobId: 'x' });
    expect(driver.effects).toEqual([]);
  });

  it('a webhook ends a job as a frame does', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'learned', update: { jobId: 'a', status: 'completed', raw: 0 }, source: 'webhook' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'completed', transport: 'webhook' } }]);
    expect(driver.timerArmed).toBe(false);
  });

  it('an answer that calls the job by another id is still about it', () => {
    const driver = new Driver();
    driver.follow('a');
    driver.answer('a', { jobId: 'video_1', status: 'completed' });
    expect(driver.all('update')).toMatchObject([{ jobId: 'a', snapshot: { id: 'a', status: 'completed' } }]);
  });
});

describe('a failure that comes without a reason', () => {
  const wordless = { jobId: 'a', status: 'failed' } as const;

  it('is told with the reason that the status gives', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', wordless);
    driver.push('websocket', wordless);
    expect(driver.all('ask')).toMatchObject([{ jobId: 'a', urgent: true }]);
    expect(driver.all('update')).toEqual([]);
    driver.answer('a', { status: 'failed', error: 'out of memory' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'failed', error: 'out of memory' } }]);
    expect(driver.timerArmed).toBe(false);
  });

  it('so too when a webhook brings it', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.send({ type: 'learned', update: { ...wordless, raw: 0 }, source: 'webhook' });
    driver.answer('a', { status: 'failed', error: 'out of memory' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { error: 'out of memory' } }]);
  });

  it.each([
    ['fails', (driver: Driver) => driver.refuse('a', 500)],
    ['has none either', (driver: Driver) => driver.answer('a', { status: 'failed' })],
    [
      'does not know of it yet',
      (driver: Driver) => driver.answer('a', { status: 'processing', progress: 90 }),
    ],
    ['does not come', (driver: Driver) => driver.pass(2_000)],
  ])('is told all the same where the answer %s', (_, happen) => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', wordless);
    happen(driver);
    expect(driver.all('update').at(-1)).toMatchObject({ snapshot: { status: 'failed', error: '' } });
    expect(driver.all('update').filter(({ snapshot }) => snapshot.status === 'failed')).toHaveLength(1);
    expect(driver.timerArmed).toBe(false);
    driver.pass(10_000);
    driver.answer('a', { status: 'failed', error: 'late' });
    expect(driver.all('update').filter(({ snapshot }) => snapshot.status === 'failed')).toHaveLength(1);
  });

  it('waits for no answer that was asked for before it, nor for waking up', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(30_000);
    driver.push('websocket', wordless);
    driver.send({
      type: 'answered',
      jobId: 'a',
      update: { jobId: 'a', status: 'processing', raw: 0 },
      askedAgain: true,
    });
    expect(driver.all('update')).toEqual([]);
    driver.send({ type: 'wake', reason: 'visible' });
    driver.pass(2_000);
    expect(driver.all('update')).toMatchObject([{ snapshot: { status: 'failed' } }]);
  });

  it('is told at once where the status cannot be had anyway, and gives way to a completion', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.pass(30_000);
    driver.refuse('a', 500);
    driver.push('websocket', wordless);
    expect(driver.all('update')).toMatchObject([{ jobId: 'a', snapshot: { status: 'failed' } }]);
    driver.push('websocket', { jobId: 'b', status: 'failed' });
    driver.answer('b', { status: 'completed' });
    expect(driver.all('update')[1]).toMatchObject({ jobId: 'b', snapshot: { status: 'completed' } });
  });

  it('but with words about something else waits for the reason, too', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { ...wordless, message: 'Rendering', error: 'Rendering' });
    expect(driver.all('update')).toEqual([]);
    driver.answer('a', { status: 'failed', error: 'out of memory' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { error: 'out of memory' } }]);
  });

  it('and with words gives way to no answer that has none', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { ...wordless, message: 'Rendering', error: 'Rendering' });
    driver.answer('a', { status: 'failed' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { error: 'Rendering' } }]);
  });

  it('that came with one is told at once', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.push('websocket', { ...wordless, error: 'no' });
    expect(driver.all('update')).toMatchObject([{ snapshot: { error: 'no' } }]);
    expect(driver.asked).toEqual([]);
  });
});

it('that a job is known is learned from who follows it as well', () => {
  const driver = new Driver({ transports: ['polling'] });
  driver.follow('a');
  const known = applyUpdate(undefined, { jobId: 'a', status: 'queued', raw: 0 }, 'polling', 0);
  driver.send({ type: 'follow', jobId: 'a', known });
  for (let round = 0; round < 4; round++) {
    driver.refuse('a', 404);
    driver.pass(10_000);
  }
  expect(driver.all('stopped')).toEqual([]);
});

describe('a stream that says that something has changed', () => {
  const changed = { type: 'ask', jobId: 'a' } as const;

  it('has the job asked at once, and then once a second at most', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.pass(2_000);
    for (let frames = 0; frames < 10; frames++) driver.say('websocket', changed);
    driver.pass(0);
    expect(driver.asked).toEqual(['a']);
    driver.answer('a');
    driver.say('websocket', changed);
    driver.pass(900);
    expect(driver.asked).toEqual(['a']);
    driver.pass(200);
    expect(driver.asked).toEqual(['a', 'a']);
  });

  it('has it asked again where it says so while an answer is awaited', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(2_000);
    driver.say('websocket', changed);
    driver.pass(500);
    driver.say('websocket', changed);
    driver.pass(700);
    driver.answer('a');
    driver.pass(0);
    expect(driver.asked).toEqual(['a', 'a']);
  });

  it('has all asked where it names none', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a', 'b');
    driver.pass(2_000);
    driver.say('websocket', { type: 'ask' });
    driver.pass(0);
    expect(driver.asked).toEqual(['a', 'b']);
  });

  it('is not held to have kept to itself what the answer brings', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(2_000);
    driver.say('websocket', changed);
    driver.pass(0);
    driver.answer('a', { status: 'processing', progress: 60 });
    driver.pass(31_000);
    driver.answer('a', { status: 'processing', progress: 60 });
    expect(driver.warnings).toEqual([]);
    expect(driver.closed).toEqual([]);
    // What it keeps to itself after that is.
    driver.pass(31_000);
    driver.answer('a', { status: 'processing', progress: 70 });
    expect(driver.warnings).toEqual(['transport-lied']);
  });

  it('need not have said what took a further call to learn', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(31_000);
    driver.answer('a', { status: 'processing', progress: 60, isFollowUp: true });
    driver.pass(31_000);
    driver.answer('a', { status: 'processing', progress: 60 });
    expect(driver.warnings).toEqual([]);
  });

  it('is asked about as often as if it were polled, where a further call says: not yet', () => {
    const driver = new Driver();
    driver.settleOn('websocket', 'a');
    driver.pass(2_000);
    driver.say('websocket', changed);
    driver.pass(0);
    driver.forget();
    for (let round = 0; round < 3; round++) {
      driver.answer('a', { isFollowUp: true });
      driver.pass(3_900);
      expect(driver.asked).toEqual([]);
      driver.pass(2_200);
      expect(driver.asked).toEqual(['a']);
      driver.forget();
    }
    // One that says more than that is no reason to doubt the stream.
    driver.answer('a', { status: 'processing', progress: 60, isFollowUp: true });
    driver.pass(29_000);
    expect(driver.asked).toEqual([]);
  });
});

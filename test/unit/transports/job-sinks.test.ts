import { describe, expect, it } from 'vitest';
import type { JobSink } from '../../../src/core/follower.js';
import { JobSinks } from '../../../src/transports/job-sinks.js';

const warning = { type: 'warning', jobId: 'job-1', warning: {} } as unknown as Parameters<
  JobSinks['tell']
>[0];

/** Writes down that it was told. */
function sinkOf(name: string, told: string[], then = () => {}): JobSink {
  const tell = () => {
    told.push(name);
    then();
  };
  return { update: tell, transport: tell, warning: tell, stopped: tell };
}

describe('those who follow one job', () => {
  it('are not told what is being told when they come, whoever of the others lets them in', () => {
    const told: string[] = [];
    const late = () => void sinks.add(sinkOf('late', told));
    const sinks: JobSinks = new JobSinks('job-1', sinkOf('first', told, late), () => {});
    sinks.add(sinkOf('second', told, late));
    sinks.tell(warning, () => {});
    expect(told).toEqual(['first', 'second']);
  });

  it('are not told once they have left, by whomever they were stopped', () => {
    const told: string[] = [];
    const sinks: JobSinks = new JobSinks(
      'job-1',
      sinkOf('first', told, () => second.stop()),
      () => {},
    );
    const third = sinks.add(sinkOf('third', told));
    const second = sinks.add(sinkOf('second', told));
    sinks.tell(warning, () => {});
    third.stop();
    sinks.stop();
    expect(told).toEqual(['first', 'third']);
    expect(sinks.isEmpty).toBe(true);
  });
});

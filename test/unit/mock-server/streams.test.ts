import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MockFault } from '../../../src/mock-server/fault.js';
import { MockFaults } from '../../../src/mock-server/faults.js';
import { MockJobs } from '../../../src/mock-server/jobs.js';
import { eventStreamJobIds } from '../../../src/mock-server/streams/gateway-events.js';
import { MockStream } from '../../../src/mock-server/streams/stream.js';
import { MockStreams } from '../../../src/mock-server/streams/stream-log.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function opened(...faults: MockFault[]) {
  const out: unknown[] = [];
  const wire = {
    send: (frame: unknown) => out.push(frame),
    close: (code: number) => out.push(`close ${code}`),
    freeze: () => out.push('frozen'),
  };
  const onEnd = vi.fn();
  const stream = new MockStream('websocket', wire, new MockFaults(faults).take('websocket', []), onEnd);
  stream.start();
  return { stream, out, onEnd };
}

describe('a stream of the mock server', () => {
  it('counts what it sent, and sends nothing once closed', () => {
    const { stream, out, onEnd } = opened();
    stream.send('a');
    stream.close(4000);
    stream.close(4001);
    stream.send('b');
    expect([out, stream.sent, stream.closeCode]).toEqual([['a', 'close 4000'], 1, 4000]);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  it('meets the moments of its faults by frames and by time, the later of both', () => {
    const { stream, out } = opened({ type: 'close', code: 1012, afterFrames: 1, afterMs: 100 });
    stream.send('a');
    vi.advanceTimersByTime(90);
    expect(out).toEqual(['a']);
    vi.advanceTimersByTime(10);
    expect(out).toEqual(['a', 'close 1012']);
    const late = opened({ type: 'close', afterFrames: 1, afterMs: 100 });
    vi.advanceTimersByTime(200);
    expect(late.out).toEqual([]);
    late.stream.send('a');
    expect(late.out).toEqual(['a', 'close 1001']);
  });

  it('injects once, in its place', () => {
    const { stream, out } = opened({ type: 'inject', frame: { data: '!' }, afterFrames: 1 });
    for (const frame of ['a', 'b']) stream.send(frame);
    expect(out).toEqual(['a', '!', 'b']);
  });

  it('leaves no timer behind', () => {
    const { stream } = opened({ type: 'mute', afterMs: 1_000 });
    stream.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('plays several faults together', () => {
    const { stream, out } = opened({ type: 'duplicate' }, { type: 'drop-updates', first: 1 });
    const job = new MockJobs({ manual: true }).create();
    const encode = () => 'u';
    stream.update(job.current(), encode);
    stream.update(job.current(), encode);
    expect(out).toEqual(['u', 'u', 'u']);
  });
});

describe('the streams of the mock server', () => {
  it('remember the open ones for ever and the closed ones for some time', () => {
    const streams = new MockStreams();
    const first = opened().stream;
    streams.add(first);
    for (let i = 0; i < 2_500; i++) {
      const { stream } = opened();
      streams.add(stream);
      stream.close();
    }
    expect(streams.open).toEqual([first]);
    expect(streams.all[0]).toBe(first);
    expect(streams.all.length).toBeLessThan(2_100);
    streams.close(4000);
    expect(streams.count('websocket')).toBe(0);
  });
});

it('reads the job list of an event stream, commas within ids included', () => {
  const jobs = new MockJobs({ manual: true });
  jobs.create({ id: 'x,y' });
  const read = (search: string) => eventStreamJobIds(new URL(`http://h/api/jobs/events${search}`), jobs);
  expect(read('?jobIds=a,b%2Fc')).toEqual(['a', 'b/c']);
  expect(read('?t=1&jobIds=x%2Cy,z')).toEqual(['x,y', 'z']);
  expect(read('?jobIds=a%2Cb')).toEqual(['a', 'b']);
  expect(read('?jobIds=%,,')).toEqual(['%']);
  expect(read('')).toEqual([]);
});

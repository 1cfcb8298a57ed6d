import { describe, expect, it } from 'vitest';
import { readShared } from '../../../src/jobs/buses/shared.js';

const one = { id: 'server job-1', status: 'queued', progress: 0, at: 1 };

describe('what comes over a bus', () => {
  it('is read with all that a snapshot may have', () => {
    const whole = { ...one, message: 'm', error: 'e', errorCode: 'c', queuePosition: 3 };
    expect(readShared(JSON.stringify(whole))).toEqual(whole);
  });

  it('is taken without what is of a wrong type, and without what it should not have', () => {
    const odd = { ...one, message: 7, error: {}, errorCode: null, queuePosition: '3', videoUrl: 'https://x' };
    expect(readShared(JSON.stringify(odd))).toEqual(one);
    expect(Object.keys(readShared(JSON.stringify(odd)) ?? {})).not.toContain('videoUrl');
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['no id', JSON.stringify({ ...one, id: 7 })],
    ['an unknown status', JSON.stringify({ ...one, status: 'done' })],
    ['no progress', JSON.stringify({ ...one, progress: '7' })],
    ['a progress beyond the end', '{"id":"server job-1","status":"processing","progress":1e999,"at":1}'],
    ['a progress of more than there is', JSON.stringify({ ...one, progress: 101 })],
    ['a progress before the beginning', JSON.stringify({ ...one, progress: -1 })],
    ['no time', JSON.stringify({ ...one, at: undefined })],
  ])('is dropped where it has %s', (_, json) => {
    expect(readShared(json)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { later, recordOf } from '../../../../src/jobs/contract/check.js';
import { logLine, readLog } from '../../../../src/jobs/stores/file-log.js';

const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;

const first = recordOf({ key: 'order-7', createdAt: NOW, updatedAt: NOW });
const submitted = later(first, { state: 'submitted', jobId: 'job-1' });
const refused = later(first, { state: 'refused', error: 'no credit' });
const second = recordOf({ key: 'order-7', createdAt: NOW + 5_000, updatedAt: NOW + 5_000 });

const ADD = logLine('add', first, NOW);
const PUT = logLine('put', submitted, NOW + 1_000);
const read = (text: string, now = NOW + 10_000) => readLog(text, 'order-7', now);

describe('the log of a record', () => {
  it('comes to what was asked for, in the order of its lines', () => {
    expect(read('')).toBeUndefined();
    expect(read(ADD)).toEqual(first);
    expect(read(ADD + PUT)).toEqual(submitted);
    expect(read(ADD + PUT + logLine('put', refused, NOW))).toEqual(submitted);
  });

  it('has the first of two who added it at once, and the first after it was refused', () => {
    expect(read(ADD + logLine('add', second, NOW))).toEqual(first);
    const after = ADD + logLine('put', refused, NOW) + logLine('add', second, NOW);
    expect(read(after)).toEqual(second);
    expect(read(after + logLine('add', first, NOW))).toEqual(second);
  });

  it('is read behind the byte order mark of an editor', () => {
    expect(read(`\uFEFF${ADD}${PUT}`)).toEqual(submitted);
  });

  it('has no record of a change alone', () => {
    expect(read(PUT)).toBeUndefined();
  });

  it('is read at each byte at which a write may break off as if that had not begun', () => {
    for (let length = 0; length < PUT.length - 1; length++) {
      const torn = ADD + PUT.slice(0, length);
      expect(read(torn)).toEqual(first);
      // And whoever writes next is read.
      expect(read(torn + PUT)).toEqual(submitted);
      expect(read(torn + logLine('put', later(submitted, { state: 'completed' }), NOW))).toMatchObject({
        state: 'completed',
      });
    }
  });

  it('that has nothing to be read is its key alone, which nobody may add anew', () => {
    for (const text of ['{', '\0\0\0', 'too large', '[]', '{"at":1}', ADD.slice(0, 100)]) {
      expect(read(text)).toEqual({ key: 'order-7' });
      expect(readLog(text, undefined, NOW)).toEqual({});
    }
    for (const text of ['', '\n', ' \n\n ']) expect(read(text)).toBeUndefined();
  });

  it('gives what a later version has written as it is, and changes nothing of it', () => {
    const newer = { ...submitted, version: 2 } as never;
    for (const operation of ['add', 'put'] as const) {
      const text = (operation === 'add' ? '' : ADD) + logLine(operation, newer, NOW);
      expect(read(text + PUT + logLine('add', second, NOW))).toEqual(newer);
    }
  });

  it('comes to nothing once the record was kept long enough, and to the one that was added after that', () => {
    const monthLater = NOW + 30 * DAY_MS + 1_000;
    expect(read(ADD + PUT, monthLater - 1)).toEqual(submitted);
    expect(read(ADD + PUT, monthLater)).toBeUndefined();
    const again = recordOf({ key: 'order-7', createdAt: monthLater, updatedAt: monthLater });
    expect(read(ADD + PUT + logLine('add', again, monthLater), monthLater)).toEqual(again);
    // A change of what was gone by then is none.
    const late = logLine('put', later(submitted, { state: 'completed' }), monthLater);
    expect(read(ADD + PUT + late, monthLater)).toBeUndefined();
  });
});

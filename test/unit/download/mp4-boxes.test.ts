import { describe, expect, it } from 'vitest';
import { Mp4Boxes } from '../../../src/download/mp4-boxes.js';

function box(type: string, payload: number, large = false): Buffer {
  const header = Buffer.alloc(large ? 16 : 8);
  header.writeUInt32BE(large ? 1 : 8 + payload);
  header.write(type, 4, 'latin1');
  if (large) header.writeBigUInt64BE(BigInt(16 + payload), 8);
  return Buffer.concat([header, Buffer.alloc(payload, 7)]);
}

const file = Buffer.concat([box('ftyp', 16), box('free', 0), box('mdat', 5_000, true), box('moov', 300)]);

function fed(bytes: Uint8Array, step: number): boolean | undefined {
  const boxes = new Mp4Boxes();
  for (let at = 0; at < bytes.length; at += step) boxes.feed(bytes.subarray(at, at + step));
  return boxes.isWhole;
}

describe('the boxes of an MP4', () => {
  it.each([1, 3, 7, 8, 100, 10_000])('add up to the file, read %i bytes at a time', (step) => {
    expect(fed(file, step)).toBe(true);
  });

  it('are not whole at any byte before the last, between two of them neither', () => {
    for (let length = 9; length < file.length; length += 1) {
      expect(fed(file.subarray(0, length), 1_000), `after ${length} bytes`).toBe(false);
    }
  });

  it('of a film in fragments do not tell which fragment is the last', () => {
    const fragments = [box('ftyp', 16), box('moov', 90), box('moof', 50), box('mdat', 400)];
    const boxes = new Mp4Boxes();
    boxes.feed(Buffer.concat(fragments));
    expect([boxes.isWhole, boxes.isComplete]).toEqual([true, false]);

    const plain = new Mp4Boxes();
    plain.feed(file);
    expect(plain.isComplete).toBe(true);
  });

  it('of a picture, which has neither film nor index, may end between two', () => {
    expect(fed(Buffer.concat([box('ftyp', 16), box('meta', 200), box('mdat', 400)]), 10)).toBe(true);
  });

  it('say nothing of a file that is none, of one whose last box has no end, and of rubbish behind them', () => {
    expect(fed(Buffer.alloc(5_000, 1), 100)).toBeUndefined();
    expect(fed(Buffer.from('0000000866726565', 'hex'), 100)).toBeUndefined();
    const endless = Buffer.concat([
      box('ftyp', 16),
      Buffer.from('000000006d646174', 'hex'),
      Buffer.alloc(99),
    ]);
    expect(fed(endless, 10)).toBeUndefined();
    expect(fed(Buffer.concat([file, Buffer.alloc(50, 255)]), 10)).toBeUndefined();
    expect(fed(Buffer.alloc(0), 1)).toBeUndefined();
  });
});

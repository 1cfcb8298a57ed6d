import { describe, expect, it, vi } from 'vitest';
import type { StreamMessage } from '../../../src/core/model.js';
import { readFrame } from '../../../src/transports/transport.js';

const unreadable = { type: 'problem', message: 'The backend could not read a frame; it was dropped.' };
const read = (message: unknown) => readFrame('', () => message as StreamMessage);

describe('what a codec makes of a frame', () => {
  it.each([
    { type: 'control' },
    { type: 'ask' },
    { type: 'ask', jobId: 'a' },
    { type: 'update', update: { jobId: 'a', raw: 0 } },
    { type: 'problem', message: 'what is this?' },
  ])('is taken as it is where it is a message: %j', (message) => {
    expect(read(message)).toBe(message);
  });

  it.each([
    [undefined],
    [null],
    ['control'],
    [{}],
    [{ type: 'other' }],
    [{ type: 'update' }],
    [{ type: 'update', update: null }],
    [{ type: 'update', update: {} }],
    [{ type: 'problem' }],
    [{ type: 'problem', message: 7 }],
    [{ type: 'other', message: 'words' }],
    [{ type: '', update: { jobId: 'a' } }],
    [Promise.resolve({ type: 'control' })],
  ])('is a frame that could not be read where it is none: %j', (message) => {
    expect(read(message)).toEqual(unreadable);
  });

  it('is without a byte order mark, of which one in the middle is none', () => {
    const parse = vi.fn(() => ({ type: 'control' }) as const);
    for (const text of ['\uFEFF{"a":"\uFEFF"}', '{}']) readFrame(text, parse);
    expect(parse.mock.calls).toEqual([['{"a":"\uFEFF"}'], ['{}']]);
  });

  it('is one that could not be read where it throws', () => {
    expect(
      readFrame('', () => {
        throw new Error('not mine');
      }),
    ).toEqual(unreadable);
  });
});

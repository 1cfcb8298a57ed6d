import { expect, it } from 'vitest';
import { guardEvents } from '../../../src/transports/sse-guard.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Whether all of these chunks, in their order, are within ten bytes an event. */
function allows(...chunks: string[]): boolean {
  const guard = guardEvents(10);
  return chunks.every((chunk) => guard(bytes(chunk)).fits);
}

it.each(['\n', '\r\n', '\r'])(
  'events of any number and of the allowed size pass, with lines ending in %j',
  (end) => {
    const event = `data:1${end}${end}`;
    expect(allows(...Array.from({ length: 50 }, () => event))).toBe(true);
    expect(allows(...event.repeat(50))).toBe(true);
  },
);

it.each(['\n', '\r\n', '\r'])('an event of many small lines ending in %j is counted whole', (end) => {
  expect(allows(`data:1${end}`, `data:2${end}`)).toBe(false);
});

it('a line that never ends is refused, in one chunk or in many', () => {
  expect(allows('data:1234567')).toBe(false);
  expect(allows(...'data:1234567')).toBe(false);
});

/** What a parser gets of these chunks, and which of them show that something comes through. */
function guarded(...chunks: string[]) {
  const guard = guardEvents(1_000);
  const looked = chunks.map((chunk) => guard(bytes(chunk)));
  return {
    text: looked.map((one) => new TextDecoder().decode(one.bytes)).join('|'),
    beats: looked.map(({ beats }) => beats),
  };
}

it('each line end becomes a single LF at once, so that no parser waits for what follows a CR', () => {
  expect(guarded('data: 1\r\r').text).toBe('data: 1\n\n');
  expect(guarded('data: 1\r\n\r\n', 'data: 2\n\n').text).toBe('data: 1\n\n|data: 2\n\n');
  expect(guarded('data: 1\r', '\n\r', '\n').text).toBe('data: 1\n|\n|');
});

it('a comment, and an event without data, is a heartbeat; data, and the beginning of an event, is none', () => {
  expect(guarded(': hi\n').beats).toEqual([true]);
  expect(guarded('event: ping\n\n').beats).toEqual([true]);
  expect(guarded('retry: 5\n', '\n').beats).toEqual([false, true]);
  expect(guarded('event: x\ndata: a:b\n\n', '\n').beats).toEqual([false, false]);
});

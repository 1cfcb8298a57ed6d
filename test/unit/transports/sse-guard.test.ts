import { expect, test } from 'vitest';
import { guardEventSize } from '../../../src/transports/sse-guard.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Whether all of these chunks, in their order, are within ten bytes an event. */
function allows(...chunks: string[]): boolean {
  const measure = guardEventSize(10);
  return chunks.every((chunk) => measure(bytes(chunk)));
}

test.each(['\n', '\r\n', '\r'])(
  'events of any number and of the allowed size pass, with lines ending in %j',
  (end) => {
    const event = `data:1${end}${end}`;
    expect(allows(...Array.from({ length: 50 }, () => event))).toBe(true);
    expect(allows(...event.repeat(50))).toBe(true);
  },
);

test.each(['\n', '\r\n', '\r'])('an event of many small lines ending in %j is counted whole', (end) => {
  expect(allows(`data:1${end}`, `data:2${end}`)).toBe(false);
});

test('a line that never ends is refused, in one chunk or in many', () => {
  expect(allows('data:1234567')).toBe(false);
  expect(allows(...'data:1234567')).toBe(false);
});

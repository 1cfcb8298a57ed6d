import { expect, it } from 'vitest';
import { isJobKey } from '../../../src/jobs/read-record.js';
import { keyOf } from '../../../src/relay/key.js';

it('a submit has the same key for the same user and Idempotency-Key, and another for each other', async () => {
  const keys = await Promise.all([
    keyOf('ada', 'order-7'),
    keyOf('ada', 'order-7'),
    keyOf('bob', 'order-7'),
    keyOf('ada', 'order-8'),
    keyOf('adao', 'rder-7'),
    keyOf('ad', 'aorder-7'),
  ]);
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(5);
  for (const key of keys) expect(isJobKey(key)).toBe(true);
  expect(keys.join()).not.toContain('ada');
});

it('without the header each submit has a key of its own', async () => {
  expect(await keyOf('ada', null)).not.toBe(await keyOf('ada', null));
});

it.each(['', 'a b', 'é', 'x'.repeat(256)])(
  'an Idempotency-Key that is none (%j) is refused with 400',
  async (key) => {
    await expect(keyOf('ada', key)).rejects.toMatchObject({ answer: { status: 400 } });
  },
);

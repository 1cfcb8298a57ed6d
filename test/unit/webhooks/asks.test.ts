import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Asks } from '../../../src/webhooks/asks.js';
import { rejection } from '../../support/rejection.js';

it('asks leave nothing behind on a signal, however they end', async () => {
  const asks = new Asks(1);
  const { signal } = new AbortController();
  expect(await asks.run(signal, () => 'now')).toBe('now');
  expect(await asks.run(signal, async () => 'later')).toBe('later');
  const error = new Error('no');
  expect(await rejection(asks.run(signal, async () => Promise.reject(error)))).toBe(error);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('asks are not begun where nobody waits for them any more, and take no room', async () => {
  const asks = new Asks(1);
  let begun = 0;
  const work = async () => {
    begun += 1;
  };
  const reason = new Error('too late');
  expect(await rejection(asks.run(AbortSignal.abort(reason), work))).toBe(reason);
  expect(begun).toBe(0);
  await asks.run(undefined, work);
  expect(begun).toBe(1);
});

it('asks that are given up make room, and may still fail unseen', async () => {
  const asks = new Asks(1);
  const controller = new AbortController();
  let fail = (_: Error) => {};
  const hanging = asks.run(controller.signal, () => new Promise((_, reject) => (fail = reject)));
  expect(await rejection(asks.run(undefined, () => 1))).toMatchObject({ code: 'rate-limited' });
  controller.abort(new Error('given up'));
  expect(await rejection(hanging)).toMatchObject({ message: 'given up' });
  fail(new Error('much later'));
  expect(await asks.run(undefined, () => 2)).toBe(2);
});

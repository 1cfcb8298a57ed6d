import { expect, it, vi } from 'vitest';
import { Aborts } from '../../../src/runtime/aborts.js';

function setUp() {
  const controller = new AbortController();
  const { signal } = controller;
  return {
    aborts: new Aborts(),
    controller,
    signal,
    added: vi.spyOn(signal, 'addEventListener'),
    removed: vi.spyOn(signal, 'removeEventListener'),
  };
}

it('one listener on the signal tells all', () => {
  const { aborts, controller, signal, added } = setUp();
  const told = Array.from({ length: 20 }, () => vi.fn());
  for (const tell of told) aborts.listen(signal, tell);
  expect(added).toHaveBeenCalledTimes(1);
  const reason = { mine: true };
  controller.abort(reason);
  for (const tell of told) expect(tell).toHaveBeenCalledExactlyOnceWith(reason);
});

it('who has stopped is not told, and with the last the listener goes', () => {
  const { aborts, controller, signal, removed } = setUp();
  const [first, second] = [vi.fn(), vi.fn()];
  const stops = [aborts.listen(signal, first), aborts.listen(signal, second)];
  stops[0]?.();
  stops[0]?.();
  expect(removed).not.toHaveBeenCalled();
  stops[1]?.();
  expect(removed).toHaveBeenCalledTimes(1);
  controller.abort();
  expect(first).not.toHaveBeenCalled();
  expect(second).not.toHaveBeenCalled();
});

it('a signal that was let go can be listened to again', () => {
  const { aborts, controller, signal } = setUp();
  aborts.listen(signal, () => {})();
  const tell = vi.fn();
  aborts.listen(signal, tell);
  controller.abort();
  expect(tell).toHaveBeenCalledOnce();
});

it('one that stops as it is told, or stops another, disturbs nobody else', () => {
  const { aborts, controller, signal, removed } = setUp();
  const last = vi.fn();
  const stops: (() => void)[] = [];
  stops.push(aborts.listen(signal, () => stops[0]?.()));
  stops.push(aborts.listen(signal, () => stops[2]?.()));
  const other = vi.fn();
  stops.push(aborts.listen(signal, other));
  stops.push(aborts.listen(signal, last));
  controller.abort();
  expect(other).not.toHaveBeenCalled();
  expect(last).toHaveBeenCalledOnce();
  for (const stop of stops) stop();
  expect(removed).toHaveBeenCalledTimes(1);
});

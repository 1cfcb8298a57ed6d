import { expect, it } from 'vitest';
import { completeSignals } from '../../../src/runtime/complete-signals.js';

/** As they were in 2019: an abort has no reason. */
function old() {
  class Signal extends EventTarget {
    isOver = false;
    get aborted() {
      return this.isOver;
    }
  }
  class Controller {
    readonly signal = new Signal();
    abort() {
      if (this.signal.isOver) return;
      this.signal.isOver = true;
      this.signal.dispatchEvent(new Event('abort'));
    }
  }
  return {
    Signal: Signal as unknown as typeof AbortSignal,
    Controller: Controller as unknown as typeof AbortController,
  };
}

it('an old signal has the first reason, when its listeners are called and after that', () => {
  const { Signal, Controller } = old();
  completeSignals(Signal, Controller);
  const controller = new Controller();
  const { signal } = controller;
  const heard: unknown[] = [];
  signal.addEventListener('abort', () => heard.push(signal.reason));
  expect(signal.reason).toBeUndefined();
  expect(() => signal.throwIfAborted()).not.toThrow();
  controller.abort('left the page');
  controller.abort('once more');
  expect([...heard, signal.reason]).toEqual(['left the page', 'left the page']);
  expect(() => signal.throwIfAborted()).toThrow('left the page');
});

it('an old signal that is aborted without a reason has an AbortError, always the same', () => {
  const { Signal, Controller } = old();
  const before = new Controller();
  before.abort();
  completeSignals(Signal, Controller);
  const after = new Controller();
  after.abort();
  for (const { signal } of [before, after]) {
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
    expect(signal.reason).toBe(signal.reason);
  }
});

it('signals that are complete are left as they are', () => {
  const described = () =>
    [AbortSignal, AbortController].map((it) => Object.getOwnPropertyDescriptors(it.prototype));
  const before = described();
  completeSignals(AbortSignal, AbortController);
  expect(described()).toEqual(before);
});

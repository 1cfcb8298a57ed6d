import { afterEach, describe, expect, it, vi } from 'vitest';
import { patience } from '../../../src/http/node-fetch.js';

const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const before: unknown = Reflect.get(globalThis, DISPATCHER);

function inForce(dispatcher: unknown): void {
  Reflect.set(globalThis, DISPATCHER, dispatcher);
}

afterEach(() => inForce(before));

describe('the patience of a call in Node', () => {
  it('is fetch’s own below five minutes', () => {
    inForce({ dispatch: vi.fn() });
    expect(patience(299_999)).toEqual({});
    expect(patience(300_000)).toHaveProperty('dispatcher');
  });

  it('is the call’s own above, through the dispatcher that is in force, which is asked for all else', () => {
    const dispatch = vi.fn(function (this: unknown, ..._given: unknown[]) {
      return this === proxy;
    });
    const proxy = { dispatch };
    inForce(proxy);
    const { dispatcher } = patience(600_000) as { dispatcher: { dispatch: typeof dispatch } };
    const handler = {};
    expect(dispatcher.dispatch({ path: '/a', headersTimeout: 1 }, handler)).toBe(true);
    expect(dispatch.mock.calls).toEqual([
      [{ path: '/a', headersTimeout: 600_000, bodyTimeout: 600_000 }, handler],
    ]);
  });

  it.each([[undefined], [null], ['a text'], [{}], [{ dispatch: 'no function' }]])(
    'is fetch’s own where %o is in force',
    (dispatcher) => {
      inForce(dispatcher);
      expect(patience(600_000)).toEqual({});
    },
  );
});

import { describe, expect, it, vi } from 'vitest';
import { startLater } from '../../../src/runtime/start-later.js';

async function* numbers() {
  yield 1;
  yield 2;
}

describe('a generator that is made later', () => {
  it('yields what the one yields that is made at the first ask', async () => {
    const make = vi.fn(async () => numbers());
    const results = startLater(make);
    expect(make).not.toHaveBeenCalled();
    const seen: number[] = [];
    for await (const number of results) seen.push(number);
    expect(seen).toEqual([1, 2]);
    expect(make).toHaveBeenCalledOnce();
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it('makes nothing where it is left before it was asked', async () => {
    const make = vi.fn(async () => numbers());
    const results = startLater(make);
    expect(await results.return()).toEqual({ done: true, value: undefined });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(make).not.toHaveBeenCalled();
  });

  it('starts nothing where it is left while it is made', async () => {
    let began = false;
    const results = startLater(async () =>
      (async function* () {
        began = true;
        yield 1;
      })(),
    );
    const first = results.next();
    expect(await results.return()).toEqual({ done: true, value: undefined });
    expect(await first).toEqual({ done: true, value: undefined });
    expect(began).toBe(false);
  });

  it('rejects once where it cannot be made, has then ended, and can be left', async () => {
    const results = startLater<number>(() => Promise.reject(new Error('no such part')));
    await expect(results.next()).rejects.toThrow('no such part');
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(await results.return()).toEqual({ done: true, value: undefined });
  });

  it('tells the one that was made when it is left, or thrown into', async () => {
    const closed = vi.fn();
    const make = async () =>
      (async function* () {
        try {
          yield 1;
        } finally {
          closed();
        }
      })();
    for await (const _ of startLater(make)) break;
    expect(closed).toHaveBeenCalledTimes(1);
    const results = startLater(make);
    await results.next();
    await expect(results.throw(new Error('enough'))).rejects.toThrow('enough');
    expect(closed).toHaveBeenCalledTimes(2);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfName, nameOfKey } from '../../../../src/jobs/stores/key-name.js';

const key = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 255 });

describe('the name of a key', () => {
  it('has small letters, digits, - and _ alone, whatever the key', () => {
    fc.assert(fc.property(key, (key) => /^[a-z0-9_-]+$/.test(nameOfKey(key))));
  });

  it('is of one key', () => {
    fc.assert(fc.property(key, (key) => keyOfName(nameOfKey(key)) === key));
    expect(nameOfKey('Order_7')).toBe('_4frder_5f7');
  });

  it('is read as no other name, and no other name as a key', () => {
    const others = ['_4F', '_4', '_', 'A', 'a.b', '_61', '_zz', 'ü', '../a', '_ff'];
    expect(others.map(keyOfName)).toEqual(others.map(() => undefined));
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (name) => {
        const key = keyOfName(name);
        if (key !== undefined) expect(nameOfKey(key)).toBe(name);
      }),
    );
  });
});

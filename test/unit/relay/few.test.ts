import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Few } from '../../../src/relay/few.js';

it('a set of a few holds what a Set would, whatever is done with it', () => {
  const member = fc.constantFrom('a', 'b', 'c');
  const act = fc.oneof(
    fc.record({ do: fc.constant('add' as const), member }),
    fc.record({ do: fc.constant('delete' as const), member }),
    fc.record({ do: fc.constant('clear' as const), member }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      const [few, set] = [new Few<string>(), new Set<string>()];
      for (const one of acts) {
        if (one.do === 'clear') for (const any of [few, set]) any.clear();
        else if (one.do === 'add') for (const any of [few, set]) any.add(one.member);
        else expect(few.delete(one.member)).toBe(set.delete(one.member));
        expect([...few].sort()).toEqual([...set].sort());
        expect(few.size).toBe(set.size);
        for (const name of ['a', 'b', 'c']) expect(few.has(name)).toBe(set.has(name));
      }
    }),
  );
});

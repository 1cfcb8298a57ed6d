import { expect, it } from 'vitest';
import { fuzzRelay } from '../../support/fuzz-relay.js';

it.each([
  ['that is patient', true],
  ['that closes what sends too much', false],
])(
  '50,000 frames of every kind into a relay %s bring out nothing that a page may not see',
  async (_, isPatient) => {
    const { closed, faults, leftOpen, told } = await fuzzRelay(50_000, 20_261_127, isPatient);
    expect(faults).toEqual([]);
    expect(told).toBeGreaterThan(20_000);
    expect(Object.keys(closed).sort()).toEqual(isPatient ? ['1000', '1009'] : ['1000', '1008', '1009']);
    expect(leftOpen).toEqual({ sockets: 0, jobs: 0 });
  },
);

import { beforeAll, describe, expect, it } from 'vitest';
import { loseRedis, type Outage } from '../support/relay-crashes/lose-redis.js';
import { RelayProgram } from '../support/relay-crashes/relays.js';

let outage: Outage;

// Half a minute of it by hand: `npm run bench -- relay-crash`.
beforeAll(async () => {
  await using program = await RelayProgram.build();
  outage = await loseRedis({ program, outageMs: 5_000 });
}, 300_000);

describe('two relays whose redis is killed while 50 pages wait', () => {
  it('tell each page that has a stream the end of its job while redis is away', () => {
    const late = outage.toldAfterMs.filter(([transport, ms]) => transport !== 'polling' && ms === undefined);
    expect(late).toEqual([]);
  });

  // One that polls may come to the process that has not heard of its job for long, and cannot read whose it is.
  it('tell each page the end once', () => {
    expect(outage.ends).toEqual(outage.toldAfterMs.map(() => 1));
  });

  it('refuse submits with 503 meanwhile, pay for none, and take them when it is back', () => {
    expect(new Set(outage.refused)).toEqual(new Set([503]));
    expect(outage.postsMeanwhile).toBe(0);
    expect(new Set(outage.taken)).toEqual(new Set([200]));
    expect(outage.jobs).toBe(outage.toldAfterMs.length + outage.taken.length);
  });

  it('send the files when it is back', () => {
    expect(outage.wholeFiles).toBe(outage.toldAfterMs.length);
  });

  it('go on, and end in good order', () => {
    expect(outage.wrong).toEqual([]);
  });
});

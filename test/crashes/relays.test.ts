import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../support/redis.js';
import { crashRelays, seedsOf } from '../support/relay-crashes/crash-relays.js';
import { leaksIn } from '../support/relay-crashes/leaks.js';
import { POINTS } from '../support/relay-crashes/points.js';
import { RelayProgram } from '../support/relay-crashes/relays.js';

/** Those that a failure tells of are given to see them again. More by hand: `npm run bench -- relay-crash`. */
const SEEDS = seedsOf(5, Date.now() % 1_000_000);

/** Half of the points by each seed, so that two after each other, of both kinds of servers, have the same. */
const ALL = Object.keys(POINTS);
const pointsOf = (seed: number) => ALL.filter((_, index) => index % 2 === Math.floor(seed / 2) % 2);

let redis: RedisServer;
let program: RelayProgram;
const struck = new Set<string>();

beforeAll(async () => {
  redis = await startRedis();
  program = await RelayProgram.build();
}, 120_000);
afterAll(async () => {
  await program?.[Symbol.asyncDispose]();
  await redis?.stop();
});

describe('two relays, one of which is killed again and again under 200 pages', () => {
  it.each(SEEDS)(
    'tell each end once, make one job a key, send whole files and nothing of the server behind (seed %i)',
    async (seed) => {
      const result = await crashRelays({ program, redisPort: redis.port, seed, at: pointsOf(seed) });
      expect(result.wrong, `RELAY_CRASH_SEEDS=${seed}`).toEqual([]);
      expect(result.keys).toBe(400);
      expect(result.ends).toBe(result.jobs);
      expect(result.unknown).toBe(result.keys - result.jobs);
      for (const point of result.struck) struck.add(point);
    },
    600_000,
  );

  it('have died at each point', () => {
    const at = new Set(SEEDS.flatMap(pointsOf));
    expect([...struck].sort()).toEqual([...at].sort());
  });
});

describe('the search of what pages were sent', () => {
  const secrets = { key: 'sk-secret/of+this~server?' };
  const inJson = JSON.stringify({ at: JSON.stringify({ key: secrets.key }) });

  it.each([
    ['as it is', `a ${secrets.key} b`],
    ['in a URL', `?key=${encodeURIComponent(secrets.key)}`],
    [
      'in a URL, all of it escaped',
      Array.from(secrets.key, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
    ],
    ['in JSON', inJson],
    ['in JSON with escapes', inJson.replaceAll('/', '\\/').replaceAll('k', '\\u006b')],
    ['in hexadecimal', Buffer.from(secrets.key).toString('hex')],
    ...[0, 1, 2, 3].map((before) => [
      `in base64, ${before} letters before it`,
      Buffer.from(`${'x'.repeat(before)}${secrets.key}y`).toString('base64'),
    ]),
    ['in base64 for URLs', Buffer.from(`xx${secrets.key}yy`).toString('base64url')],
  ])('finds a secret %s', (_, text) => {
    expect(leaksIn([text], secrets)).toEqual(['key']);
  });
});

import { ConfigurationError } from '../../errors.js';
import { DEFAULT_TTL_MS, type WebhookClaim, type WebhookStore } from './store.js';

/** The part of an `ioredis` client that is used. */
export interface IORedisClient {
  defineCommand: unknown;
  /** Runs a script of Lua. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** The part of a `redis` (node-redis) client that is used. */
export interface NodeRedisClient {
  /** Runs a script of Lua. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Options for `redisStore`. */
export interface RedisStoreOptions {
  /** Before each key; give each endpoint one of its own. @default 'reelwire:webhook:' */
  readonly prefix?: string | undefined;
  /** How long a delivery is remembered, in milliseconds. @default 76 hours */
  readonly ttlMs?: number | undefined;
}

// One command each, of one key, so that they are atomic, on a cluster too. A key holds the claim's token, or "done".
const CLAIM = `if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'claimed' end
return redis.call('GET', KEYS[1])`;
const COMPLETE = `local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then redis.call('SET', KEYS[1], 'done', 'PX', ARGV[2]) end`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;
const POSITION = `return redis.call('GET', KEYS[1])`;
const ADVANCE = `local position = math.max(tonumber(redis.call('GET', KEYS[1]) or ARGV[1]), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], tostring(position), 'PX', ARGV[2])`;

/** For any number of processes, over a client of `ioredis` or of `redis` that the caller has connected. */
export function redisStore(
  client: IORedisClient | NodeRedisClient,
  { prefix = 'reelwire:webhook:', ttlMs = DEFAULT_TTL_MS }: RedisStoreOptions = {},
): WebhookStore {
  if (typeof client?.eval !== 'function') {
    throw new ConfigurationError('client', 'client must be a client of ioredis or of redis');
  }
  if (!(ttlMs >= 1 && Number.isFinite(ttlMs))) {
    throw new ConfigurationError('ttlMs', 'ttlMs must be a finite number of milliseconds, at least 1');
  }
  /** As text, empty for nil: clients can be made to give a Buffer. */
  const run = async (script: string, key: string, ...args: string[]): Promise<string> =>
    String(
      (await ('defineCommand' in client
        ? client.eval(script, 1, prefix + key, ...args)
        : client.eval(script, { keys: [prefix + key], arguments: args }))) ?? '',
    );
  const ttl = String(Math.ceil(ttlMs));

  return {
    async claim(deliveryId, leaseMs): Promise<WebhookClaim> {
      const token = crypto.randomUUID();
      const key = `delivery:${deliveryId}`;
      try {
        const answer = await run(CLAIM, key, token, String(Math.ceil(leaseMs)));
        // Its own token: the client sent the command again, as ioredis does when a connection breaks.
        if (answer === 'claimed' || answer === token) return { status: 'claimed', token };
        return { status: answer === 'done' ? 'done' : 'busy' };
      } catch (error) {
        // Perhaps only the answer was lost, and nobody would know whose it is until the lease ends.
        run(RELEASE, key, token).catch(() => {});
        throw error;
      }
    },
    async complete(deliveryId, token) {
      await run(COMPLETE, `delivery:${deliveryId}`, token, ttl);
    },
    async release(deliveryId, token) {
      await run(RELEASE, `delivery:${deliveryId}`, token);
    },
    async position(jobId) {
      const answer = await run(POSITION, `job:${jobId}`);
      return answer ? Number(answer) : undefined;
    },
    async advance(jobId, position) {
      await run(ADVANCE, `job:${jobId}`, String(position), ttl);
    },
  };
}

import { positionOf } from '../../core/job-state.js';
import { ConfigurationError } from '../../errors.js';
import type { JobBus } from '../bus.js';
import { closedBus } from './closed.js';
import { KeptReader } from './kept.js';
import {
  type IORedisBusClient,
  type NodeRedisBusClient,
  runScript,
  type Subscription,
  subscribeTo,
} from './redis-client.js';
import { CLAIM, PUBLISH, READ, UNCLAIM } from './redis-scripts.js';
import { readShared } from './shared.js';
import { Watchers } from './watchers.js';

/** Options for `redisBus`. */
export interface RedisBusOptions {
  /** Before each key, and the name of the channel; give each deployment one of its own. @default 'reelwire:bus:' */
  readonly prefix?: string | undefined;
  /** How long what is known of a job is kept after the last news, in milliseconds. @default 24 hours */
  readonly ttlMs?: number | undefined;
}

/** A webhook is answered 500 when it cannot be published by then. */
const PUBLISH_MS = 2_000;
/** A poll is late by as much where redis does not answer. */
const CLAIM_MS = 1_000;
const READ_MS = 2_000;

/**
 * For any number of processes, over a client of `ioredis` or of `redis` that the caller has connected. It makes one
 * connection more, to listen by, with the first job that is watched. One channel a deployment and one key a job, of some
 * 400 bytes.
 */
export function redisBus(
  client: IORedisBusClient | NodeRedisBusClient,
  { prefix = 'reelwire:bus:', ttlMs = 24 * 3_600_000 }: RedisBusOptions = {},
): JobBus {
  if (typeof client?.eval !== 'function' || typeof client.duplicate !== 'function') {
    throw new ConfigurationError('client', 'client must be a client of ioredis or of redis');
  }
  if (!(ttlMs >= 1 && Number.isFinite(ttlMs))) {
    throw new ConfigurationError('ttlMs', 'ttlMs must be a finite number of milliseconds, at least 1');
  }
  const watchers = new Watchers();
  const channel = `${prefix}news`;
  const ttl = String(Math.ceil(ttlMs));
  let subscription: Subscription | undefined;
  let isClosed = false;
  const run = (script: string, id: string, timeoutMs: number, ...args: string[]) =>
    runScript(client, script, `${prefix}job:${id}`, args, timeoutMs);

  function tell(json: string): void {
    const snapshot = readShared(json);
    if (snapshot !== undefined) watchers.tell(snapshot);
  }

  const kept = new KeptReader({
    read: async (id) => tell(await run(READ, id, READ_MS)),
    isWanted: (id) => watchers.has(id),
  });

  return {
    async publish(snapshot) {
      if (isClosed) throw closedBus();
      const position = String(positionOf(snapshot));
      await run(PUBLISH, snapshot.id, PUBLISH_MS, position, JSON.stringify(snapshot), ttl, channel);
    },
    watch(id, listener) {
      if (isClosed) return () => {};
      const stop = watchers.add(id, listener);
      subscription ??= subscribeTo(client, channel, tell, () => kept.ask(watchers.ids));
      kept.ask([id]);
      return stop;
    },
    async claim(id, forMs) {
      if (isClosed) return true;
      return run(CLAIM, id, CLAIM_MS, String(Math.ceil(forMs)), ttl).then(
        (answer) => answer !== '0',
        () => true,
      );
    },
    unclaim(id) {
      if (!isClosed) run(UNCLAIM, id, CLAIM_MS).catch(() => {});
    },
    async close() {
      isClosed = true;
      watchers.clear();
      subscription?.close();
    },
  };
}

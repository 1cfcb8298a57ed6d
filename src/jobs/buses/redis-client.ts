import { wordsOf } from '../../core/text.js';
import { VideoError } from '../../errors.js';

/** The part of an `ioredis` client that is used. */
export interface IORedisBusClient {
  defineCommand: unknown;
  /** Runs a script of Lua. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** One more connection, to the same server. */
  duplicate(): IORedisSubscriber;
}

/** What its `duplicate()` gives. */
export interface IORedisSubscriber {
  /** Told of each message. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Told of each connect, and of what fails. */
  on(event: 'ready' | 'error', listener: () => void): unknown;
  /** `wait` where it was made with `lazyConnect`. */
  readonly status?: string | undefined;
  /** Resolves with the first connection. */
  connect?(): Promise<unknown>;
  /** Resolves when redis has taken it. */
  subscribe(channel: string): Promise<unknown>;
  /** Connects no more. */
  disconnect(): void;
}

/** The part of a `redis` (node-redis) client that is used. */
export interface NodeRedisBusClient {
  /** Runs a script of Lua. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** One more connection, to the same server. */
  duplicate(): NodeRedisSubscriber;
}

/** What its `duplicate()` gives. */
export interface NodeRedisSubscriber {
  /** Told of each connect, and of what fails. */
  on(event: 'ready' | 'error', listener: () => void): unknown;
  /** Resolves with the first connection. */
  connect(): Promise<unknown>;
  /** Resolves when redis has taken it; the listener is told of each message. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** Connects no more. */
  destroy(): void;
}

/** A connection of its own that hears one channel. */
export interface Subscription {
  close(): void;
}

/**
 * Runs a script, and gives its answer as text, empty for nil. Both clients hold a command back while there is no
 * connection, for longer than anybody waits here.
 */
export async function runScript(
  client: IORedisBusClient | NodeRedisBusClient,
  script: string,
  key: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`redis did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const answer =
      'defineCommand' in client
        ? client.eval(script, 1, key, ...args)
        : client.eval(script, { keys: [key], arguments: [...args] });
    return String((await Promise.race([answer, late])) ?? '');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : wordsOf(cause);
    throw new VideoError('bus', `the bus could not be reached: ${why}`, {
      cause,
      hint: 'Check that redis is there. Where this is a webhook, answer 500: the sender comes again.',
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Hears a channel. After each connect it is subscribed to again, and `ready` called when redis has taken that: both
 * clients do so by themselves, but nobody is told when, and what was published in between is lost to them.
 */
export function subscribeTo(
  client: IORedisBusClient | NodeRedisBusClient,
  channel: string,
  heard: (message: string) => void,
  ready: () => void,
): Subscription {
  const again = (subscribe: () => Promise<unknown>) => () => {
    // Where the connection is lost before the answer, the next one does it again.
    subscribe().then(ready, () => {});
  };
  if ('defineCommand' in client) {
    const subscriber = client.duplicate();
    subscriber.on('error', () => {}); // It connects again by itself.
    subscriber.on('message', (from, message) => {
      if (from === channel) heard(message);
    });
    const subscribe = again(() => subscriber.subscribe(channel));
    subscriber.on('ready', subscribe);
    // Nothing is sent before it is ready, and so nothing else would have it connect.
    if (subscriber.status === 'wait') subscriber.connect?.().catch(() => {});
    return { close: () => subscriber.disconnect() };
  }
  const subscriber = client.duplicate();
  subscriber.on('error', () => {});
  subscriber.on(
    'ready',
    again(() => subscriber.subscribe(channel, heard)),
  );
  subscriber.connect().catch(() => {});
  return { close: () => subscriber.destroy() };
}

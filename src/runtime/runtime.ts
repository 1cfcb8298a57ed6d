import type { WakeReason } from '../core/follow-model.js';

/** @internal Opaque; whatever the runtime's `setTimeout` returns. */
export type TimerHandle = unknown;

/**
 * @internal Everything impure that following needs. The real one is made of the globals and the client's options; a
 * simulation brings its own, on a virtual clock.
 */
export interface Runtime {
  /**
   * True where what one request opened may not be used by another, so that nothing which waits can share a timer or
   * a call: in Cloudflare Workers.
   */
  readonly isPerRequest?: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whole milliseconds on a clock that nobody sets. */
  elapsedMs(): number;
  /** In [0, 1). */
  random(): number;
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  fetch: typeof globalThis.fetch;
  /** The fetch is the caller's: it may know neither the platform's forms nor its extensions. */
  readonly hasOwnFetch?: boolean;
}

/** @internal What streams need besides. */
export interface SocketRuntime extends Runtime {
  /** The WebSocket class, asked for at each connect. */
  webSocket(): WebSocketClass | Promise<WebSocketClass>;
}

/** @internal What following needs besides. */
export interface WakingRuntime extends SocketRuntime {
  /** Calls back on `online`, `offline`, `pageshow` and a tab becoming visible; returns the way to stop. */
  onWake(listener: (reason: WakeReason) => void): () => void;
}

/** @internal 32 hexadecimal digits, another one each time. */
export function randomId({ random }: Pick<Runtime, 'random'>): string {
  return Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
}

/**
 * The part of the WebSocket class that is used: the browser's, Node's own and the one of `ws` all fit. Outside of a
 * page the third parameter is an object with the `headers` of the upgrade, as `ws` takes it, where there are any.
 */
export type WebSocketClass = new (
  url: string,
  // `never`, so that any class fits: of some it is a list of names, of others an object of options.
  protocols?: never,
  options?: never,
) => WebSocketLike;

/**
 * Each class hands its own events over, which have more than is used. As a method's, the parameter is compared both
 * ways, so that those classes fit.
 */
type Handler<Event> = { handle(event: Event): void }['handle'];

/** The part of a WebSocket that is used. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  /** Set by the client, as are the other three. */
  onopen: ((event: never) => void) | null;
  /** A frame came; `data` is a text where it is a text frame. */
  onmessage: Handler<{ data: unknown }> | null;
  /** Something is wrong; `onclose` follows. */
  onerror: ((event: never) => void) | null;
  /** The end, which comes once. */
  onclose: Handler<{ code: number; reason: string }> | null;
  /** Sends a text frame. */
  send(data: string): void;
  /** Begins to close; called before it is open, too. */
  close(code?: number, reason?: string): void;
}

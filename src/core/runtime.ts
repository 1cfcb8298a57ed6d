/** Opaque; whatever the runtime's `setTimeout` returns. */
export type TimerHandle = unknown;

/** Why the runtime thinks that now is a good moment to connect and ask (or that it is not: `offline`). */
export type WakeReason = 'online' | 'offline' | 'pageshow' | 'visible';

/**
 * Everything impure that following needs. The real one is made of the globals and the client's options; a
 * simulation brings its own, on a virtual clock.
 */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whole milliseconds on a clock that nobody sets. */
  elapsedMs(): number;
  /** In [0, 1). */
  random(): number;
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  fetch: typeof globalThis.fetch;
  /** The WebSocket class, asked for at each connect. */
  webSocket(): WebSocketClass | Promise<WebSocketClass>;
  /** Calls back on `online`, `offline`, `pageshow` and a tab becoming visible; returns the way to stop. */
  onWake(listener: (reason: WakeReason) => void): () => void;
}

/** The part of the WebSocket class that is used: the browser's, Node's own and the one of `ws` all fit. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike;

export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

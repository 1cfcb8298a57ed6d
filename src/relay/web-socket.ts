import type { RelayRequest } from './options.js';

/** A socket of a page, as crossws has it. */
export interface RelayPeer {
  /** One text frame. */
  send(data: string): unknown;
  /** In good order. */
  close(code?: number, reason?: string): unknown;
  /** At once. */
  terminate?(): unknown;
  /** What `upgrade` gave. */
  readonly context?: object | undefined;
  /** What `upgrade` was given, where its context does not come along, as in a Durable Object. */
  readonly request?: object | undefined;
  /** Bytes that are on their way. Where nothing tells, no page is too slow. */
  readonly bufferedAmount?: number | undefined;
  readonly websocket?: { readonly bufferedAmount?: number | undefined } | undefined;
}

/** One message of a page, as crossws has it. */
export interface RelayMessage {
  /** UTF-8, whether it came as text or binary. */
  text(): string;
  /** For its size. */
  uint8Array?(): Uint8Array;
}

/**
 * What happens to the sockets of pages, as functions that crossws takes as its hooks: `crossws({ hooks: relay.websocket })`.
 * `attachRelay` of `reelwire/relay/node` calls them for `ws`.
 */
export interface RelayWebSocket {
  /** The answer that refuses the socket; or, where it is let in, what its peer is to have as `context`. Never rejects. */
  upgrade(request: RelayRequest): Promise<Response | { readonly context: Record<string, unknown> }>;
  /** The socket is open. */
  open(peer: RelayPeer): void;
  /** A frame came. */
  message(peer: RelayPeer, message: RelayMessage): void;
  /** What was sent is gone: there is room for more. */
  drain(peer: RelayPeer): void;
  /** The socket is closed, by whomever. */
  close(peer: RelayPeer, details?: { readonly code?: number; readonly reason?: string }): void;
  /** The socket broke. */
  error(peer: RelayPeer, error: unknown): void;
}

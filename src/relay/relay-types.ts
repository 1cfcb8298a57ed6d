import type { WebhookContext } from '../webhooks/index.js';
import type { RelayLimits } from './limits.js';
import type { RelayWebSocket } from './web-socket.js';

/** What a relay has open at this moment. */
export interface RelayStats {
  /** WebSockets. */
  readonly sockets: number;
  /** Event streams. */
  readonly streams: number;
  /** Jobs that are followed for somebody. */
  readonly jobs: number;
  /** `drain` or `close` was called. */
  readonly isDraining: boolean;
}

/** The server between pages and a provider's key. */
export interface Relay {
  /**
   * Answers a request. Never rejects. As it is for Hono, Bun, Deno and Workers; by `toNodeListener` of
   * `reelwire/relay/node` for node:http and Express.
   */
  fetch(request: Request, context?: WebhookContext | object): Promise<Response>;
  /** What a server of WebSockets calls. */
  readonly websocket: RelayWebSocket;
  /** All of them, the defaults put in: such as for `maxPayloadLength` of Bun. */
  readonly limits: RelayLimits;
  readonly stats: RelayStats;
  /**
   * Before the process ends: sockets and streams are refused with 503 from now on, and those that are open closed one
   * after the other, so that their pages do not all come at once to whoever serves next. Calls are answered on.
   *
   * @param options - `forMs`: how long that may take, in milliseconds. Default 10000.
   */
  drain(options?: { readonly forMs?: number | undefined }): Promise<void>;
  /** Ends everything at once. The client is the caller's: it stays open. */
  close(): void;
}

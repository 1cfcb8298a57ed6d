import type { WebSocketClass } from './runtime.js';

/** What has no global class in a browser build has none at all. */
export function nodeWebSocket(): WebSocketClass {
  throw new ReferenceError('this runtime has no WebSocket; SSE and polling do without');
}

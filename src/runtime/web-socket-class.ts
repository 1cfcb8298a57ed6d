import { nodeWebSocket } from './node-web-socket.js';
import type { WebSocketClass } from './runtime.js';

/** The caller's class, else the global one of now, else that of `ws`. */
export function webSocketClass(own: WebSocketClass | undefined): WebSocketClass | Promise<WebSocketClass> {
  return own ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket ?? nodeWebSocket();
}

import type { WebSocketClass } from './runtime.js';

// Node before 22 has no class of its own. A browser build takes node-web-socket.browser.ts instead.

/** Loaded only when a WebSocket is wanted. */
export async function nodeWebSocket(): Promise<WebSocketClass> {
  return (await import('isomorphic-ws')).default as unknown as WebSocketClass;
}

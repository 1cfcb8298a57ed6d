import type { WebSocketClass } from './runtime.js';

// Node before 22 has no class of its own. A browser build takes node-web-socket.browser.ts instead.

/** Loaded only when a WebSocket is wanted. */
export async function nodeWebSocket(): Promise<WebSocketClass> {
  const loaded: { default: unknown } = await import('isomorphic-ws');
  // A bundler may have wrapped the module of CommonJS once more.
  const inner = (loaded.default as { default?: unknown } | undefined)?.default;
  const found = [loaded.default, inner].find((one) => typeof one === 'function');
  if (found === undefined) throw new ReferenceError('the package ws was left out of this bundle');
  return found as WebSocketClass;
}

/**
 * The relay on node:http, and on Express: `toNodeListener` for its calls, `attachRelay` for its WebSockets.
 *
 * @module reelwire/relay/node
 */

export { type FetchHandler, toNodeListener } from './node-listener.js';
export { attachRelay } from './node-sockets.js';

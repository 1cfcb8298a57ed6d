/**
 * The server between a page and a provider's key, in any runtime.
 *
 * @module reelwire/relay
 */

export type { RelayLimits } from './limits.js';
export type { RelayAction, RelayOptions, RelayRequest, RelayUser } from './options.js';
export { RelayRefusal } from './refusal.js';
export { createRelay } from './relay.js';
export type { Relay, RelayStats } from './relay-types.js';
export type { RelayMessage, RelayPeer, RelayWebSocket } from './web-socket.js';

import type { AnyBackend } from '../backends/backend.js';
import type { StreamName } from '../core/follow-model.js';
import { connectSse } from './sse.js';
import type { SseDeps } from './sse-stream.js';
import type { ConnectStream } from './transport.js';
import { connectWebSocket, type WebSocketDeps } from './websocket.js';

export type StreamDeps = SseDeps & WebSocketDeps;

/** The streams a backend has. */
export function streamsOf(
  backend: Pick<AnyBackend, 'webSocket' | 'sse'>,
  deps: StreamDeps,
  connectMs: number,
): Partial<Record<StreamName, ConnectStream>> {
  return {
    ...(backend.webSocket && { websocket: connectWebSocket(deps, backend.webSocket) }),
    ...(backend.sse && { sse: connectSse(deps, backend.sse, connectMs) }),
  };
}

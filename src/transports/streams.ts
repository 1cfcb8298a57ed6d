import type { AnyBackend, SseCodec } from '../backends/backend.js';
import type { StreamName } from '../core/follow-model.js';
import type { ConnectStream, StreamConnection } from './transport.js';
import { connectWebSocket, type WebSocketDeps } from './websocket.js';

export interface StreamDeps extends WebSocketDeps {
  /** Asked at every attempt: a page has to fetch it first. */
  readonly loadSse: (codec: SseCodec) => Promise<ConnectStream>;
}

/** The streams a backend has. */
export function streamsOf(
  { webSocket, sse }: Pick<AnyBackend, 'webSocket' | 'sse'>,
  deps: StreamDeps,
): Partial<Record<StreamName, ConnectStream>> {
  return {
    ...(webSocket && { websocket: connectWebSocket(deps, webSocket) }),
    ...(sse && { sse: connectLater(() => deps.loadSse(sse)) }),
  };
}

/** An event stream whose code is yet to be loaded. */
function connectLater(load: () => Promise<ConnectStream>): ConnectStream {
  return (jobIds, events) => {
    const wanted = new Set(jobIds);
    let made: StreamConnection | undefined;
    let isClosed = false;
    load().then(
      (connect) => {
        if (!isClosed) made = connect([...wanted], events);
      },
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        if (!isClosed) events.failed({ reason: `SSE is not possible here: ${why}`, error });
      },
    );
    return {
      subscribe(jobId) {
        wanted.add(jobId);
        made?.subscribe(jobId);
      },
      unsubscribe(jobId) {
        wanted.delete(jobId);
        made?.unsubscribe(jobId);
      },
      close() {
        isClosed = true;
        made?.close();
      },
    };
  };
}

import type { WebSocketCodec } from '../backends/backend.js';
import type { StreamFailure } from '../core/follow-model.js';
import type { StreamMessage } from '../core/model.js';
import { ConfigurationError } from '../errors.js';
import type { Runtime, WebSocketLike } from '../runtime/runtime.js';
import { type ConnectStream, MAX_FRAME_SIZE, type StreamConnection, type StreamEvents } from './transport.js';

/** How long the other side has to answer a close before the socket is cut, where the class can do that. */
const CLOSE_GRACE_MS = 500;

export interface WebSocketDeps {
  readonly runtime: Pick<Runtime, 'webSocket' | 'setTimeout' | 'clearTimeout'>;
  /** Asked at every connect. */
  readonly webSocketUrl: () => string | Promise<string>;
}

/** One socket for all jobs. How long an attempt may take is not decided here. */
export function connectWebSocket(deps: WebSocketDeps, codec: WebSocketCodec): ConnectStream {
  return (jobIds, events) => new Connection(deps, codec, jobIds, events);
}

class Connection implements StreamConnection {
  readonly #deps: WebSocketDeps;
  readonly #codec: WebSocketCodec;
  readonly #events: StreamEvents;
  readonly #jobIds: Set<string>;
  #socket: WebSocketLike | undefined;
  #open = false;
  #closed = false;

  constructor(deps: WebSocketDeps, codec: WebSocketCodec, jobIds: readonly string[], events: StreamEvents) {
    this.#deps = deps;
    this.#codec = codec;
    this.#events = events;
    this.#jobIds = new Set(jobIds);
    void this.#connect();
  }

  subscribe(jobId: string): void {
    this.#jobIds.add(jobId);
    if (this.#open && this.#send('subscribe', jobId)) this.#events.opened([jobId]);
  }

  unsubscribe(jobId: string): void {
    if (this.#jobIds.delete(jobId) && this.#open) this.#send('unsubscribe', jobId);
  }

  close(): void {
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) abandon(socket, this.#deps.runtime);
  }

  async #connect(): Promise<void> {
    let url: string;
    try {
      url = await this.#deps.webSocketUrl();
    } catch (error) {
      // What was thrown is not quoted: it may hold the secret that could not be had.
      const reason = 'WebSocket was not tried: its URL, or a token for it, could not be had';
      this.#fail({ reason, kind: 'credentials', error });
      return;
    }
    try {
      const WebSocket = await this.#deps.runtime.webSocket();
      if (this.#closed) return;
      if (isMixedContent(url)) {
        const reason = 'WebSocket was not tried: a page on https: may not open a ws: URL; use wss:';
        this.#fail({ reason, kind: 'mixed-content' });
        return;
      }
      this.#listen(new WebSocket(url));
    } catch (error) {
      const kind = error instanceof ConfigurationError ? 'credentials' : undefined;
      this.#fail({ reason: 'WebSocket could not be made', kind, error });
    }
  }

  #listen(socket: WebSocketLike): void {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onerror = (event) => this.#fail(refusal(event, this.#open));
    socket.onclose = ({ code }) => this.#fail({ reason: `WebSocket closed (${code})` });
  }

  #opened(): void {
    if (this.#closed) return;
    this.#open = true;
    for (const jobId of this.#jobIds) {
      if (!this.#send('subscribe', jobId)) return;
    }
    this.#events.opened([...this.#jobIds]);
  }

  #received(data: unknown): void {
    if (!this.#closed) this.#events.said(this.#read(data));
  }

  #read(data: unknown): StreamMessage {
    const problem = (message: string) => ({ type: 'problem', message }) as const;
    if (typeof data !== 'string') return problem('The server sent a binary WebSocket frame; it was dropped.');
    if (data.length > MAX_FRAME_SIZE)
      return problem('The server sent a WebSocket frame of more than 1 MiB; it was dropped.');
    try {
      return this.#codec.parse(data);
    } catch {
      return problem('The backend could not read a WebSocket frame; it was dropped.');
    }
  }

  /** False where the socket would not take it: then it has failed. */
  #send(action: 'subscribe' | 'unsubscribe', jobId: string): boolean {
    try {
      this.#socket?.send(this.#codec[action](jobId));
      return true;
    } catch (error) {
      this.#fail({ reason: 'WebSocket could not be written to', error });
      return false;
    }
  }

  #fail(failure: StreamFailure): void {
    if (this.#closed) return;
    this.close();
    this.#events.failed(failure);
  }
}

/** Leaves a listener for errors to the end: closing a socket that is still connecting makes one. */
function abandon(socket: WebSocketLike, runtime: WebSocketDeps['runtime']): void {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onerror = () => {};
  socket.onclose = null;
  try {
    socket.close(1000);
  } catch {
    // It was closed already.
  }
  // The one of `ws` waits half a minute for a server that is gone, and the process with it.
  const { terminate } = socket as { terminate?: () => void };
  if (typeof terminate !== 'function' || socket.readyState === 3) return;
  const timer = runtime.setTimeout(() => {
    socket.onclose = null;
    terminate.call(socket);
  }, CLOSE_GRACE_MS);
  socket.onclose = () => runtime.clearTimeout(timer);
}

/** Browsers say nothing; the class of `ws` says what the server answered. Its URL is never in it. */
function refusal(event: unknown, open: boolean): StreamFailure {
  const { error, message } = event as { error?: { code?: unknown }; message?: unknown };
  const status = Number(/^Unexpected server response: (\d{3})$/.exec(String(message))?.[1]);
  if (status > 0) {
    const reason = `WebSocket refused (HTTP ${status})`;
    if ([404, 405, 501].includes(status)) return { reason, kind: 'absent' };
    return { reason, kind: status === 401 || status === 403 ? 'credentials' : undefined };
  }
  const code = typeof error?.code === 'string' ? ` (${error.code})` : '';
  return { reason: `WebSocket ${open ? 'failed' : 'refused'}${code}` };
}

function isMixedContent(url: string): boolean {
  return globalThis.location?.protocol === 'https:' && /^ws:/i.test(url);
}

import type { WebSocketCodec } from '../backends/backend.js';
import type { StreamFailure } from '../core/follow-model.js';
import type { JobSnapshot, StreamMessage } from '../core/model.js';
import type { SocketRuntime, WebSocketClass, WebSocketLike } from '../runtime/runtime.js';
import { carriesHeaders, openSocket } from '../runtime/web-socket.js';
import type { Session } from './session.js';
import { isMixedContent, isTooLarge, refusal } from './socket-failures.js';
import {
  type ConnectStream,
  MAX_FRAME_SIZE,
  readFrame,
  type StreamConnection,
  type StreamEvents,
} from './transport.js';

/** How long the other side has to answer a close before the socket is cut, where the class can do that. */
const CLOSE_GRACE_MS = 500;

export interface WebSocketDeps {
  readonly runtime: Pick<SocketRuntime, 'webSocket' | 'setTimeout' | 'clearTimeout'>;
  /** Asked at every connect, and told whether the upgrade will carry headers. */
  readonly webSocketUrl: (carriesHeaders: boolean) => string | Promise<string>;
  /** Asked at every connect, where the class can send them with its upgrade: none for a stranger's URL. */
  readonly webSocketHeaders?: (url: string) => Promise<Headers>;
  /** Where the server knows a socket by the session in its URL. */
  readonly session?: Session | undefined;
  /** What is known of a job; nothing of any where nobody follows. */
  readonly known?: (jobId: string) => JobSnapshot | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** What one attempt goes with. */
interface Ticket {
  readonly url: string;
  readonly headers: Headers;
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
  #isOpen = false;
  #closed = false;
  #reading: Promise<void> | undefined;

  constructor(deps: WebSocketDeps, codec: WebSocketCodec, jobIds: readonly string[], events: StreamEvents) {
    this.#deps = deps;
    this.#codec = codec;
    this.#events = events;
    this.#jobIds = new Set(jobIds);
    void this.#connect();
  }

  subscribe(jobId: string): void {
    this.#jobIds.add(jobId);
    if (!this.#isOpen) return;
    if (!this.#carries(jobId)) this.#events.dropped(jobId);
    else if (this.#send('subscribe', jobId)) this.#events.opened([jobId]);
  }

  unsubscribe(jobId: string): void {
    if (this.#jobIds.delete(jobId) && this.#isOpen) this.#send('unsubscribe', jobId);
  }

  close(): void {
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) abandon(socket, this.#deps.runtime);
  }

  /** Once more where the server said 401, and the functions have something else to say now. */
  async #connect(refused?: { readonly ticket: Ticket; readonly failure: StreamFailure }): Promise<void> {
    let WebSocket: WebSocketClass;
    try {
      WebSocket = await this.#deps.runtime.webSocket();
    } catch (error) {
      const reason = `WebSocket could not be made${error instanceof Error ? ` (${error.message})` : ''}`;
      this.#fail({ reason, kind: 'absent', error });
      return;
    }
    let ticket: Ticket;
    try {
      const carries = carriesHeaders(WebSocket);
      const url = await this.#deps.webSocketUrl(carries);
      const headers = carries ? await this.#deps.webSocketHeaders?.(url) : undefined;
      ticket = { url, headers: headers ?? {} };
    } catch (error) {
      // What was thrown is not quoted: it may hold the secret that could not be had.
      const reason = 'WebSocket was not tried: could not get its URL or a token for it';
      this.#fail({ reason, kind: 'credentials', error });
      return;
    }
    if (this.#closed) return;
    if (refused !== undefined && JSON.stringify(refused.ticket) === JSON.stringify(ticket)) {
      this.#fail(refused.failure);
    } else if (isMixedContent(ticket.url)) {
      const reason = 'WebSocket was not tried: a page on https: may not open a ws: URL; use wss:';
      this.#fail({ reason, kind: 'mixed-content' });
    } else {
      this.#open(WebSocket, ticket, refused === undefined);
    }
  }

  #open(WebSocket: WebSocketClass, ticket: Ticket, first: boolean): void {
    try {
      const headers = ticket.headers;
      const socket = openSocket(WebSocket, ticket.url, { headers, maxPayload: MAX_FRAME_SIZE });
      this.#socket = socket;
      this.#listen(socket, ticket, first);
    } catch (error) {
      this.#fail({ reason: 'WebSocket could not be made', error });
    }
  }

  /** Some classes of others hand over no event. */
  #listen(socket: WebSocketLike, ticket: Ticket, first: boolean): void {
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#received(event?.data);
    socket.onclose = (event) => this.#fail({ reason: `WebSocket closed (${event?.code})` });
    socket.onerror = (event) => {
      if (isTooLarge(event)) this.#events.said(TOO_LARGE);
      const failure = refusal(event, this.#isOpen);
      if (!first || failure.status !== 401) {
        this.#fail(failure);
        return;
      }
      this.#socket = undefined;
      abandon(socket, this.#deps.runtime);
      void this.#connect({ ticket, failure });
    };
  }

  #opened(): void {
    if (this.#closed) return;
    this.#isOpen = true;
    const carried = [...this.#jobIds].filter((jobId) => this.#carries(jobId));
    for (const jobId of carried) {
      if (!this.#send('subscribe', jobId)) return;
    }
    this.#events.opened(carried);
  }

  #carries(jobId: string): boolean {
    return this.#deps.session?.carries(jobId) ?? true;
  }

  #received(data: unknown): void {
    if (this.#closed) return;
    // A class that knows no array buffers gives a Blob, which is read in a moment: frames keep their order.
    if (this.#reading === undefined && !isBlob(data)) {
      this.#events.said(this.#read(data));
      return;
    }
    const reading = Promise.resolve(this.#reading)
      .then(() => (isBlob(data) && data.size <= MAX_FRAME_SIZE ? data.arrayBuffer() : data))
      .catch(() => undefined)
      .then((read) => {
        if (this.#reading === reading) this.#reading = undefined;
        if (!this.#closed) this.#events.said(this.#read(read));
      });
    this.#reading = reading;
  }

  /** Some gateways send their JSON in binary frames: it is text all the same. */
  #read(data: unknown): StreamMessage {
    if (typeof data !== 'string' && this.#codec.binary === 'ignore') return { type: 'control' };
    if (sizeOf(data) > MAX_FRAME_SIZE) return TOO_LARGE;
    let text: string;
    try {
      // Of undefined, a decoder makes an empty text.
      text = typeof data === 'string' ? data : decoder().decode((data ?? null) as ArrayBuffer);
    } catch {
      return problem('The server sent a WebSocket frame that is no text; it was dropped.');
    }
    return readFrame(text, (frame) => this.#codec.parse(frame, this.#deps.known));
  }

  /** False where the socket would not take it: then it has failed. */
  #send(action: 'subscribe' | 'unsubscribe', jobId: string): boolean {
    try {
      const frame = this.#codec[action]?.(jobId);
      if (frame !== undefined) this.#socket?.send(frame);
      return true;
    } catch (error) {
      const why = error instanceof Error ? ` (${error.message})` : '';
      this.#fail({ reason: `WebSocket could not be written to${why}`, error });
      return false;
    }
  }

  #fail(failure: StreamFailure): void {
    if (this.#closed) return;
    this.close();
    this.#events.failed(failure);
  }
}

const TOO_LARGE = problem('The server sent a WebSocket frame of more than 1 MiB; it was dropped.');

const decoder = () => new TextDecoder('utf-8', { fatal: true });

function problem(message: string): StreamMessage {
  return { type: 'problem', message };
}

function isBlob(data: unknown): data is Blob {
  return typeof (data as Partial<Blob> | null)?.arrayBuffer === 'function';
}

/** In UTF-16 code units or bytes. */
function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  const { byteLength, size } = Object(data) as { byteLength?: number; size?: number };
  return byteLength ?? size ?? 0;
}

/** Leaves a listener for errors to the end: closing a socket that is still connecting makes one. */
function abandon(socket: WebSocketLike, runtime: WebSocketDeps['runtime']): void {
  try {
    socket.onopen = null;
    socket.onmessage = null;
    socket.onerror = () => {};
    socket.onclose = null;
    socket.close(1000);
  } catch {
    // It was closed already, or never was one.
  }
  // The one of `ws` waits half a minute for a server that is gone, and the process with it.
  const { terminate } = socket as { terminate?: () => void };
  if (typeof terminate !== 'function' || socket.readyState === 3) return;
  const timer = runtime.setTimeout(() => {
    socket.onclose = null;
    try {
      terminate.call(socket);
    } catch {
      // That of a class of the caller's.
    }
  }, CLOSE_GRACE_MS);
  socket.onclose = () => runtime.clearTimeout(timer);
}

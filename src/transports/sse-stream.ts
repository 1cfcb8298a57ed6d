import { EventSource } from 'eventsource';
import type { SseCodec } from '../backends/backend.js';
import { type BackoffBounds, parseRetryAfterMs } from '../core/backoff.js';
import { connectTimeout, type StreamFailure } from '../core/follow-model.js';
import { ConfigurationError } from '../errors.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';
import { guardEvents } from './sse-guard.js';
import { MAX_FRAME_SIZE, readFrame, type StreamEvents } from './transport.js';

/** An authorised `fetch` of an event stream: any status, the body unread. */
export type OpenStream = (
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
) => Promise<Response>;

export interface SseDeps {
  readonly runtime: Pick<Runtime, 'now' | 'elapsedMs' | 'random' | 'setTimeout' | 'clearTimeout'>;
  readonly retry: BackoffBounds;
  readonly openStream: OpenStream;
}

type OneStreamEvents = Pick<StreamEvents, 'said' | 'failed'> & { opened(): void };

/** Opens one event stream for these jobs. */
export type OpenSse = (jobIds: readonly string[], events: OneStreamEvents) => SseStream;

/**
 * One event stream, once: it never comes back by itself. The parser and dispatcher are those of the `eventsource`
 * package, but it never sees an error or an end, so that it neither reconnects nor leaves a timer behind.
 */
export class SseStream {
  isOpen = false;
  readonly jobIds: readonly string[];
  readonly #deps: SseDeps;
  readonly #codec: SseCodec;
  readonly #events: OneStreamEvents;
  readonly #controller = new AbortController();
  readonly #timer: TimerHandle;
  #source: EventSource | undefined;
  #closed = false;

  constructor(
    deps: SseDeps,
    codec: SseCodec,
    jobIds: readonly string[],
    connectMs: number,
    events: OneStreamEvents,
  ) {
    this.#deps = deps;
    this.#codec = codec;
    this.jobIds = jobIds;
    this.#events = events;
    this.#timer = deps.runtime.setTimeout(() => this.#fail(connectTimeout('sse', connectMs)), connectMs);
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#deps.runtime.clearTimeout(this.#timer);
    this.#source?.close();
    this.#controller.abort();
  }

  async #connect(): Promise<void> {
    try {
      const response = await this.#deps.openStream(this.#codec.url(this.jobIds), this.#controller.signal, {
        accept: 'text/event-stream',
        // What compresses on the way keeps events back until it has enough of them. A page cannot set it, and is not
        // asked by a preflight about it; any header beyond the common ones costs one, and servers refuse it.
        'accept-encoding': 'identity',
      });
      const { body } = response;
      const failure = refusal(response, this.#deps.runtime.now());
      if (this.#closed || failure !== undefined || body === null) {
        body?.cancel().catch(() => {}); // Unread, it would keep its connection.
        this.#fail(failure ?? { reason: 'SSE answered without a body' });
        return;
      }
      this.#listen(body);
    } catch (error) {
      this.#fail(unreachable(error));
    }
  }

  #listen(body: ReadableStream<Uint8Array>): void {
    const guarded = this.#guard(body);
    // The package knows the type in lower case alone, and `refusal` has looked at it.
    const headers = new Headers({ 'content-type': 'text/event-stream' });
    const answer = { status: 200, headers, body: guarded, redirected: false, url: '' };
    // The answer is there already; its URL is nobody's business but that of `openStream`.
    const source = new EventSource('http://localhost/', { fetch: async () => answer });
    this.#source = source;
    // Events of any name, which a listener would have to know: this is called with each of them.
    source.dispatchEvent = (event) => {
      if ('data' in event) this.#received(String(event.data), event.type);
      return true;
    };
    source.onopen = () => {
      if (this.#closed) return;
      this.isOpen = true;
      this.#deps.runtime.clearTimeout(this.#timer);
      this.#events.opened();
    };
    source.onerror = () => {
      this.#fail({ reason: 'SSE failed' });
      queueMicrotask(() => source.close()); // Its timer is set after this handler.
    };
  }

  #received(data: string, event: string): void {
    if (this.#closed) return;
    const { events, perJob } = this.#codec;
    const jobId = perJob && this.jobIds[0];
    const read = () => readFrame(data, (frame) => this.#codec.parse(frame, { event, jobId }));
    if (events?.includes(event) === false) this.#events.said({ type: 'control' });
    else this.#events.said(data.length > MAX_FRAME_SIZE ? TOO_LARGE : read());
  }

  /** The body as the parser gets it: an end or an error closes the stream before the parser can see it. */
  #guard(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const guard = guardEvents(MAX_FRAME_SIZE);
    const stop = (failure: StreamFailure) => {
      reader.cancel().catch(() => {});
      this.#fail(failure);
    };
    this.#controller.signal.addEventListener('abort', () => reader.cancel().catch(() => {}));
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read();
            if (done) {
              stop({ reason: 'SSE was ended by the server' });
              controller.close();
              return;
            }
            const { bytes, fits, beats } = guard(value);
            if (!fits) {
              this.#events.said(TOO_LARGE);
              stop({ reason: 'SSE sent an event of more than 1 MiB' });
              controller.close();
              return;
            }
            // Not for any bytes: an event that cannot be read proves nothing.
            if (beats) this.#events.said({ type: 'control' });
            controller.enqueue(bytes);
          } catch (error) {
            stop({ reason: 'SSE broke off', error });
            controller.close();
          }
        },
      },
      { highWaterMark: 0 },
    );
  }

  #fail(failure: StreamFailure): void {
    if (this.#closed) return;
    this.close();
    this.#events.failed(failure);
  }
}

const TOO_LARGE = {
  type: 'problem',
  message: 'The server sent an SSE event of more than 1 MiB; it was dropped.',
} as const;

function refusal({ status, headers }: Response, nowMs: number): StreamFailure | undefined {
  const reason = `SSE answered ${status}`;
  if ([404, 405, 501].includes(status)) return { reason, kind: 'absent' };
  if (status === 401 || status === 403) return { reason, kind: 'credentials' };
  const retryAfterMs = parseRetryAfterMs(headers.get('retry-after'), nowMs, headers.get('date'));
  if (status !== 200) return { reason, retryAfterMs };
  if (!/^text\/event-stream\b/i.test(headers.get('content-type') ?? ''))
    return { reason: 'SSE answered with another content type than text/event-stream' };
  return undefined;
}

function unreachable(error: unknown): StreamFailure {
  if (error instanceof ConfigurationError) {
    return { reason: `SSE was not tried: ${error.message}`, kind: 'credentials', error };
  }
  return { reason: `SSE refused${error instanceof Error ? ` (${error.message})` : ''}`, error };
}

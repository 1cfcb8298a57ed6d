import type { SseCodec } from '../backends/backend.js';
import { JobStreams } from './sse-per-job.js';
import { type OpenSse, type SseDeps, SseStream } from './sse-stream.js';
import { type ConnectStream, MAX_STREAMS, type StreamConnection, type StreamEvents } from './transport.js';

/** Jobs followed within this time of each other open one stream. */
const COALESCE_MS = 50;
/** Servers and proxies take URLs of 4,000 characters, and often not many more; the rest of it is for the route. */
const MAX_LIST_LENGTH = 3_800;
/** One or a few event streams that carry all jobs, whose list is in the URL; or one a job, where the server has only those. */
export function connectSse(deps: SseDeps, codec: SseCodec, connectMs: number): ConnectStream {
  const Connection = codec.perJob ? JobStreams : Streams;
  const open: OpenSse = (jobIds, events) => new SseStream(deps, codec, jobIds, connectMs, events);
  return (jobIds, events) => new Connection(deps, open, jobIds, events);
}

class Streams implements StreamConnection {
  readonly #deps: SseDeps;
  readonly #openSse: OpenSse;
  readonly #events: StreamEvents;
  readonly #jobIds: Set<string>;
  /** Jobs that no stream carries, or will when it is open. */
  readonly #waiting: Set<string>;
  readonly #streams = new Set<SseStream>();
  #timer: unknown;
  #closed = false;

  constructor(deps: SseDeps, open: OpenSse, jobIds: readonly string[], events: StreamEvents) {
    this.#deps = deps;
    this.#openSse = open;
    this.#events = events;
    this.#jobIds = new Set(jobIds);
    this.#waiting = new Set(jobIds);
    this.#fill();
  }

  subscribe(jobId: string): void {
    this.#jobIds.add(jobId);
    this.#waiting.add(jobId);
    this.#fillSoon();
  }

  /** The stream goes on: it has no way to be told, and what it says of this job is not listened to. */
  unsubscribe(jobId: string): void {
    this.#jobIds.delete(jobId);
    this.#waiting.delete(jobId);
    if (this.#waiting.size > 0) this.#fillSoon();
  }

  close(): void {
    this.#closed = true;
    this.#deps.runtime.clearTimeout(this.#timer);
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  #fillSoon(): void {
    this.#timer ??= this.#deps.runtime.setTimeout(() => {
      this.#timer = undefined;
      this.#fill();
    }, COALESCE_MS);
  }

  /** Finds room for the jobs that wait: first in a stream that is there, which is opened anew, then in a new one. */
  #fill(): void {
    // While one is opening, the list may grow again: it is looked at when that is done.
    if (this.#closed || [...this.#streams].some((stream) => !stream.isOpen)) return;
    for (const stream of [...this.#streams]) {
      if (this.#waiting.size === 0) return;
      const kept = stream.jobIds.filter((jobId) => this.#jobIds.has(jobId));
      const list = this.#take(kept);
      if (list.length > kept.length) this.#open(list, stream);
    }
    while (this.#waiting.size > 0 && this.#streams.size < MAX_STREAMS) this.#open(this.#take([]), undefined);
  }

  /** As many of those that wait as still fit into the URL. One fits always. */
  #take(kept: readonly string[]): string[] {
    const list = [...kept];
    let length = kept.reduce((sum, jobId) => sum + lengthOf(jobId), 0);
    for (const jobId of this.#waiting) {
      length += lengthOf(jobId);
      if (length > MAX_LIST_LENGTH && list.length > 0) break;
      list.push(jobId);
      this.#waiting.delete(jobId);
    }
    return list;
  }

  /** Make before break: the one it replaces is closed when it is open. */
  #open(jobIds: readonly string[], replaced: SseStream | undefined): void {
    const stream = this.#openSse(jobIds, {
      opened: () => {
        if (replaced !== undefined) this.#streams.delete(replaced);
        replaced?.close();
        this.#events.opened(jobIds);
        if (this.#waiting.size > 0) this.#fillSoon();
      },
      said: (message) => this.#events.said(message),
      failed: (failure) => {
        if (this.#closed) return;
        // All go together: what one of them cannot, the others will not be able to for long.
        this.close();
        this.#events.failed(failure);
      },
    });
    this.#streams.add(stream);
  }
}

/** Of an id and the comma after it, both escaped. */
function lengthOf(jobId: string): number {
  return encodeURIComponent(jobId).length + '%2C'.length;
}

import type { JobRecord } from '../index.js';
import { HEADERS, NO_SUCH_JOB } from './answer.js';
import { Few } from './few.js';
import { problem } from './frames.js';
import type { JobHub } from './hub.js';
import type { Place, RelayLimits } from './limits.js';
import type { RelayUser } from './options.js';
import type { WatchedJob, Watcher } from './watched-job.js';

/** What may be on its way before only the newest of each job waits, in bytes. */
const HIGH_WATER = 16_384;
const COMMENT_MS = 15_000;

const encoder = new TextEncoder();
const COMMENT = encoder.encode(':\n\n');

/** All event streams of a relay. */
export class EventStreams {
  readonly #streams = new Set<EventStream>();
  #timer: ReturnType<typeof setInterval> | undefined;

  get count(): number {
    return this.#streams.size;
  }

  add(stream: EventStream): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => {
      for (const one of this.#streams) one.comment();
    }, COMMENT_MS);
  }

  delete(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  closers(): (() => void)[] {
    return [...this.#streams].map((stream) => () => stream.end());
  }
}

/** One event stream of a page, over the jobs that its URL names. */
export class EventStream implements Watcher {
  readonly response: Response;
  readonly #streams: EventStreams;
  readonly #hub: Pick<JobHub, 'watch' | 'unwatch'>;
  readonly #place: Place;
  readonly #bufferedBytes: number;
  readonly #jobs = new Few<string>();
  /** Jobs whose newest is sent when there is room. */
  readonly #waiting = new Map<string, WatchedJob>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    user: RelayUser,
    place: Place,
    host: {
      readonly streams: EventStreams;
      readonly hub: Pick<JobHub, 'watch' | 'unwatch'>;
      readonly limits: RelayLimits;
    },
  ) {
    this.#streams = host.streams;
    this.#hub = host.hub;
    this.#place = place;
    this.#bufferedBytes = host.limits.bufferedBytes;
    place.take();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#flush(),
        cancel: () => this.end(),
      },
      { highWaterMark: HIGH_WATER, size: (chunk) => chunk.byteLength },
    );
    this.response = new Response(body, {
      headers: { ...HEADERS, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
    });
    this.#streams.add(this);
    this.#write(COMMENT);
    const leftMs = (user.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now();
    // One that stays so long is opened again.
    if (user.expiresAt !== undefined)
      this.#expiry = setTimeout(() => this.end(), Math.min(Math.max(0, leftMs), 2 ** 31 - 1));
  }

  /** From now on it is told what becomes of this job. */
  watch(record: JobRecord): void {
    if (this.#controller === undefined) return;
    this.#jobs.add(record.key);
    this.#hub.watch(record, this);
  }

  tell(job: WatchedJob): void {
    if (!job.isKnown) return;
    if (job.isOver) {
      this.#jobs.delete(job.key);
      this.#waiting.delete(job.key);
      this.#send(job.frame);
    } else if ((this.#controller?.desiredSize ?? 0) <= 0) this.#waiting.set(job.key, job);
    else this.#send(job.frame);
  }

  forgotten(key: string): void {
    this.#jobs.delete(key);
    this.#waiting.delete(key);
    this.problem(NO_SUCH_JOB, key);
  }

  problem(words: string, jobId: string): void {
    this.#send(problem(words, jobId));
  }

  comment(): void {
    if ((this.#controller?.desiredSize ?? 0) > 0) this.#write(COMMENT);
  }

  /** Ends it in good order: a page opens another. Safe to call twice. */
  end(): void {
    const controller = this.#left();
    try {
      controller?.close();
    } catch {
      // The page is gone.
    }
  }

  #flush(): void {
    for (const [key, job] of this.#waiting) {
      if ((this.#controller?.desiredSize ?? 0) <= 0) return;
      this.#waiting.delete(key);
      this.#send(job.frame);
    }
  }

  #send(frame: string): void {
    this.#write(encoder.encode(`data: ${frame}\n\n`));
  }

  #write(chunk: Uint8Array): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(chunk);
    if (HIGH_WATER - (controller.desiredSize ?? HIGH_WATER) > this.#bufferedBytes)
      this.#left()?.error(new Error('the page reads too slowly'));
  }

  #left(): ReadableStreamDefaultController<Uint8Array> | undefined {
    const controller = this.#controller;
    if (controller === undefined) return undefined;
    this.#controller = undefined;
    clearTimeout(this.#expiry);
    this.#streams.delete(this);
    this.#place.leave();
    for (const jobId of this.#jobs) this.#hub.unwatch(jobId, this);
    this.#waiting.clear();
    return controller;
  }
}

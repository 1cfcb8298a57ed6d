import { readerOf } from '../http/body.js';
import type { BodyReader } from '../http/body-reader.js';
import { bytesOf } from '../http/body-reader.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';

/** One connection of a download: ends with the download, or by itself where nothing comes for too long. */
export class Connection {
  readonly #runtime: Runtime;
  readonly #stallMs: number;
  readonly #life: AbortSignal;
  readonly #controller = new AbortController();
  readonly #follow = (): void => this.close(this.#life.reason);
  #reader: BodyReader | undefined;
  #timer: TimerHandle;
  /** Since when a read is under way; a reader that takes its time is no stall. */
  #waitingSince: number | undefined;

  constructor(runtime: Runtime, stallMs: number, life: AbortSignal) {
    this.#runtime = runtime;
    this.#stallMs = stallMs;
    this.#life = life;
    life.addEventListener('abort', this.#follow);
  }

  /** For the request that opens it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  attach(response: Response): this {
    this.#reader = readerOf(response);
    return this;
  }

  /** The next bytes; undefined at the end. Rejects where the connection broke or stalled. */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#waitingSince = this.#runtime.elapsedMs();
    // One timer for many reads: it looks when it fires, and is not set again for each of them.
    if (this.#timer === undefined) this.#watch(this.#stallMs);
    const chunk = await this.#reader?.read();
    this.#waitingSince = undefined;
    // Of a fetch of the caller's. What was decoded once cannot be had back.
    if (typeof chunk === 'string') throw new TypeError('fetch gave text, not bytes');
    return chunk && bytesOf(chunk);
  }

  close(reason?: unknown): void {
    this.#life.removeEventListener('abort', this.#follow);
    this.#runtime.clearTimeout(this.#timer);
    this.#controller.abort(reason);
    this.#reader?.cancel(reason);
  }

  #watch(delayMs: number): void {
    this.#timer = this.#runtime.setTimeout(() => {
      this.#timer = undefined;
      if (this.#waitingSince === undefined) return;
      const leftMs = this.#waitingSince + this.#stallMs - this.#runtime.elapsedMs();
      if (leftMs > 0) this.#watch(leftMs);
      else {
        const reason = new Error(`no bytes for ${this.#stallMs} ms`);
        this.close(Object.assign(reason, { name: 'TimeoutError' }));
      }
    }, delayMs);
  }
}

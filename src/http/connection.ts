import type { Runtime, TimerHandle } from '../core/runtime.js';

/** One answer whose body is being read: ends by itself where nothing comes for too long. */
export class Connection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  readonly #runtime: Runtime;
  readonly #stallMs: number;
  readonly #abort: (reason: unknown) => void;
  #timer: TimerHandle;
  /** Since when a read is under way; a reader that takes its time is no stall. */
  #waitingSince: number | undefined;

  /** @param abort - Cuts the connection; a read under way rejects. */
  constructor(response: Response, runtime: Runtime, stallMs: number, abort: (reason: unknown) => void) {
    this.#reader = response.body?.getReader();
    this.#runtime = runtime;
    this.#stallMs = stallMs;
    this.#abort = abort;
  }

  /** The next bytes; undefined at the end. Rejects where the connection broke or stalled. */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#waitingSince = this.#runtime.now();
    // One timer for many reads: it looks when it fires, and is not set anew for each of them.
    if (this.#timer === undefined) this.#watch(this.#stallMs);
    const chunk = await this.#reader?.read();
    this.#waitingSince = undefined;
    return chunk?.value;
  }

  close(reason?: unknown): void {
    this.#runtime.clearTimeout(this.#timer);
    this.#abort(reason);
    this.#reader?.cancel(reason).catch(() => {});
  }

  #watch(delayMs: number): void {
    this.#timer = this.#runtime.setTimeout(() => {
      this.#timer = undefined;
      if (this.#waitingSince === undefined) return;
      const leftMs = this.#waitingSince + this.#stallMs - this.#runtime.now();
      if (leftMs > 0) this.#watch(leftMs);
      else this.close(new DOMException(`no bytes for ${this.#stallMs} ms`, 'TimeoutError'));
    }, delayMs);
  }
}

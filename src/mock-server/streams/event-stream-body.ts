import { ConnectionLost } from '../exchange.js';
import type { FaultOf } from '../fault.js';
import type { StruckFaults } from '../faults.js';

/** The bytes of one SSE response, in the form that the faults ask for. */
export class EventStreamBody {
  readonly body: ReadableStream<Uint8Array>;
  onCancel: () => void = () => {};
  /** For the status that the next event tells. */
  word = '';
  /** Resolves with the first that is written, or with the end. */
  readonly begun: Promise<void>;
  #begin = () => {};
  readonly #format: FaultOf<'format'> | undefined;
  readonly #named: FaultOf<'named-events'> | undefined;
  readonly #compresses: boolean;
  /** The event that waits for the next. */
  #waiting: Uint8Array | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** What a buffering proxy holds; undefined where none is in the way. */
  #held: Uint8Array[] | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #commentTimer: ReturnType<typeof setInterval> | undefined;
  readonly #pieces: Uint8Array[] = [];
  #pieceTimer: ReturnType<typeof setInterval> | undefined;

  constructor(faults: StruckFaults, acceptEncoding: string, commentEveryMs?: number) {
    this.#format = faults.find('format');
    this.#named = faults.find('named-events');
    const compressing = faults.find('held-events');
    this.#compresses =
      compressing !== undefined && (compressing.always === true || !/\bidentity\b/i.test(acceptEncoding));
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.onCancel(),
    });
    const buffer = faults.find('buffer');
    if (buffer !== undefined) {
      this.#held = [];
      this.#flushTimer = setTimeout(() => this.#flush(), buffer.forMs);
    }
    if (this.#format?.bom) this.#write(Uint8Array.of(0xef, 0xbb, 0xbf));
    const everyMs = this.#format?.commentEveryMs ?? commentEveryMs;
    if (everyMs !== undefined)
      this.#commentTimer = setInterval(() => this.#write(this.#encode(': keep-alive\n\n')), everyMs);
  }

  event(frame: string | Uint8Array<ArrayBuffer>): void {
    const name = this.#named === undefined ? '' : `event: ${this.#named.name ?? this.word}\n`;
    const event =
      typeof frame === 'string' ? this.#encode(`${name}${frame.replaceAll(/^/gm, 'data: ')}\n\n`) : frame;
    const next = this.#compresses ? this.#waiting : event;
    this.#waiting = event;
    if (next !== undefined) this.#write(next);
  }

  end(abruptly: boolean): void {
    if (this.#compresses && this.#waiting !== undefined && !abruptly) this.#write(this.#waiting);
    this.#begin();
    for (const piece of this.#pieces) this.#controller?.enqueue(piece);
    if (abruptly) this.#controller?.error(new ConnectionLost('reset'));
    else this.#controller?.close();
    this.#controller = undefined;
    this.stop();
  }

  stopComments(): void {
    clearInterval(this.#commentTimer);
  }

  stop(): void {
    this.stopComments();
    clearTimeout(this.#flushTimer);
    clearInterval(this.#pieceTimer);
  }

  #encode(text: string): Uint8Array {
    return new TextEncoder().encode(text.replaceAll('\n', this.#format?.lineEnding ?? '\n'));
  }

  #write(chunk: Uint8Array): void {
    this.#begin();
    if (this.#held !== undefined) this.#held.push(chunk);
    else if (this.#format?.splitEveryBytes === undefined) this.#controller?.enqueue(chunk);
    else this.#split(chunk, this.#format.splitEveryBytes);
  }

  /** A pause between the pieces, or they would be put together again on their way. */
  #split(chunk: Uint8Array, size: number): void {
    for (let start = 0; start < chunk.length; start += size)
      this.#pieces.push(chunk.subarray(start, start + size));
    this.#pieceTimer ??= setInterval(() => {
      const piece = this.#pieces.shift();
      if (piece !== undefined) this.#controller?.enqueue(piece);
    }, 1);
  }

  #flush(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const chunk of held) this.#write(chunk);
  }
}

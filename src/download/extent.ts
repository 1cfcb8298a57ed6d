import type { ByteArray } from '../core/bytes.js';
import type { DownloadRange } from '../core/video-download.js';
import { FileCheck } from './file-check.js';
import { contentRange, type FileHead, isPartial } from './head.js';

/**
 * What the end of an answer is: of the `file`; of a `part`, the next of which is asked for at once; too `early`, as
 * where a connection broke; or such that all of it is fetched `again`, which shows whether it ends at the same byte.
 */
export type End = 'file' | 'part' | 'early' | 'again';

/** How much of one file is here, over as many answers as it takes, and whether an end is the end of the file. */
export class Extent {
  head: FileHead | undefined;
  check: FileCheck | undefined;
  /** Up to which byte of the file it is here, or need not be. */
  received: number;
  readonly #range: DownloadRange | undefined;
  /** Where the answer under way ends, as an offset in the file; undefined where it did not say. */
  #until: number | undefined;
  #isPart = false;
  /** Bytes of this answer that were received before. */
  #skip = 0;
  /** Where an answer without a length ended. */
  #endsAt: number | undefined;

  /** @param range - The part that is wanted, where that is not all. */
  constructor(range?: DownloadRange) {
    this.#range = range;
    this.received = this.start;
  }

  /** The first byte that is wanted. */
  get start(): number {
    return this.#range?.start ?? 0;
  }

  /** Behind the last byte that is wanted, where that is known. */
  get end(): number | undefined {
    const end = this.#range?.end;
    const size = this.head?.size;
    return end !== undefined && size !== undefined ? Math.min(end, size) : (end ?? size);
  }

  /** The file has not one byte of what is wanted. */
  get isBeyond(): boolean {
    return this.#range !== undefined && this.start >= (this.head?.size ?? Number.POSITIVE_INFINITY);
  }

  /** The end of the part is here; the file may go on. */
  get isFull(): boolean {
    return this.#range?.end !== undefined && this.received >= this.#range.end;
  }

  /**
   * From the first byte, of what may be another file.
   *
   * @param isPart - The answer begins with the first byte that is wanted, and not with that of the file.
   */
  begin(head: FileHead | undefined, isPart = false): void {
    this.received = this.start;
    this.#skip = isPart ? 0 : this.start;
    this.head = head;
    // Of a part there is nothing to go by.
    this.check = head && this.#range === undefined ? new FileCheck(head) : undefined;
  }

  /** The answer is of the file that was begun; `fromStart` where it brings again what is here. */
  resume({ size, isSizeSure }: FileHead, fromStart: boolean): void {
    if (this.head !== undefined && this.head.size === undefined && size !== undefined)
      this.head = { ...this.head, size, isSizeSure };
    this.#skip = fromStart ? this.received : 0;
  }

  /** Notes which bytes an answer has told that it brings. */
  expect(response: Response, head: FileHead): void {
    this.#isPart = isPartial(response);
    this.#until = this.#isPart ? contentRange(response.headers)?.end : head.until;
  }

  agreesInSize({ size }: FileHead): boolean {
    const known = this.head?.size;
    return size === undefined || known === undefined || size === known;
  }

  /** True where an answer brings more than it told. */
  isTooMuch(chunk: ByteArray): boolean {
    if (this.#until === undefined || this.head?.isSizeSure !== true) return false;
    // While bytes are skipped, the answer is as many behind.
    return this.received - this.#skip + chunk.length > this.#until;
  }

  /** What of a chunk is new. */
  add(chunk: ByteArray): ByteArray {
    const unseen = chunk.subarray(this.#skip);
    this.#skip -= chunk.length - unseen.length;
    const fresh = unseen.subarray(0, (this.#range?.end ?? Number.POSITIVE_INFINITY) - this.received);
    this.received += fresh.length;
    this.check?.add(fresh);
    return fresh;
  }

  /** All that was told is here: how the connection ended does not matter any more. */
  get isWhole(): boolean {
    return this.head?.isSizeSure === true && this.received === this.end;
  }

  /** @param isFinal - What was handed on cannot be taken back. */
  endOf(isFinal: boolean): End {
    const end = this.#skip === 0 && this.#mayEnd() ? this.#confirmed(isFinal) : 'early';
    const isPartDone = this.#isPart && this.#skip === 0 && this.#until === this.received;
    return end === 'early' && isPartDone ? 'part' : end;
  }

  /** Whether the file may end here. */
  #mayEnd(): boolean {
    const { check, head, received } = this;
    if (head?.size !== undefined && (head.isSizeSure || received === head.size)) return received === this.end;
    // Of the part of a file of unknown size only the server knows whether it is the last.
    if (head === undefined || this.#isPart) return false;
    return check?.doubt() === undefined;
  }

  /**
   * An end without a length may be that of a broken connection: they look the same to Node's fetch where it was to be
   * closed anyway (undici 6 and 7), and behind a proxy that speaks HTTP/1.0 with the server, as nginx does, and ends in
   * good order what broke off. So the server is asked once more, for what follows, or for all of it.
   */
  #confirmed(isFinal: boolean): End {
    const { check, head, received } = this;
    if (head === undefined || head.size !== undefined || check?.isProven) return 'file';
    if (received === 0 || this.#endsAt === received) return 'file';
    const isFirst = this.#endsAt === undefined;
    this.#endsAt = received;
    if (!isFirst) return 'early';
    if (head.validator !== undefined) return 'part';
    if (!isFinal) return 'again';
    // Of a part nothing else shows whether it is all there.
    return this.#range === undefined ? 'file' : 'early';
  }
}

import type { FileHead } from './head.js';
import { Mp4Boxes } from './mp4-boxes.js';
import { newSha256, type Sha256 } from './sha256.js';

/** Whether a page may choose its `Accept-Encoding`: what did not come as asked is then not to be trusted. */
const canAskForIdentity = (): boolean =>
  new Request('http://localhost', { headers: { 'accept-encoding': 'identity' } }).headers.has(
    'accept-encoding',
  );

const UNASKED =
  'the server sent it compressed, which it was asked not to do: nothing tells whether it is whole';

/** Looks at the bytes of one file as they go by, and says at the end whether they are all of it. */
export class FileCheck {
  readonly #head: FileHead;
  readonly #hash: Sha256 | undefined;
  readonly #boxes: Mp4Boxes | undefined;

  constructor(head: FileHead) {
    this.#head = head;
    this.#hash = head.sha256 === undefined ? undefined : newSha256();
    // A size that is sure, or a hash, is proof enough.
    const isProven = this.#hash !== undefined || (head.size !== undefined && head.isSizeSure);
    this.#boxes = isProven ? undefined : new Mp4Boxes();
  }

  add(bytes: Uint8Array): void {
    this.#hash?.update(bytes);
    this.#boxes?.feed(bytes);
  }

  /** What keeps these first bytes from ever being known as a whole file: the rest need not be read. */
  doubtOf(opening: Uint8Array): string | undefined {
    const isMp4 = String.fromCharCode(...opening.subarray(4, 8)) === 'ftyp';
    return this.#head.isEncoded && !isMp4 && canAskForIdentity() ? UNASKED : undefined;
  }

  /** What keeps the end of an answer that told no length from being the end of the file. */
  doubt(): string | undefined {
    const isWhole = this.#boxes?.isWhole;
    if (isWhole === false) return 'it ended in the middle of a part of the file';
    return isWhole === undefined && this.#head.isEncoded && canAskForIdentity() ? UNASKED : undefined;
  }

  /** The bytes themselves say that nothing is missing. */
  get isProven(): boolean {
    return this.#hash !== undefined || this.#boxes?.isComplete === true;
  }

  /** False where all bytes are there and are not the ones that the server gave a hash of. Asked once. */
  matchesHash(): boolean {
    return this.#hash === undefined || this.#hash.digest() === this.#head.sha256;
  }
}

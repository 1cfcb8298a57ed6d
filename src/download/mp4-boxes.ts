/** A header of a box: 32 bits of size, a type of four letters, and 64 bits of size where the first are 1. */
const HEADER_BYTES = 16;
const CONTENT = new Set(['moov', 'moof', 'mdat', 'meta']);

/**
 * Adds up the boxes of an MP4 while it goes by (ISO/IEC 14496-12, section 4.2): where no length and no hash was
 * given, it alone knows whether the end of the bytes is the end of the file.
 */
export class Mp4Boxes {
  #header = new Uint8Array(0);
  /** Bytes until the next box begins. */
  #left = 0;
  /** False once something was found that is no box, or lasts to the end of the file. */
  #readable = true;
  #isMp4 = false;
  readonly #types = new Set<string>();

  feed(chunk: Uint8Array): void {
    let at = 0;
    while (this.#readable && at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const taken = chunk.subarray(at, at + HEADER_BYTES - this.#header.length);
      const header = new Uint8Array(this.#header.length + taken.length);
      header.set(this.#header);
      header.set(taken, this.#header.length);
      const size = boxSize(header);
      if (size === undefined) {
        this.#header = header;
        at += taken.length;
        continue;
      }
      const type = String.fromCharCode(...header.subarray(4, 8));
      this.#isMp4 ||= type === 'ftyp';
      // Without a `ftyp` first it is none of ours; 0 is a box that lasts to the end.
      this.#readable = this.#isMp4 && /^[\w©][\w -]{3}$/.test(type) && size >= 8;
      // A handful are known; what a server makes up is not remembered.
      if (CONTENT.has(type)) this.#types.add(type);
      this.#left = size - this.#header.length;
      this.#header = new Uint8Array(0);
    }
  }

  /** Whether the end, if it is now, is between two boxes; undefined where that says nothing. */
  get isWhole(): boolean | undefined {
    if (!this.#readable || !this.#isMp4) return undefined;
    if (this.#left > 0 || this.#header.length > 0) return false;
    // A picture has neither, but `meta`.
    return this.#hasAll || this.#types.has('meta');
  }

  /**
   * Whether nothing can follow that belongs to the film. In fragments it has no end of its own: each may be the last,
   * and a server that writes one at a time breaks off between two.
   */
  get isComplete(): boolean {
    return this.isWhole === true && this.#hasAll && !this.#types.has('moof');
  }

  /** What tells of the film, and the film. */
  get #hasAll(): boolean {
    return this.#types.has('moov') && this.#types.has('mdat');
  }
}

/** Undefined while more of the header is needed. */
function boxSize(header: Uint8Array): number | undefined {
  if (header.length < 8) return undefined;
  const view = new DataView(header.buffer);
  const size = view.getUint32(0);
  if (size !== 1) return size;
  return header.length < HEADER_BYTES ? undefined : Number(view.getBigUint64(8));
}

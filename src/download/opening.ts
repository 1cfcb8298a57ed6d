import type { ByteArray } from '../core/bytes.js';
import type { FileHead } from './head.js';
import { isTextType, sniff, wantsMore } from './media.js';

/** The first bytes of a file, held back until they show what it is. */
export class Opening {
  #held: ByteArray | undefined;
  #isKnown = false;

  /** What need not, or not any longer, be held back. `isFirst`: it is what shows what the file is. */
  add(
    fresh: ByteArray,
    head: FileHead | undefined,
  ): { readonly bytes: ByteArray; readonly isFirst: boolean } | undefined {
    if (this.#isKnown) return { bytes: fresh, isFirst: false };
    this.#held = this.#held === undefined ? fresh : concat(this.#held, fresh);
    const needsMagic = head?.isEncoded === true || isTextType(head?.contentType ?? '');
    return wantsMore(this.#held, needsMagic) ? undefined : this.end();
  }

  /** All that is held back: no more comes. */
  end(): { readonly bytes: ByteArray; readonly isFirst: true } | undefined {
    const bytes = this.#held;
    if (bytes === undefined) return undefined;
    this.#held = undefined;
    this.#isKnown = true;
    return { bytes, isFirst: true };
  }
}

/** What a file is by its first bytes, where it is not what was asked for. */
export function problemOf(
  opening: ByteArray,
  head: FileHead | undefined,
  isPicture: boolean,
  clean: (words: string) => string,
): string | undefined {
  const kind = sniff(opening);
  const type = head?.contentType ?? '';
  if (kind === 'text' || (kind === 'unknown' && isTextType(type))) {
    const words = new TextDecoder().decode(opening.subarray(0, 1_000)).trim();
    return `${kind === 'text' ? '' : `${type}: `}"${clean(words)}"`;
  }
  // Some servers know no variants, and send the video for each.
  return kind === 'video' && isPicture ? 'the video, not a picture of it' : undefined;
}

function concat(one: ByteArray, other: ByteArray): ByteArray {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

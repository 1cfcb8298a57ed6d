import type { DownloadRange } from '../core/video-download.js';
import { isVideoError } from '../errors.js';
import type { FileHead } from './head.js';

/** How those that know no `Range`, or no `If-Range`, refuse it; a firewall may forbid it. */
const REFUSES_RANGE = new Set([400, 403, 405, 412, 417, 501]);

/** How a lost connection is resumed: a page may be forbidden the one way by another origin, and allowed the other. */
export class Resumption {
  #by: 'if-range' | 'range' | 'nothing' = 'if-range';

  /** Only what comes shows whether it is of the same file. */
  get isUnconditional(): boolean {
    return this.#by === 'range';
  }

  /** @param range - The part that is asked for, where that is not all. */
  headers(received: number, head: FileHead | undefined, range?: DownloadRange): Record<string, string> {
    // An encoded answer has another length, and cannot be resumed by the bytes of the file.
    const identity = { 'accept-encoding': 'identity' };
    const last = range?.end === undefined ? '' : range.end - 1;
    if (head === undefined && range !== undefined) return { ...identity, range: `bytes=${received}-${last}` };
    const validator = received > 0 ? head?.validator : undefined;
    if (validator === undefined || this.#by === 'nothing') return identity;
    const rest = { ...identity, range: `bytes=${received}-${last}` };
    return this.#by === 'if-range' ? { ...rest, 'if-range': validator } : rest;
  }

  /**
   * True where the next try goes another way. A page must be allowed `If-Range` by another origin, and is told nothing
   * but that the call failed where it is not; `Range` alone needs no leave.
   */
  failed(error: unknown, received: number, head: FileHead | undefined): boolean {
    const isAsked = received > 0 && head?.validator !== undefined;
    if (!isAsked || head.isCrossOrigin !== true || !isVideoError(error) || error.code !== 'network')
      return false;
    if (this.#by === 'nothing') return false;
    this.#by = this.#by === 'if-range' ? 'range' : 'nothing';
    return true;
  }
  /** True where what was refused may have been the range: the next try asks for all of the file. */
  refused(status: number, received: number, head: FileHead | undefined): boolean {
    const isAsked = received > 0 && head?.validator !== undefined && this.#by !== 'nothing';
    if (!isAsked || !REFUSES_RANGE.has(status)) return false;
    this.#by = 'nothing';
    return true;
  }
}

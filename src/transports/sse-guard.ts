const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COLON = 58;
const LETTER_D = 100;

/** What a chunk of a stream is to the parser, and to those who ask whether anything comes through. */
export interface GuardedChunk {
  /** The chunk, each line end a single LF: a parser that gets a CR last waits for what comes after it. */
  readonly bytes: Uint8Array;
  /** False where the event that has not ended yet is over the limit: a parser keeps all of it. */
  readonly fits: boolean;
  /** Holds a comment, or an event without data: heartbeats, of which a parser says nothing. */
  readonly beats: boolean;
}

/**
 * Looks at the chunks of a stream in their order. A line ends with CR, LF or both, an event with an empty line (HTML
 * Standard, "Server-sent events", section "Parsing an event stream").
 */
export function guardEvents(maxBytes: number): (chunk: Uint8Array) => GuardedChunk {
  let eventBytes = 0;
  let lineBytes = 0;
  let hasData = false;
  let afterReturn = false;
  return (chunk) => {
    const bytes = new Uint8Array(chunk.length);
    let length = 0;
    let beats = false;
    for (const byte of chunk) {
      const half = byte === LINE_FEED && afterReturn; // The second half of one line end.
      afterReturn = byte === CARRIAGE_RETURN;
      if (half) continue;
      eventBytes += 1;
      const ends = byte === LINE_FEED || byte === CARRIAGE_RETURN;
      bytes[length] = ends ? LINE_FEED : byte;
      length += 1;
      if (!ends) {
        if (lineBytes === 0 && byte === COLON) beats = true;
        if (lineBytes === 0 && byte === LETTER_D) hasData = true;
        lineBytes += 1;
      } else if (lineBytes > 0) {
        lineBytes = 0;
      } else {
        if (eventBytes > 1 && !hasData) beats = true;
        eventBytes = 0;
        hasData = false;
      }
      if (eventBytes > maxBytes) return { bytes, fits: false, beats };
    }
    return { bytes: bytes.subarray(0, length), fits: true, beats };
  };
}

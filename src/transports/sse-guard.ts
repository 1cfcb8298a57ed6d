const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Counts the bytes of an event that has not ended yet: a parser keeps them all. Takes the chunks of a stream in
 * their order, and says for each whether that event is within the limit. A line ends with CR, LF or both, an event
 * with an empty line (HTML Standard, "Server-sent events", section "Parsing an event stream").
 */
export function guardEventSize(maxBytes: number): (chunk: Uint8Array) => boolean {
  let eventBytes = 0;
  let lineBytes = 0;
  let afterReturn = false;
  return (chunk) => {
    for (const byte of chunk) {
      eventBytes += 1;
      const half = byte === LINE_FEED && afterReturn; // The second half of one line end.
      afterReturn = byte === CARRIAGE_RETURN;
      if (half) continue;
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) lineBytes += 1;
      else if (lineBytes === 0) eventBytes = 0;
      else lineBytes = 0;
      if (eventBytes > maxBytes) return false;
    }
    return true;
  };
}

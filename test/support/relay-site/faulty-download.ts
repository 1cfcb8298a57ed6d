import { ConnectionLost, sleep } from '../../../src/mock-server/exchange.js';
import type { StruckFaults } from '../../../src/mock-server/faults.js';

/** Faults of the mock that are about the file itself, which something between two ends cannot make. */
const NOT_BETWEEN = ['changed', 'corrupt', 'no-etag', 'weak-etag'] as const;

/** How a call for a file reaches the server behind: something between may ask for less. */
export function altered(request: Request, faults: StruckFaults): Request {
  for (const type of NOT_BETWEEN)
    if (faults.find(type)) throw new Error(`${type} is not made between a page and a relay`);
  const headers = new Headers(request.headers);
  if (faults.find('no-ranges')) headers.delete('range');
  if (faults.find('ignore-if-range')) headers.delete('if-range');
  const capped = faults.find('capped');
  const range = headers.get('range') ?? (capped?.unasked ? 'bytes=0-' : '');
  const [, start] = /^bytes=(\d+)-$/.exec(range) ?? [];
  if (capped !== undefined && start !== undefined)
    headers.set('range', `bytes=${start}-${Number(start) + capped.bytes - 1}`);
  return new Request(request, { headers });
}

/** The answer with a file, as it comes to the page. */
export function damaged(answer: Response, faults: StruckFaults, signal: AbortSignal): Response {
  const headers = new Headers(answer.headers);
  const [, from = '0', whole = '0'] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const total = faults.find('total')?.total;
  if (total !== undefined && headers.has('content-range'))
    headers.set('content-range', (headers.get('content-range') ?? '').replace(`/${whole}`, `/${total}`));
  const short = faults.find('short');
  if (faults.find('no-length') || short?.declared === false) headers.delete('content-length');
  if (faults.find('no-ranges')) headers.delete('accept-ranges');
  if (faults.find('no-validators')) headers.delete('etag');
  return new Response(cut(answer, Number(from), faults, signal), { status: answer.status, headers });
}

function cut(
  { body }: Response,
  start: number,
  faults: StruckFaults,
  signal: AbortSignal,
): ReadableStream<Uint8Array> | null {
  const { drop, short, trickle } = {
    drop: faults.find('drop'),
    short: faults.find('short'),
    trickle: faults.find('trickle'),
  };
  if (body === null || (drop ?? short ?? trickle) === undefined) return body;
  // Behind the offset where it drops, a resumed download passes.
  const dropAt = drop && start <= drop.atByte ? drop.atByte : Number.POSITIVE_INFINITY;
  const stopAt = Math.min(dropAt, short ? start + short.bytes : Number.POSITIVE_INFINITY);
  let offset = start;
  return body.pipeThrough(
    new TransformStream({
      async transform(chunk: Uint8Array, controller) {
        const left = chunk.subarray(0, Math.max(0, stopAt - offset));
        offset += left.length;
        const piece = trickle ? Math.max(1, Math.ceil(trickle.bytesPerSecond / 20)) : left.length;
        for (let at = 0; at < left.length; at += piece) {
          if (trickle) await sleep(50, signal);
          controller.enqueue(left.subarray(at, at + piece));
        }
        if (left.length === chunk.length) return;
        if (offset === dropAt || short?.declared !== false) controller.error(new ConnectionLost('end'));
        else controller.terminate();
      },
    }),
  );
}

import type { StruckFaults } from '../../../src/mock-server/faults.js';
import { EventStreamBody } from '../../../src/mock-server/streams/event-stream-body.js';
import { MockStream } from '../../../src/mock-server/streams/stream.js';
import { passOn } from './frames.js';

/** The events of a stream, as they come to the page. */
export async function faultyEventStream(
  answer: Response,
  request: Request,
  faults: StruckFaults,
  onOpen: (stream: MockStream) => void,
): Promise<Response> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const out = new EventStreamBody(faults, request.headers.get('accept-encoding') ?? '');
  let isFrozen = false;
  const stream = new MockStream(
    'sse',
    {
      send: (frame) => out.event(frame),
      close: (code) => out.end(code === 1006),
      freeze: () => {
        isFrozen = true;
        out.stopComments();
      },
    },
    faults,
    () => {
      out.stop();
      reader.cancel().catch(() => {});
    },
  );
  onOpen(stream);
  out.onCancel = () => stream.ended();
  request.signal.addEventListener('abort', () => stream.ended());
  stream.start();
  void (async () => {
    try {
      for await (const block of blocks(reader)) {
        if (block.startsWith('data: ')) passOn(stream, block.slice('data: '.length));
        else if (stream.open && !isFrozen) out.event(new TextEncoder().encode(`${block}\n\n`));
      }
      stream.close();
    } catch {
      stream.close(1006);
    }
  })();
  if (faults.find('held-head')) await out.begun;
  const headers = new Headers(answer.headers);
  const { contentType } = faults.find('content-type') ?? {};
  if (contentType !== undefined) headers.set('content-type', contentType);
  return new Response(out.body, { headers });
}

/** What stands between two empty lines: an event of one line, or a comment. */
async function* blocks(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const whole = text.split('\n\n');
    text = whole.pop() ?? '';
    yield* whole;
  }
}

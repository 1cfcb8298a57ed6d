import type { IncomingMessage, ServerResponse } from 'node:http';
import { toRequest } from './node-request.js';

/** Answers as `relay.fetch` does, or any function from a `Request` to a `Response`. */
export type FetchHandler = (
  request: Request,
  context: { readonly remoteAddress?: string | undefined },
) => Response | Promise<Response>;

/**
 * Makes a `fetch` handler a listener of node:http, or a route of Express. An answer that breaks off where it comes from
 * breaks off here as well: what seemed to have ended would be taken for whole.
 *
 * @example
 * createServer(toNodeListener(relay.fetch)).listen(3000);
 * app.use(toNodeListener(relay.fetch)); // Express; at the root, since it sees the whole path
 */
export function toNodeListener(
  handle: FetchHandler,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    outgoing.on('error', () => {}); // Its close follows.
    try {
      const remoteAddress = incoming.socket?.remoteAddress;
      const request = toRequest(incoming, gone.signal);
      const answer = await handle(request, { remoteAddress });
      if (gone.signal.aborted) {
        await answer.body?.cancel();
        return;
      }
      // Several of a name stay several: cookies.
      for (const [name, value] of answer.headers) outgoing.appendHeader(name, value);
      outgoing.writeHead(answer.status);
      outgoing.flushHeaders();
      if (answer.body !== null) await copy(answer.body, outgoing, gone.signal);
      outgoing.end();
      // What was not read of the request would be taken for the next one.
      if (!incoming.complete) lingerAndClose(incoming);
    } catch {
      outgoing.destroy();
    }
  };
}

async function copy(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  let wake = () => {};
  const onDrain = () => wake();
  const onGone = () => {
    wake();
    reader.cancel().catch(() => {});
  };
  outgoing.on('drain', onDrain);
  gone.addEventListener('abort', onGone);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || gone.aborted) return;
      if (outgoing.write(value)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (gone.aborted) resolve();
      });
    }
  } finally {
    outgoing.off('drain', onDrain);
    gone.removeEventListener('abort', onGone);
  }
}

/** Closing at once could take the answer away from a page that is still writing. */
function lingerAndClose(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.destroy(), 500);
  timer.unref();
  incoming.once('close', () => clearTimeout(timer));
  incoming.on('error', () => {});
  incoming.resume();
}

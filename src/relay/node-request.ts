import type { IncomingMessage } from 'node:http';
import type { RelayRequest } from './options.js';

/**
 * The request as the web has it, its body unread.
 *
 * @param signal - Aborts when the caller is gone.
 */
export function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET' } = incoming;
  const hasBody = !/^(GET|HEAD|TRACE)$/.test(method);
  const init: RequestInit & { duplex?: 'half' } = {
    // A `Request` takes no TRACE; no route does.
    method: method === 'TRACE' ? 'HEAD' : method,
    headers: headersOf(incoming),
    signal,
    ...(hasBody && { body: bodyOf(incoming), duplex: 'half' }),
  };
  return new Request(urlOf(incoming), init);
}

/** As much of an upgrade as is looked at: a `Request` takes longer to make than the rest of it. */
export function toUpgrade(incoming: IncomingMessage): RelayRequest {
  return { url: urlOf(incoming).href, headers: headersOf(incoming) };
}

/**
 * Whatever host it names, in whichever form: all that counts is the path. A `\` is no `/` to whoever looked at the path
 * before, such as a proxy that lets some of them pass.
 */
function urlOf({ url = '/' }: IncomingMessage): URL {
  const path = url.replace(/^\w+:\/\/[^/?#]*/, '').replaceAll('\\', '%5C');
  return new URL(path.replace(/^\/*/, '/'), 'http://localhost');
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  let authority: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    // HTTP/2 has pseudo-headers, and one of them in place of Host.
    if (name === ':authority') authority = value;
    else if (!name.startsWith(':')) headers.append(name, value);
  }
  if (authority !== undefined) headers.set('host', authority);
  return headers;
}

/** Unlike `Readable.toWeb`, it leaves the socket open when it is cancelled: the answer has yet to be written. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
        if (done) controller.close();
        else controller.enqueue(new Uint8Array(value));
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

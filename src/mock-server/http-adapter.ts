import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConnectionLost, type Exchange, json } from './exchange.js';
import type { MockService } from './service.js';

/** Largest request body that is read, in bytes: twenty images fit. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

class BodyTooLarge extends Error {}

/** Hands a request of `node:http` to the mock core and sends its answer, or breaks the connection as it says. */
export async function answerHttp(
  service: MockService,
  origin: Exchange['origin'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await answerOf(service, exchangeOf(request, origin, response));
    await send(request, response, answer);
  } catch (error) {
    if (response.socket === null || response.socket.destroyed) return; // The caller has gone.
    if (error instanceof ConnectionLost && error.how === 'end') response.socket.destroySoon();
    else if (error instanceof ConnectionLost) response.socket.resetAndDestroy();
    else {
      if (!response.headersSent) await send(request, response, json({ error: String(error) }, 500));
      else response.socket.destroy();
    }
  }
}

async function answerOf(service: MockService, exchange: Exchange): Promise<Response> {
  try {
    return await service.handle(exchange);
  } catch (error) {
    if (error instanceof BodyTooLarge)
      return json({ error: 'Request body too large' }, 413, { connection: 'close' });
    throw error;
  }
}

/** A `node:http` request in the terms of the mock core. */
export function exchangeOf(
  request: IncomingMessage,
  origin: Exchange['origin'],
  closable: { on(event: 'close', listener: () => void): unknown },
): Exchange {
  const headers = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2)
    headers.append(request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? '');
  const gone = new AbortController();
  closable.on('close', () => gone.abort(new Error('the caller has gone')));
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `http://${headers.get('host') ?? 'localhost'}`),
    headers,
    origin,
    signal: gone.signal,
    read: () => readBody(request),
  };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null || request.method === 'HEAD') {
    response.end();
    await answer.body?.cancel();
    return;
  }
  response.flushHeaders();
  const reader = answer.body.getReader();
  response.on('close', () => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value) && !response.destroyed) await drained(response);
    }
    response.end();
  } finally {
    reader.releaseLock();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

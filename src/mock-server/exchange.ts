import type { ByteArray } from './bytes.js';

/** A request as the mock core sees it, whichever way it came: over a socket, or handed over by msw. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** `files` is the second origin, where signed URLs and redirects lead. */
  readonly origin: 'main' | 'files';
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal;
  /** The whole body. Called at most once, and not at all where the connection breaks before. */
  read(): Promise<Uint8Array>;
}

/** Thrown, or set as a body's error, in place of an answer: the connection ends here. */
export class ConnectionLost extends Error {
  /** `reset` is abrupt; `end` closes in good order, too early. */
  readonly how: 'reset' | 'end';

  constructor(how: 'reset' | 'end') {
    super(`connection ${how}`);
    this.how = how;
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return bytes(new TextEncoder().encode(JSON.stringify(body)), status, {
    'content-type': 'application/json; charset=utf-8',
    ...headers,
  });
}

/** An answer with its `Content-Length`. */
export function bytes(body: ByteArray, status: number, headers: Record<string, string> = {}): Response {
  if (status === 204 || status === 205 || status === 304) return new Response(null, { status, headers });
  return new Response(body, { status, headers: { 'content-length': String(body.byteLength), ...headers } });
}

/** Waits, or rejects with the signal's reason. */
export function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Never answers; rejects when the caller has gone. */
export function stall(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

import type { WebhookVerificationError } from '../errors.js';
import { refused } from './refused.js';

/** The body as it came over the wire: text or bytes, the whole `Request` (it is read then), or its stream. */
export type WebhookBody = string | Uint8Array | ArrayBuffer | Request | ReadableStream<Uint8Array>;

/** How much is read of a body that has yet to come, and for how long: nobody has been believed yet. */
export interface BodyLimits {
  /** A larger body is refused, in bytes. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** A slower body is refused, in milliseconds. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(): Promise<void>;
}

/**
 * The bytes of a body that has yet to come.
 *
 * @throws WebhookVerificationError `body-too-large`, `body-timeout` or `body-incomplete`; `parsed-body` for what is
 * no body, or was read before.
 * @param linger - The rest of a body that is too large is read and dropped, within the same time: to answer in the middle
 * of it, or to cancel it, closes the connection in Node, and takes the answer away.
 */
export async function readBody(
  body: unknown,
  { maxBodyBytes = 1_048_576, bodyTimeoutMs = 10_000 }: BodyLimits,
  linger = false,
): Promise<Uint8Array> {
  // Not by its class: what a test runner or an edge runtime loads in a context of its own has other ones.
  if ({}.toString.call(body) === '[object ArrayBuffer]') return new Uint8Array(body as ArrayBuffer);
  // Written so that a limit that is not a number lets nothing pass.
  const check = (size: number) => {
    if (!(size <= maxBodyBytes)) throw refused('body-too-large', `the body is over ${maxBodyBytes} bytes`);
  };
  const { headers } = Object(body) as Partial<Request>;
  const reader = readerOf(body);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(refused('body-timeout', `the body took longer than ${bodyTimeoutMs} ms`));
    timer = setTimeout(late, bodyTimeoutMs);
  });
  let bytes: Uint8Array = new Uint8Array();
  let size = 0;
  try {
    check(Number(headers?.get?.('content-length')) || 0);
    for (let reads = 0; ; reads++) {
      const { done, value } = await Promise.race([reader.read(), timeout]);
      if (done) return bytes.subarray(0, size);
      if (!ArrayBuffer.isView(value)) throw parsed();
      const end = size + value.byteLength;
      // Empty ones count too, or they could go on for ever.
      check(Math.max(end, reads));
      // Into one buffer: a list of a million chunks of one byte takes a hundred times as much.
      if (end > bytes.length) {
        const larger = new Uint8Array(bytes.length ? end * 2 : end);
        larger.set(bytes.subarray(0, size));
        bytes = larger;
      }
      bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), size);
      size = end;
    }
  } catch (error) {
    const { reason } = error as Partial<WebhookVerificationError>;
    if (linger && reason === 'body-too-large') await Promise.race([discard(reader), timeout]).catch(() => {});
    reader.cancel().catch(() => {});
    throw reason ? error : refused('body-incomplete', 'the body broke off');
  } finally {
    clearTimeout(timer);
  }
}

async function discard(reader: Reader): Promise<void> {
  for (let reads = 1; !(await reader.read()).done; reads++) {
    // A stream that always has something at hand would let no timer run.
    if (reads % 16 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** @throws WebhookVerificationError `parsed-body` */
function readerOf(body: unknown): Reader {
  const given = Object(body) as Partial<Request> & Partial<ReadableStream>;
  try {
    if (given.bodyUsed) throw parsed();
    const stream = given.getReader ? given : given.body;
    if (stream?.getReader) return stream.getReader() as Reader;
    // A request without a body, and what has no stream: a Blob, and requests of a few frameworks.
    let done = stream === null;
    if (!done && !given.arrayBuffer) throw parsed();
    return {
      async read() {
        if (done) return { done };
        done = true;
        return { done: false, value: new Uint8Array((await given.arrayBuffer?.()) as ArrayBuffer) };
      },
      async cancel() {},
    };
  } catch {
    throw parsed();
  }
}

function parsed(): WebhookVerificationError {
  return refused('parsed-body', 'the body is not raw bytes');
}

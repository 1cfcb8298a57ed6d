import { Refused } from './answer.js';

/** How long a page may take to send a body, in milliseconds. */
const BODY_MS = 30_000;

/**
 * All bytes of a body.
 *
 * @throws Refused with 413 where it is larger, 408 where it comes too slowly, 400 where it breaks off.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new Refused(413, `More than ${maxBytes} bytes`);
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge();
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refused(408, 'The body comes too slowly')), BODY_MS);
  });
  try {
    let bytes = new Uint8Array();
    let size = 0;
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return bytes.subarray(0, size);
      if (size + value.length > maxBytes) throw tooLarge();
      if (size + value.length > bytes.length) {
        const larger = new Uint8Array(Math.min(maxBytes, 2 * (size + value.length)));
        larger.set(bytes.subarray(0, size));
        bytes = larger;
      }
      bytes.set(value, size);
      size += value.length;
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof Refused ? error : new Refused(400, 'The body broke off');
  } finally {
    clearTimeout(timer);
  }
}

/** @throws Refused with 400 where it is no JSON object. */
export function readJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refused(400, 'The body is not JSON');
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Readonly<Record<string, unknown>>;
  throw new Refused(400, 'The body is no JSON object');
}

/** A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;
export type Encoding = 'hex' | 'base64';

/** What is at hand of a body, not copied; undefined for what has yet to be read. */
export function bytesOf(body: unknown): Bytes | undefined {
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return typeof body === 'string' ? body : undefined;
}

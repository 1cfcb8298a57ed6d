import { refused } from './refused.js';

/** The body as it came over the wire: text or bytes, or the whole `Request` (it is read then). */
export type WebhookBody = string | Uint8Array | ArrayBuffer | Request;

/**
 * The bytes of a body that is no text, not copied.
 *
 * @throws WebhookVerificationError `parsed-body` for anything else.
 */
export async function rawBody(body: unknown): Promise<Uint8Array> {
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  try {
    return new Uint8Array(body instanceof ArrayBuffer ? body : await (body as Request).arrayBuffer());
  } catch {
    throw refused(
      'parsed-body',
      'the body is not raw bytes',
      'Express: express.raw(). Fastify: parseAs: "buffer". Next: request. Hono: c.req.raw. Lambda: event.body.',
    );
  }
}

import { refused } from './refused.js';

/** The body as it came over the wire: text or bytes, or the whole `Request` (it is read then). */
export type WebhookBody = string | Uint8Array | ArrayBuffer | Request;

/**
 * The body as text or bytes, not copied.
 *
 * @throws WebhookVerificationError `parsed-body` for anything else.
 */
export async function rawBody(body: unknown): Promise<string | Uint8Array> {
  if (typeof body === 'string') return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  try {
    return new Uint8Array(body instanceof ArrayBuffer ? body : await (body as Request).arrayBuffer());
  } catch {
    throw refused(
      'parsed-body',
      'the body is parsed or read already',
      'Express: express.raw(). Fastify: parseAs: "buffer". Next: request. Hono: c.req.raw. Lambda: event.body.',
    );
  }
}

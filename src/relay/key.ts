import { Refused } from './answer.js';

/**
 * By what a page's submit is known: the same for the same user and `Idempotency-Key`, and not to be guessed from it. A
 * page's own key is no secret, and may be that of another user, too.
 *
 * @throws Refused where the header is none.
 */
export async function keyOf(userId: string, idempotencyKey: string | null): Promise<string> {
  if (idempotencyKey === null) return crypto.randomUUID();
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    throw new Refused(400, 'Idempotency-Key must be 1 to 255 printable ASCII characters, without spaces');
  return digestOf(new TextEncoder().encode(`${userId.length}:${userId}${idempotencyKey}`));
}

/** SHA-256, in 43 letters, digits, `-` and `_`. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');
}

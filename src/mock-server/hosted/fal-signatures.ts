import type { ByteArray } from '../bytes.js';

/** The key of a mock server that was given none: a published one, so that nobody takes it for a secret (RFC 8032, 7.1, test 1). */
const SEED = 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=';
/** What stands before the seed in PKCS #8. */
const PKCS8 = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/**
 * The headers of a delivery: an Ed25519 signature, in hex, over the id of the request, that of the user, the time, and
 * the digest of the body.
 *
 * @param seed - 32 bytes in base64.
 */
export async function falWebhookHeaders(
  seed: string | undefined,
  body: ByteArray,
): Promise<Record<string, string>> {
  const { request_id } = JSON.parse(new TextDecoder().decode(body)) as { readonly request_id: unknown };
  const [id, user, time] = [String(request_id), 'mock-user', String(Math.floor(Date.now() / 1_000))];
  const digest = hex(await crypto.subtle.digest('SHA-256', body));
  const signed = new TextEncoder().encode([id, user, time, digest].join('\n'));
  return {
    'x-fal-webhook-request-id': id,
    'x-fal-webhook-user-id': user,
    'x-fal-webhook-timestamp': time,
    'x-fal-webhook-signature': hex(await crypto.subtle.sign('Ed25519', await keyOf(seed), signed)),
  };
}

/** The public keys, as fal publishes them. */
export async function falKeys(seed: string | undefined): Promise<Record<string, unknown>> {
  const { x } = await crypto.subtle.exportKey('jwk', await keyOf(seed));
  return { keys: [{ kty: 'OKP', crv: 'Ed25519', x }] };
}

/** @throws where it is not 32 bytes in base64. */
export function falSeed(seed = SEED): ByteArray {
  const bytes = Uint8Array.from(atob(seed), (char) => char.charCodeAt(0));
  if (bytes.length !== 32) throw new RangeError('not 32 bytes');
  return bytes;
}

function keyOf(seed: string | undefined): Promise<CryptoKey> {
  const pkcs8 = Uint8Array.from([...PKCS8, ...falSeed(seed)]);
  return crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

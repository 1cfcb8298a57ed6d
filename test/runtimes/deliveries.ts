import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import type { Delivery } from './programs/scenario.js';

/** One delivery of each kind of signature, signed by node:crypto and none of our code. */
export function signedDeliveries(): readonly Delivery[] {
  const body = JSON.stringify({ jobId: 'job-1', status: 'completed', progress: 100 });
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signed = `${id}.${timestamp}.${body}`;
  const standard = (signature: string) => ({
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  });

  const shared = randomBytes(32);
  const hmac = createHmac('sha256', shared).update(signed).digest('base64');
  const raw = randomBytes(16).toString('hex');
  const hex = createHmac('sha256', raw).update(body).digest('hex');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // The last 32 bytes of the DER form are the key itself (RFC 8410).
  const publicBytes = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const ed25519 = sign(null, Buffer.from(signed), privateKey).toString('base64');
  return [
    { body, secret: `whsec_${shared.toString('base64')}`, headers: standard(`v1,${hmac}`) },
    { body, secret: raw, headers: { 'x-signature': hex } },
    { body, secret: `whpk_${publicBytes.toString('base64')}`, headers: standard(`v1a,${ed25519}`) },
  ];
}

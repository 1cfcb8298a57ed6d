/** A hash of the whole file, as the server gave it. */
export interface ExpectedDigest {
  readonly algorithm: 'sha-256' | 'sha-512' | 'md5';
  readonly base64: string;
}

/**
 * `Repr-Digest` (RFC 9530), the older `Digest` (RFC 3230), the SHA-256 of S3, or `Content-MD5`. Only for a whole,
 * unencoded answer: some of these speak about the part or the encoding that was sent.
 */
export function expectedDigest(headers: Headers): ExpectedDigest | undefined {
  const sha = /\b(sha-256=:?[\w+/]{43}=|sha-512=:?[\w+/]{86}==)/i.exec(
    headers.get('repr-digest') ?? headers.get('digest') ?? '',
  )?.[0];
  if (sha !== undefined) {
    const algorithm = sha.slice(0, 7).toLowerCase() === 'sha-512' ? 'sha-512' : 'sha-256';
    return { algorithm, base64: sha.slice(8).replace(':', '') };
  }
  const amazon = headers.get('x-amz-checksum-sha256') ?? '';
  if (/^[\w+/]{43}=$/.test(amazon)) return { algorithm: 'sha-256', base64: amazon };
  const md5 = headers.get('content-md5') ?? '';
  return /^[\w+/]{22}==$/.test(md5) ? { algorithm: 'md5', base64: md5 } : undefined;
}

/**
 * Whether a request may come from where it says. A cookie goes along from any page, and a WebSocket knows no CORS. Who
 * sends no `Origin` is no page, or asks for what changes nothing.
 *
 * @param allowed - Origins; where there are none, the host of `Origin` must be the one that was asked. Its scheme says
 * nothing: TLS ends before us.
 */
export function isOwnOrigin(
  request: { readonly url: string; readonly headers: Headers },
  allowed: ReadonlySet<string> | undefined,
): boolean {
  const origin = request.headers.get('origin');
  if (origin === null) return true;
  const given = parse(origin);
  // `null`, as of a frame that is shut in, is nobody's.
  if (given === undefined) return false;
  if (allowed !== undefined) return allowed.has(given.origin);
  const asked = parse(`${given.protocol}//${request.headers.get('host') ?? hostOf(request.url)}`);
  return asked !== undefined && asked.host === given.host;
}

function hostOf(url: string): string {
  return parse(url)?.host ?? '';
}

function parse(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.host === '' ? undefined : url;
  } catch {
    return undefined;
  }
}

import { isLoopback } from '../../gate.js';

/**
 * Keeps out pages of other origins, which could reach a server of this machine: 403 without a word, where the host is
 * one of this machine, and the origin another. Where one of them has no port, ports are not looked at.
 */
export function turnAwayStrangers(headers: Headers): Response | undefined {
  if (headers.get('sec-fetch-site') === 'cross-site') return forbidden();
  const host = headers.get('host')?.toLowerCase();
  const origin = headers.get('origin');
  if (!host || origin === null) return undefined;
  const called = parse(`http://${host}`);
  const page = parse(origin);
  if (called === undefined || page === undefined || !isLoopback(called.hostname)) return undefined;
  const hasPorts = /:\d+$/.test(host) && /:\d+$/.test(origin);
  const isSame = hasPorts ? called.host === page.host : called.hostname === page.hostname;
  return isSame ? undefined : forbidden();
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function forbidden(): Response {
  return new Response(null, { status: 403, headers: { 'content-length': '0' } });
}

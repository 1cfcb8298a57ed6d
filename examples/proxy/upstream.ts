import { Refusal } from './guard.js';

/** The server that makes the videos, and what it wants to see. */
export interface Upstream {
  readonly url: string;
  readonly key: string;
}

/** What goes on in either direction; all else stays here, cookies first of all. */
const REQUEST_HEADERS = ['accept', 'content-type', 'idempotency-key', 'if-range', 'range'];
const RESPONSE_HEADERS = [
  'accept-ranges',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'repr-digest',
  'retry-after',
];

export interface UpstreamCall {
  readonly path: string;
  /** Of the browser's request. */
  readonly headers: Headers;
  /** JSON makes it a POST. */
  readonly body?: ArrayBuffer;
  readonly signal?: AbortSignal;
}

export function upstreamUrl({ url }: Upstream, path: string): URL {
  return new URL(url.replace(/\/$/, '') + path);
}

/** Makes a call with the key, and hands back what a browser may see of the answer, its body unread. */
export async function callUpstream(upstream: Upstream, call: UpstreamCall): Promise<Response> {
  const { body, signal } = call;
  const headers = pick(call.headers, REQUEST_HEADERS);
  headers.set('authorization', `Bearer ${upstream.key}`);
  headers.set('accept-encoding', 'identity'); // Else the length is not that of what fetch hands out.
  const answer = await fetch(upstreamUrl(upstream, call.path), {
    headers,
    // fetch follows to other hosts too, and takes the key off then.
    ...(body === undefined ? {} : { method: 'POST', body, redirect: 'error' }),
    ...(signal && { signal }),
  }).catch(() => {
    throw new Refusal(502, 'the video server cannot be reached');
  });
  refuseBroken(answer);
  return new Response(answer.body, {
    status: answer.status,
    headers: pick(answer.headers, RESPONSE_HEADERS),
  });
}

/** What the upstream says of this server's key, and of its own insides, is nothing for a browser. */
function refuseBroken(answer: Response): void {
  const { headers, status } = answer;
  if (status < 500 && status !== 401 && status !== 403) return;
  void answer.body?.cancel();
  // 503 stays what it is: a client waits as long as it says before it asks for a status again.
  if (status === 503)
    throw new Refusal(503, 'the video server is busy', headers.get('retry-after') ?? undefined);
  throw new Refusal(502, `the video server answered ${status}`);
}

function pick(from: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) picked.set(name, value);
  }
  if (from.has('content-encoding')) picked.delete('content-length');
  return picked;
}

import type { HttpRequest } from '../backends/backend.js';
import type { ServerSettings } from '../core/settings.js';
import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import { ConfigurationError, InvalidResponseError } from '../errors.js';
import { abortable } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { withUserAgent } from '../runtime/user-agent.js';
import { discard } from './body.js';
import { patience } from './node-fetch.js';
import { quieten } from './node-stream.js';
import type { Secrets } from './secrets.js';
import { type Credentials, isTrusted, NO_CREDENTIALS } from './trust.js';
import type { CallContext, Payload } from './types.js';

const MAX_REDIRECTS = 5;
/** What may follow a redirect to another origin; any other header may say who we are. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-encoding', 'range', 'if-range']);

/** What is known of one call while it is under way. */
export interface Trip {
  /** Something was handed to the network. */
  sent: boolean;
  /** A POST was answered as one that did its work: `303 See Other`, or what many frameworks make of it, see below. */
  accepted: boolean;
  credentials: Credentials;
  /** The origin that redirects led to, where that is none of ours and got no credentials. */
  strayedTo?: string;
}

/** What is sent, by each attempt at it. */
export interface Outgoing {
  readonly request: HttpRequest;
  readonly payload: Payload;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ExchangeOptions {
  readonly call: Outgoing;
  /** All credentials that go out are added. */
  readonly secrets: Secrets;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly context: CallContext;
  /** Of `noStoreFor`. */
  readonly noStore: Pick<RequestInit, 'cache'>;
}

/**
 * Sends one request and follows its redirects, credentials to our origins only. Where the answer is 401 and the
 * credentials come of a function, that is asked once more. Resolves with the answer, its body unread.
 */
export async function exchange(
  settings: ServerSettings,
  runtime: Runtime,
  url: URL,
  options: ExchangeOptions,
  trip: Trip,
): Promise<Response> {
  if (!isTrusted(url, settings)) return travel(false);
  trip.credentials = await askForCredentials();
  const response = await travel(true);
  if (response.status !== 401 || trip.accepted) return response;
  // Refused: whatever happens from here until it is sent again, it did nothing.
  trip.sent = false;
  const again = await askForCredentials();
  if (JSON.stringify(again.headers) === JSON.stringify(trip.credentials.headers)) return response;
  discard(response);
  trip.credentials = again;
  return travel(true);

  function askForCredentials(): Promise<Credentials> {
    return abortable(options.secrets.ask(settings), options.signal);
  }

  async function travel(trusted: boolean): Promise<Response> {
    const { headers: given, payload, request } = options.call;
    let { method } = request;
    let at = url;
    // Plain, since many a wrapper spreads them: of a Headers object nothing would be left.
    let own: PlainHeaders = Object.fromEntries(new Headers({ ...request.headers, ...given }));
    for (let redirects = 0; ; redirects++) {
      const credentials = trusted ? trip.credentials : NO_CREDENTIALS;
      const headers: PlainHeaders = { ...withUserAgent(credentials.headers), ...own };
      const { body, contentType } = method === 'GET' ? NOTHING : payload;
      if (contentType !== undefined) headers['content-type'] = contentType;
      // A form: fetch sets it, with the boundary that it chooses.
      else if (body !== undefined) delete headers['content-type'];
      const { signal } = options;
      // An answer must be of now: a cache may hold the status of before, or a file without its CORS headers.
      const init: Init = { method, headers, signal, redirect: 'manual', ...options.noStore };
      if (body !== undefined) init.body = body;
      if (runtime.hasOwnFetch !== true) Object.assign(init, patience(options.timeoutMs));
      // A `fetch` of the caller's may not look at its signal.
      signal.throwIfAborted();
      trip.sent = true;
      const response = await send(at, init, trusted);
      quieten(response);
      const next = redirectOf(response, at, method);
      if (method !== 'GET' && isAcceptance(response, at)) trip.accepted = true;
      if (next === undefined) return response;
      discard(response);
      if (redirects === MAX_REDIRECTS) {
        throw new InvalidResponseError(
          `${options.context.call} was redirected more than ${MAX_REDIRECTS} times`,
          { jobId: options.context.jobId },
        );
      }
      if (response.status === 303) method = 'GET';
      if (next.origin !== at.origin) {
        // Once left, our origin gets no credentials on the way back: the way is a stranger's.
        if (trusted && !isTrusted(next, settings)) {
          trusted = false;
          if (Object.keys(trip.credentials.headers).length > 0) trip.strayedTo = next.origin;
        }
        own = harmless(own);
      }
      at = next;
    }
  }

  async function send(at: URL, init: Init, trusted: boolean): Promise<Response> {
    const response = await ask(at, init);
    if (response.type !== 'opaqueredirect') return response;
    // A browser does not say where a redirect leads. It drops `Authorization` itself where that is another origin,
    // but no other header, so those stay behind. Nothing but a GET is sent to a place nobody has seen.
    if (init.method !== 'GET') {
      throw new ConfigurationError(
        'baseUrl',
        `${options.context.call} was redirected, and a browser does not say where to`,
        {
          jobId: options.context.jobId,
          hint: 'Set baseUrl to where the API is.',
        },
      );
    }
    const headers = harmless(init.headers);
    const authorization = trusted ? trip.credentials.headers.authorization : undefined;
    if (authorization !== undefined) headers.authorization = authorization;
    const end = await ask(at, { ...init, headers, redirect: 'follow' });
    const { origin } = parseUrl(end.url) ?? at;
    if (authorization !== undefined && origin !== at.origin) trip.strayedTo = origin;
    return end;
  }

  async function ask(at: URL, init: RequestInit): Promise<Response> {
    const asked = Promise.resolve(runtime.fetch(at.href, init));
    // One that comes when nobody waits for it any more holds no connection.
    const dropLate = (late: Response) => options.signal.aborted && discard(late);
    asked.then(dropLate).catch(() => {});
    return abortable(asked, options.signal);
  }
}

const NOTHING: Payload = {};

/** Lower-case names, as of `Headers`. */
type PlainHeaders = Record<string, string>;
type Init = RequestInit & { headers: PlainHeaders };

function harmless(headers: PlainHeaders): PlainHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.has(name)));
}

/**
 * What keeps caches out. Workers of before 2024-11 throw on any `cache`, also when only a request is made. Sends
 * nothing, but takes as long as the rest of a call: once is enough for all calls.
 */
export function noStoreFor(url: URL): Pick<RequestInit, 'cache'> {
  const noStore = { cache: 'no-store' } as const;
  if (typeof Request !== 'function') return noStore;
  try {
    new Request(url, noStore);
    return noStore;
  } catch {
    return {};
  }
}

/**
 * After a POST, `303 See Other` says that the work is done. Many frameworks say 302 for it, with a place of their
 * own; one that leads elsewhere is of a proxy, to https or to a login.
 */
function isAcceptance({ headers, status }: Response, from: URL): boolean {
  if (status !== 302) return status === 303;
  return parseUrl(headers.get('location') ?? '', from)?.origin === from.origin;
}

/**
 * Where to go on, or undefined where the answer is the end. A POST or DELETE is repeated only at the same origin
 * and only where the server says so (307, 308): at 301 and 302 browsers turn it into a GET, which makes no job.
 */
function redirectOf(response: Response, from: URL, method: string): URL | undefined {
  const { status } = response;
  const location = response.headers.get('location');
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  const next = parseUrl(location, from);
  if (next === undefined || !isHttp(next) || holdsPassword(next)) return undefined;
  if (method === 'GET' || status === 303) return next;
  return status >= 307 && next.origin === from.origin ? next : undefined;
}

import type { HttpRequest } from '../backends/backend.js';
import { parseUrl } from '../core/url.js';
import { isVideoError } from '../errors.js';
import { isReachable } from '../http/reachable.js';
import { type DiagnosisDeps, type Finding, failure, PROBE_JOB_ID } from './diagnose-deps.js';

/** As much of an answer as is compared with another, in bytes. */
const MAX_WORDS = 4_096;

/** `unreachable`: no server answered, so no stream can either. */
type Probed = Finding & { unreachable?: true };

/** The backend's own probe, else a status call for a job that no server has. */
export function probePolling(deps: DiagnosisDeps, signal: AbortSignal): Promise<Probed> {
  const { backend } = deps;
  return ask(deps, backend.probe ?? backend.status(PROBE_JOB_ID), signal);
}

async function ask(deps: DiagnosisDeps, request: HttpRequest, signal: AbortSignal): Promise<Probed> {
  const { http, backend, baseUrl } = deps;
  let response: Response;
  try {
    ({ response } = await http.open(request, { signal, headers: { accept: 'application/json' } }));
  } catch (error) {
    signal.throwIfAborted();
    if (isVideoError(error) && error.code === 'configuration') return failure(error.message, error.hint);
    const reachable = await isReachable(baseUrl, signal);
    signal.throwIfAborted();
    return unreachable(deps, error, reachable);
  }
  const { status, headers, url } = response;
  const words = await wordsOf(response, signal);
  // A `fetch` of the caller's may ask another place in the name of this one, as through a proxy.
  const elsewhere = url === '' || deps.runtime.hasOwnFetch ? undefined : parseUrl(url);
  if (elsewhere !== undefined && elsewhere.origin !== http.resolve(request.url).origin) {
    return failure(
      `The server at ${baseUrl.origin} redirects to ${elsewhere.origin}, where neither credentials nor submits go along.`,
      `Set baseUrl to ${elsewhere.origin}${baseUrl.pathname.replace(/\/$/, '')}.`,
    );
  }
  const isJson = /\bjson\b/.test(headers.get('content-type') ?? '');
  const isDenied = status === 401 || (!response.ok && isDeniedBy(deps, words));
  if (request === backend.probe && !isDenied) {
    // A proxy may let nothing through but jobs.
    if (!response.ok || !isJson) return ask(deps, backend.status(PROBE_JOB_ID), signal);
    return { state: 'works', message: `The server answers, and takes the credentials (HTTP ${status}).` };
  }
  if (isDenied || status === 403) {
    return failure(
      `The server refused the credentials (HTTP ${status}).`,
      'Check auth: a token may be missing, wrong or expired.',
    );
  }
  if ([502, 503, 504].includes(status)) {
    return failure(`The server answers status calls with HTTP ${status}.`, 'Look at the logs of the server.');
  }
  if (status >= 500 || status === 429) {
    return {
      state: 'unknown',
      message: `The server answers HTTP ${status} to a status call for a job that does not exist, which says little about those that do.`,
      hint: 'Follow a job that exists; if that fails as well, look at the logs of the server.',
    };
  }
  const known = status === 404 ? !(await isUnknownRoute(deps, words, signal)) : isJson;
  if (known) {
    return {
      state: 'works',
      message: `The server answers status calls (HTTP ${status} for a job that does not exist).`,
    };
  }
  if (!isJson) {
    return failure(
      `Something answers at ${baseUrl.origin}, but not this API (HTTP ${status}, no JSON).`,
      'Check host, port and path of baseUrl, and that backend is the dialect of the server.',
    );
  }
  return {
    state: 'unknown',
    message: `The server answers HTTP ${status} to status calls, and the same where it surely has no route: this one may be missing.`,
    hint: 'If jobs are not found, check the path of baseUrl, and that backend, with its options, is the dialect of the server.',
  };
}

/** By the words of its answer: some say of credentials by a 400 what others say by a 401. */
function isDeniedBy({ backend }: DiagnosisDeps, words: string): boolean {
  try {
    return backend.parseError?.(JSON.parse(words)).unauthorized === true;
  } catch {
    return false;
  }
}

/** A 404 is of the job where a route that does not exist is refused in other words. */
async function isUnknownRoute(deps: DiagnosisDeps, words: string, signal: AbortSignal): Promise<boolean> {
  const { http, backend } = deps;
  const { url } = backend.status(PROBE_JOB_ID);
  const nowhere = url.replace(/([/?][^/?]*)$/, '-of-nothing$1');
  try {
    const request = { method: 'GET', url: nowhere } as const;
    const { response } = await http.open(request, { signal, headers: { accept: 'application/json' } });
    const same = bare(await wordsOf(response, signal)) === bare(words);
    return response.status === 404 && same;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Without what differs from call to call: the path that was asked for, ids and times. */
function bare(words: string): string {
  return words.replaceAll('-of-nothing', '').replace(/\d[\w.:-]*/g, '#');
}

async function wordsOf({ body }: Response, signal: AbortSignal): Promise<string> {
  if (typeof body?.getReader !== 'function') return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  let words = '';
  try {
    while (words.length < MAX_WORDS) {
      const { done, value } = await reader.read();
      if (done) break;
      words += decoder.decode(value, { stream: true });
    }
  } catch {
    // What came will do.
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
  return words.slice(0, MAX_WORDS);
}

function unreachable(
  { backend, baseUrl }: DiagnosisDeps,
  error: unknown,
  reachable: boolean,
): Finding & { unreachable?: true } {
  if (reachable) {
    // Whose service is hosted cannot change what it answers.
    const allow = backend.baseUrl?.startsWith(baseUrl.origin)
      ? 'Call'
      : `Let the server answer with Access-Control-Allow-Origin: ${globalThis.location?.origin ?? 'the origin of the page'}, or call`;
    return failure(
      `The server at ${baseUrl.origin} is there, but the browser keeps its answers from this page (CORS).`,
      `${allow} it through a proxy of your own.`,
    );
  }
  const why = error instanceof Error ? `: ${error.message}` : '';
  // A name, a certificate, a network: the error knows. That nothing listens is most often a server not started.
  const isKnown = globalThis.document === undefined && !/REFUSED/i.test(why);
  const hint = (isKnown && isVideoError(error) ? error.hint : undefined) ?? NOT_RUNNING;
  return { ...failure(`Nothing answers at ${baseUrl.origin}${why}.`, hint), unreachable: true };
}

const NOT_RUNNING = 'Check that the server is running (npm run dev), and that baseUrl has its host and port.';

import type { AnyBackend, HttpRefusal, HttpRequest } from '../backends/backend.js';
import { backoffDelayMs } from '../core/backoff.js';
import type { FollowingSettings, Logger, ServerSettings } from '../core/settings.js';
import { redactUrl } from '../core/text.js';
import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import { ApiError, aboutJob, InputError, InvalidResponseError, VideoError } from '../errors.js';
import { sleep, startDeadline } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { apiErrorOf, type CallContext, readJson, readRefusal } from './answer.js';
import { NO_CREDENTIALS } from './credentials.js';
import { exchange, type Trip } from './exchange.js';
import { judge, networkError, outcomeUnknown, timeoutError } from './failure.js';
import { type Payload, payloadOf } from './payload.js';
import { Secrets } from './secrets.js';
import type { HttpClient } from './types.js';

export interface HttpSettings extends ServerSettings, Pick<FollowingSettings, 'timeouts' | 'retry'> {
  readonly logger?: Pick<Logger, 'debug'>;
  readonly backend: Pick<AnyBackend, 'parseError'>;
}

/**
 * The one door to the network. Holds nothing but its settings, in a closure, so that inspecting a client shows no
 * credential.
 */
export function createHttpClient(settings: HttpSettings, runtime: Runtime): HttpClient {
  const { baseUrl, timeouts, retry } = settings;
  const basePath = baseUrl.pathname.replace(/\/+$/, '');
  const secrets = new Secrets();
  /** Where redirects led for an answer that `open` gave, for as long as somebody holds it. */
  const trips = new WeakMap<Response, Trip>();

  function told<T>(error: T, jobId?: string): T {
    return aboutJob(secrets.clean(error), jobId);
  }

  function resolve(url: string): URL {
    // `/v1` is part of what some call the base URL, and of what others call the route.
    const version = /\/v\d+$/.exec(basePath)?.[0];
    const isRepeated = version !== undefined && url.startsWith(`${version}/`);
    const base = baseUrl.origin + (isRepeated ? basePath.slice(0, -version.length) : basePath);
    // Joined as text below our origin: `/\host` and the like would otherwise be another one.
    const resolved = /^\/(?!\/)/.test(url) ? parseUrl(base + url) : parseUrl(url, `${base}/`);
    if (resolved === undefined || !isHttp(resolved) || holdsPassword(resolved)) {
      // Told without the text: it may hold a signature.
      throw new InvalidResponseError('the server gave a URL that cannot be fetched', {
        hint: 'Only http: and https: without user name and password are.',
      });
    }
    return resolved;
  }

  function describe(request: HttpRequest): string {
    return `${request.method} ${redactUrl(resolve(request.url))}`;
  }

  /** One attempt. `whole` reads the body under the same deadline; without it, the deadline ends with the headers. */
  async function attempt<T>(
    request: HttpRequest,
    payload: Payload,
    options: {
      signal?: AbortSignal | undefined;
      jobId?: string | undefined;
      headers: Record<string, string>;
    },
    trip: Trip,
    finish: (response: Response, context: CallContext) => T | Promise<T>,
    whole: boolean,
  ): Promise<T> {
    const { signal, jobId } = options;
    signal?.throwIfAborted();
    const url = resolve(request.url);
    const timeoutMs = request.timeout === 'job' ? timeouts.jobMs : timeouts.requestMs;
    const deadline = startDeadline(runtime, timeoutMs, signal);
    const context = { call: describe(request), jobId, signal: deadline.signal };
    const startedAt = runtime.elapsedMs();
    const log = (how: string) => {
      const about = jobId === undefined ? '' : `job ${JSON.stringify(jobId)}: `;
      settings.logger?.debug(`${about}${context.call} ${how} (${runtime.elapsedMs() - startedAt} ms)`);
    };
    let done = false;
    let answered = false;
    try {
      const { headers } = options;
      const exchangeOptions = { signal: deadline.signal, timeoutMs, headers, context, payload, secrets };
      const response = await exchange(settings, runtime, url, request, exchangeOptions, trip);
      answered = true;
      const requestId = response.headers.get('x-request-id')?.slice(0, 200);
      log(
        `answered ${response.status}${requestId === undefined ? '' : `, request id ${secrets.redact(requestId)}`}`,
      );
      const result = await finish(response, context);
      done = true;
      return result;
    } catch (error) {
      if (!answered) log(signal?.aborted === true ? 'was aborted' : 'got no answer');
      signal?.throwIfAborted();
      if (error instanceof VideoError) throw error;
      throw deadline.expired ? timeoutError(timeoutMs, context) : networkError(error, context);
    } finally {
      if (whole || !done) deadline.end();
      else deadline.stopClock();
    }
  }

  function errorOf(refusal: Omit<HttpRefusal, 'call'>, context: CallContext, trip: Trip, submits: boolean) {
    const { parseError } = settings.backend;
    return apiErrorOf(refusal, context, {
      ...{ parseError, nowMs: runtime.now(), submits },
      strayedTo: trip.strayedTo,
    });
  }

  /** How long until the next attempt; undefined where the error is final. */
  function delayAfter(error: unknown, failures: number): number | undefined {
    if (failures >= retry.attempts) return undefined;
    const backoffMs = backoffDelayMs(failures, retry, runtime.random());
    const retryAfterMs = (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0;
    // Asked to wait longer than we are willing to: the error says how long.
    return retryAfterMs > retry.maxDelayMs ? undefined : Math.max(backoffMs, retryAfterMs);
  }

  return {
    resolve,

    told,
    redact: (text) => secrets.redact(text),
    conceal: (more) => secrets.remember(more),

    async open(request, { signal, jobId, headers = {} }) {
      const trip = newTrip();
      try {
        const payload = await payloadOf(request, runtime.hasOwnFetch === true);
        const response = await attempt(request, payload, { signal, jobId, headers }, trip, (it) => it, false);
        trips.set(response, trip);
        return response;
      } catch (error) {
        signal?.throwIfAborted();
        throw told(error, jobId);
      }
    },

    async refusal(response, request, { signal, jobId }) {
      const deadline = startDeadline(runtime, timeouts.requestMs, signal);
      const context = { call: describe(request), jobId, signal: deadline.signal };
      try {
        const refusal = await readRefusal(response, context);
        return told(errorOf(refusal, context, trips.get(response) ?? newTrip(), false), jobId);
      } finally {
        deadline.end();
        signal?.throwIfAborted();
      }
    },

    async send(request, options) {
      const { signal, jobId, idempotencyKey, accepts, progress = {} } = options;
      const submits = options.repeat === 'submit';
      try {
        const headers: Record<string, string> = { accept: 'application/json', ...keyHeader(idempotencyKey) };
        signal?.throwIfAborted();
        const payload = await payloadOf(request, runtime.hasOwnFetch === true);
        for (let failures = 1; ; failures++) {
          const trip = newTrip();
          progress.trip = trip;
          try {
            return await attempt(
              request,
              payload,
              { signal, jobId, headers },
              trip,
              async (response, context) => {
                const { status } = response;
                if (response.ok) {
                  const body = await readJson(response, context, submits);
                  return { status, headers: response.headers, body };
                }
                const refusal = await readRefusal(response, context);
                if (!NEVER_AN_ANSWER.has(status) && accepts?.(refusal) === true) return refusal;
                throw errorOf(refusal, context, trip, submits);
              },
              true,
            );
          } catch (error) {
            signal?.throwIfAborted();
            // All that `attempt` rejects with but an abort, which was thrown just now.
            const failure = error as VideoError;
            const { again, unknown } = judge(failure, trip, options);
            if (unknown) progress.doubt ??= failure;
            else trip.sent = false;
            const { doubt, isAbandoned } = progress;
            const isDone = !again || (isAbandoned === true && doubt === undefined);
            const delayMs = isDone ? undefined : delayAfter(failure, failures);
            if (delayMs === undefined) {
              if (doubt === undefined) throw failure;
              throw outcomeUnknown(
                doubt,
                failure,
                { call: describe(request), jobId },
                idempotencyKey !== undefined,
              );
            }
            await sleep(runtime, delayMs, signal);
          }
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw told(error, jobId);
      }
    },
  };
}

/** Said of the call itself, whatever the body holds. */
const NEVER_AN_ANSWER: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

function newTrip(): Trip {
  return { sent: false, accepted: false, credentials: NO_CREDENTIALS };
}

function keyHeader(key: string | undefined): Record<string, string> {
  if (key === undefined) return {};
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return { 'idempotency-key': key };
  throw new InputError(
    'idempotencyKey',
    'idempotencyKey must be 1 to 255 printable ASCII characters, without spaces',
  );
}

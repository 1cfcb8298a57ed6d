import type { AnyBackend, HttpRequest } from '../backends/backend.js';
import type { Logger } from '../client/logger.js';
import type { Settings } from '../client/options.js';
import { backoffDelayMs } from '../core/backoff.js';
import { redactUrl } from '../core/text.js';
import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import { ApiError, InputError, InvalidResponseError, VideoError } from '../errors.js';
import { sleep, startDeadline } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { type CallContext, readApiError, readJson } from './answer.js';
import { NO_CREDENTIALS } from './credentials.js';
import { exchange, type Trip } from './exchange.js';
import { judge, networkError, outcomeUnknown, timeoutError } from './failure.js';
import type { HttpClient } from './types.js';

export type HttpSettings = Pick<
  Settings,
  'baseUrl' | 'webSocketUrl' | 'auth' | 'headers' | 'timeouts' | 'retry'
> & {
  readonly logger?: Pick<Logger, 'debug'>;
  readonly backend: Pick<AnyBackend, 'parseError'>;
};

/**
 * The one door to the network. Holds nothing but its settings, in a closure, so that inspecting a client shows no
 * credential.
 */
export function createHttpClient(settings: HttpSettings, runtime: Runtime): HttpClient {
  const { baseUrl, timeouts, retry } = settings;
  const basePath = baseUrl.pathname.replace(/\/+$/, '');
  /** Which secrets went out for an answer that `open` gave, for as long as somebody holds it. */
  const trips = new WeakMap<Response, Trip>();

  function resolve(url: string): URL {
    const base = baseUrl.origin + basePath;
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
      const exchangeOptions = { signal: deadline.signal, timeoutMs, headers: options.headers, context };
      const response = await exchange(settings, runtime, url, request, exchangeOptions, trip);
      answered = true;
      const requestId = response.headers.get('x-request-id')?.slice(0, 200);
      log(`answered ${response.status}${requestId === undefined ? '' : `, request id ${requestId}`}`);
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

  function readError(response: Response, context: CallContext, trip: Trip): Promise<ApiError> {
    const { parseError } = settings.backend;
    const { secrets } = trip.credentials;
    return readApiError(response, context, { parseError, secrets, nowMs: runtime.now() });
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

    async open(request, { signal, jobId, headers = {} }) {
      const trip = newTrip();
      const response = await attempt(request, { signal, jobId, headers }, trip, (answer) => answer, false);
      trips.set(response, trip);
      return response;
    },

    async refusal(response, request, { signal, jobId }) {
      const deadline = startDeadline(runtime, timeouts.requestMs, signal);
      const context = { call: describe(request), jobId, signal: deadline.signal };
      try {
        return await readError(response, context, trips.get(response) ?? newTrip());
      } finally {
        deadline.end();
        signal?.throwIfAborted();
      }
    },

    async send(request, options) {
      const { signal, jobId, idempotencyKey, progress = {} } = options;
      const headers: Record<string, string> = { accept: 'application/json', ...keyHeader(idempotencyKey) };
      for (let failures = 1; ; failures++) {
        const trip = newTrip();
        progress.trip = trip;
        try {
          return await attempt(
            request,
            { signal, jobId, headers },
            trip,
            async (response, context) => {
              if (!response.ok) throw await readError(response, context, trip);
              return {
                status: response.status,
                headers: response.headers,
                body: await readJson(response, context),
              };
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
    },
  };
}

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

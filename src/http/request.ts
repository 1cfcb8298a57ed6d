import type { AnyBackend, HttpRefusal, HttpRequest } from '../backends/backend.js';
import { nextDelayMs } from '../core/backoff.js';
import type { FollowingSettings, Logger, ServerSettings } from '../core/settings.js';
import { redactUrl } from '../core/text.js';
import { aboutJob, InputError, isVideoError, type VideoError } from '../errors.js';
import { abortable, sleep, startDeadline } from '../runtime/abort.js';
import { type Runtime, randomId } from '../runtime/runtime.js';
import { readJson, readRefusal } from './answer.js';
import { exchange, noStoreFor, type Outgoing, type Trip } from './exchange.js';
import { judge } from './failure.js';
import { fewWords, type Words } from './few-words.js';
import { loadSeldom } from './load-seldom.js';
import { payloadOf } from './payload.js';
import { resolverOf } from './resolve.js';
import { Secrets } from './secrets.js';
import { NO_CREDENTIALS } from './trust.js';
import type { CallContext, HttpClient, SendOptions } from './types.js';

export interface HttpSettings extends ServerSettings, Pick<FollowingSettings, 'timeouts' | 'retry'> {
  readonly logger?: Pick<Logger, 'debug'>;
  readonly backend: Partial<Pick<AnyBackend, 'name' | 'parseError' | 'idempotency' | 'credential'>>;
}

interface Call extends Outgoing {
  readonly signal: AbortSignal | undefined;
  readonly jobId: string | undefined;
  /** The body is read by the caller, in its own time: a deadline holds for the head only. */
  readonly leavesBody?: boolean;
}

interface Answer {
  readonly response: Response;
  readonly context: CallContext;
}

/**
 * The one door to the network. Holds nothing but its settings, in a closure, so that inspecting a client shows no
 * credential.
 */
export function createHttpClient(settings: HttpSettings, runtime: Runtime): HttpClient {
  const { baseUrl, timeouts, retry } = settings;
  const secrets = new Secrets();
  let noStore: ReturnType<typeof noStoreFor> | undefined;

  // Before anything fails: where it does, there may be no network to fetch this by.
  loadSeldom().catch(() => {});

  async function words(): Promise<Words> {
    const deadline = startDeadline(runtime, MAX_WORDS_MS, undefined);
    try {
      return await abortable(loadSeldom(), deadline.signal);
    } catch {
      return fewWords;
    } finally {
      deadline.end();
    }
  }

  function told<T>(error: T, jobId?: string): T {
    return aboutJob(secrets.clean(error), jobId);
  }

  const resolve = resolverOf(baseUrl);

  function describe(request: HttpRequest, url = resolve(request.url)): string {
    return `${request.method} ${redactUrl(url)}`;
  }

  /** One attempt: `read` takes of the answer what the caller wants of it. */
  async function attempt<T>(call: Call, trip: Trip, read: (answer: Answer) => T | Promise<T>): Promise<T> {
    const { request, signal, jobId } = call;
    signal?.throwIfAborted();
    const url = resolve(request.url);
    const timeoutMs = request.timeout === 'job' ? timeouts.jobMs : timeouts.requestMs;
    const deadline = startDeadline(runtime, timeoutMs, signal);
    const context: CallContext = { call: describe(request, url), jobId, signal: deadline.signal };
    const startedAt = runtime.elapsedMs();
    const log = (how: string) => {
      const about = jobId === undefined ? '' : `job ${JSON.stringify(jobId)}: `;
      settings.logger?.debug(`${about}${context.call} ${how} (${runtime.elapsedMs() - startedAt} ms)`);
    };
    let isDone = false;
    let isAnswered = false;
    try {
      noStore ??= noStoreFor(url);
      const options = { call, signal: deadline.signal, timeoutMs, context, secrets, noStore };
      const response = await exchange(settings, runtime, url, options, trip);
      isAnswered = true;
      const requestId = response.headers.get('x-request-id')?.slice(0, 200);
      log(
        `answered ${response.status}${requestId === undefined ? '' : `, request id ${secrets.redact(requestId)}`}`,
      );
      const result = await read({ response, context });
      isDone = true;
      return result;
    } catch (error) {
      if (!isAnswered) log(signal?.aborted === true ? 'was aborted' : 'got no answer');
      signal?.throwIfAborted();
      if (isVideoError(error)) throw error;
      const { networkError, timeoutError } = await words();
      throw deadline.expired ? timeoutError(timeoutMs, context) : networkError(error, context);
    } finally {
      if (isDone && call.leavesBody === true) deadline.stopClock();
      else deadline.end();
    }
  }

  async function errorOf(
    refusal: Omit<HttpRefusal, 'call'>,
    context: CallContext,
    { strayedTo }: Trip,
    submits: boolean,
  ) {
    const { parseError } = settings.backend;
    return (await words()).apiErrorOf(refusal, context, {
      parseError,
      nowMs: runtime.now(),
      submits,
      strayedTo,
    });
  }

  /** What an answer of `open` says: it may take as long as a call does. */
  async function readError(response: Response, { request, signal, jobId }: Call, trip: Trip) {
    const deadline = startDeadline(runtime, timeouts.requestMs, signal);
    const context = { call: describe(request), jobId, signal: deadline.signal };
    try {
      return told(await errorOf(await readRefusal(response, context), context, trip, false), jobId);
    } finally {
      deadline.end();
      signal?.throwIfAborted();
    }
  }

  /** What a submit is repeated under where the server honours that, and until when. */
  function keyOf({ idempotencyKey, repeat }: SendOptions) {
    const { idempotency, name } = settings.backend;
    if (idempotency === 'none' && idempotencyKey !== undefined) {
      throw new InputError('idempotencyKey', `the server of ${name} ignores an idempotencyKey`, {
        hint: 'Leave it out: with one, a submit that is repeated makes a second job all the same.',
      });
    }
    if (repeat !== 'submit' || typeof idempotency !== 'object')
      return { idempotencyKey, repeatUntil: Number.POSITIVE_INFINITY };
    return {
      idempotencyKey: idempotencyKey ?? randomId(runtime),
      repeatUntil: runtime.elapsedMs() + idempotency.windowMs,
    };
  }

  return {
    resolve,
    told,
    misread: async (error, response) => told((await words()).misread(error, response)),
    redact: (text) => secrets.redact(text),
    conceal: (texts, headers) => secrets.remember(texts, headers),

    async open(request, { signal, jobId, headers = {} }) {
      const trip = newTrip();
      try {
        const payload = await payloadOf(request, runtime.hasOwnFetch === true);
        const call: Call = { request, payload, headers, signal, jobId, leavesBody: true };
        const response = await attempt(call, trip, (answer) => answer.response);
        return { response, toError: () => readError(response, call, trip) };
      } catch (error) {
        signal?.throwIfAborted();
        throw told(error, jobId);
      }
    },

    async send(request, options) {
      const { signal, jobId, accepts, progress = {} } = options;
      const submits = options.repeat === 'submit';
      try {
        const { idempotencyKey, repeatUntil } = keyOf(options);
        const headers: Record<string, string> = { accept: 'application/json', ...keyHeader(idempotencyKey) };
        signal?.throwIfAborted();
        const payload = await payloadOf(request, runtime.hasOwnFetch === true);
        const call: Call = { request, payload, headers, signal, jobId };
        for (let failures = 1; ; failures++) {
          const trip = newTrip();
          progress.trip = trip;
          try {
            return await attempt(call, trip, async ({ response, context }) => {
              const { status } = response;
              if (response.ok) {
                const body = await readJson(response, context, submits, words);
                return { status, headers: response.headers, body };
              }
              const refusal = await readRefusal(response, context);
              if (!NEVER_AN_ANSWER.has(status) && accepts?.(refusal) === true) return refusal;
              throw await errorOf(refusal, context, trip, submits);
            });
          } catch (error) {
            signal?.throwIfAborted();
            // All that `attempt` rejects with but an abort, which was thrown just now.
            const failure = error as VideoError;
            progress.failure = failure;
            const { again, unknown } = judge(failure, trip, { ...options, idempotencyKey });
            if (unknown) progress.doubt ??= failure;
            else trip.sent = false;
            const { doubt, isAbandoned } = progress;
            const isDone = !again || (isAbandoned === true && doubt === undefined);
            const delayMs = isDone ? undefined : nextDelayMs(failure, failures, retry, runtime.random());
            const isLate = doubt !== undefined && runtime.elapsedMs() + (delayMs ?? 0) >= repeatUntil;
            if (delayMs === undefined || isLate) {
              if (doubt === undefined) throw failure;
              const { idempotency } = settings.backend;
              const keys = options.idempotencyKey === undefined ? idempotency : 'given';
              throw (await words()).outcomeUnknown(doubt, failure, { call: describe(request), jobId }, keys);
            }
            await progress.onRepeat?.(delayMs);
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

/** How long an error waits for its words. */
const MAX_WORDS_MS = 2_000;

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

import type { WebhookEvent } from '../core/model.js';
import { act } from './act.js';
import type { DeliveryRecord } from './deliveries.js';
import {
  type HandlerSettings,
  resolveHandlerOptions,
  type WebhookContext,
  type WebhookHandlerOptions,
} from './handler-options.js';
import { type Ending, type Received, receive } from './receive.js';
import { noStore } from './stores/none.js';

/**
 * Takes a delivery, and answers it. It never rejects. Whatever the platform gives beside the request may be passed on:
 * the context of Next, the server of Bun.
 */
export type WebhookHandler = (request: Request, context?: WebhookContext | object) => Promise<Response>;

/**
 * Makes the receiver of webhooks: it verifies, understands, acts once and answers in time. As it is for Next, Hono,
 * Bun, Deno and Workers; by `toNodeHandler` of `reelwire/webhooks/node` for node:http, Express and Fastify.
 *
 * Answers 200 `{ received: true }`; 401 where the signature is not right, 403 for an address that is not listed, 400,
 * 405, 408, 413, 415 for what is no delivery; 500 where one of your functions threw, and 503 where another receiver
 * is still at the same delivery, or at the same job, or where a source does not answer: the sender repeats it then.
 *
 * @throws ConfigurationError that names the option.
 * @throws WebhookVerificationError `bad-secret`.
 * @example
 * export const POST = createWebhookHandler({
 *   secret: () => process.env.WEBHOOK_SECRET,
 *   onCompleted: ({ jobId, snapshot }) => publish(jobId, snapshot.videoUrl),
 * });
 * @example
 * export const POST = createWebhookHandler({ from: replicateWebhooks({ secret }), onCompleted });
 */
export function createWebhookHandler(options: WebhookHandlerOptions): WebhookHandler {
  const settings = resolveHandlerOptions(options);
  return async (request, context) => {
    try {
      return answer(await handle(request, context ?? {}, settings));
    } catch (error) {
      // One of the functions that were given is none, or throws: `now`, `waitUntil`, `deliveries.add`.
      settings.onError(error);
      return answer({ outcome: 'failed', status: 500, reason: 'the receiver failed' });
    }
  };
}

async function handle(request: Request, context: WebhookContext, settings: HandlerSettings): Promise<Ending> {
  const startedMs = settings.now();
  const received = await receive(request, context, settings);
  const write = (ending: Ending, more: Partial<DeliveryRecord> = {}) => {
    try {
      const record = { ...recordOf(received, ending, startedMs, settings), ...more };
      watch(settings.deliveries?.add(record), settings, received.event);
    } catch (error) {
      settings.onError(error, received.event);
    }
  };
  const later = (work: Promise<unknown>) => keepAlive(work, context, settings);
  if (received.event === undefined) {
    const { ending, words } = received;
    write(ending);
    if (/refused|busy/.test(ending.outcome) && words) {
      await settings.refusals.tell(`refused (${ending.status} ${ending.reason})`, words, later);
    }
    return ending;
  }

  const { ending, rest } = await act(received.event, request, settingsFor(received, settings));
  if (rest === undefined) {
    write(ending);
    return ending;
  }
  const { status } = ending;
  later(rest.then((late) => write({ ...late, status }, { answeredEarly: true })));
  const { type, jobId } = received.event;
  await settings.refusals.tell(
    `function slow (${type})`,
    async () =>
      `job ${jobId}: answered ${status} after ${settings.ackWithinMs} ms (ackWithinMs); it continues`,
    later,
  );
  return ending;
}

/** What is left of the time; and no memory of what anybody can send. */
function settingsFor(
  { isHearsay, waitedMs }: Extract<Received, { event: WebhookEvent }>,
  settings: HandlerSettings,
): HandlerSettings {
  if (!isHearsay && waitedMs < 1) return settings;
  const ackWithinMs = Math.max(1, Math.ceil(settings.ackWithinMs - waitedMs));
  return { ...settings, ackWithinMs, store: isHearsay ? noStore : settings.store };
}

function keepAlive(work: Promise<unknown>, context: WebhookContext, settings: HandlerSettings): void {
  try {
    watch(context.waitUntil ? context.waitUntil(work) : settings.waitUntil?.(work), settings);
  } catch (error) {
    settings.onError(error);
  }
}

/** What a function is to give at once, it may give as a promise: one that rejects would end the process. */
function watch(given: unknown, { onError }: HandlerSettings, event?: WebhookEvent): void {
  Promise.resolve(given).catch((error: unknown) => onError(error, event));
}

function recordOf(
  { event, body }: Received,
  { outcome, reason, status }: Ending,
  startedMs: number,
  { deliveries, now }: HandlerSettings,
): DeliveryRecord {
  return {
    receivedAt: new Date(startedMs),
    durationMs: now() - startedMs,
    outcome,
    status,
    ...(reason !== undefined && { reason }),
    ...describe(event),
    ...(body !== undefined && deliveries?.bodies && { body: textOf(body) }),
  };
}

function answer({ answer: given, status, reason, hint, headers = {} }: Ending): Response {
  if (given) return given;
  const body = status === 200 ? { received: true } : { received: false, error: reason, hint };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

function describe(event: WebhookEvent | undefined): Partial<DeliveryRecord> {
  if (event === undefined) return {};
  const { id, type, jobId } = event;
  return jobId === undefined ? { id, type } : { id, type, jobId };
}

const MAX_BODY_KEPT = 10_000;

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, MAX_BODY_KEPT));
}

import type { WebhookEvent } from '../core/model.js';
import { actOnce } from './act-once.js';
import type { DeliveryRecord } from './deliveries.js';
import {
  type CompletedEvent,
  type FailedEvent,
  type HandlerSettings,
  type ProgressEvent,
  resolveHandlerOptions,
  type WebhookContext,
  type WebhookHandlerOptions,
} from './handler-options.js';
import { type Ending, receive } from './receive.js';

/** Takes a delivery, and answers it. It never rejects. */
export type WebhookHandler = (request: Request, context?: WebhookContext) => Promise<Response>;

/**
 * Makes the receiver of webhooks: it verifies, understands, acts once and answers in time. As it is for Next, Hono,
 * Bun, Deno and Workers; by `toNodeHandler` of `reelwire/webhooks/node` for node:http, Express and Fastify.
 *
 * Answers 200 `{ received: true }`; 401 where the signature is not right, 403 for an address that is not listed, 400,
 * 405, 408, 413, 415 for what is no delivery; 500 where one of your functions threw, and 503 where another receiver
 * is still at the same delivery: the sender repeats it then.
 *
 * @throws ConfigurationError that names the option.
 * @throws WebhookVerificationError `bad-secret`.
 * @example
 * export const POST = createWebhookHandler({
 *   secret: process.env.WEBHOOK_SECRET,
 *   onCompleted: ({ jobId, snapshot }) => publish(jobId, snapshot.videoUrl),
 * });
 */
export function createWebhookHandler(options: WebhookHandlerOptions): WebhookHandler {
  const settings = resolveHandlerOptions(options);
  return async (request, context = {}) => {
    const startedMs = settings.now();
    const received = await receive(request, context, settings);
    const write = (ending: Ending, more: Partial<DeliveryRecord> = {}) =>
      settings.deliveries?.add({
        receivedAt: new Date(startedMs),
        durationMs: settings.now() - startedMs,
        outcome: ending.outcome,
        status: ending.status,
        ...(ending.reason !== undefined && { reason: ending.reason }),
        ...describe(received.event),
        ...(received.body !== undefined && settings.deliveries.bodies && { body: textOf(received.body) }),
        ...more,
      });
    if (received.event === undefined) {
      write(received.ending);
      return answer(received.ending);
    }

    let timer: ReturnType<typeof setTimeout> | undefined;
    const deadline = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), settings.ackWithinMs);
    });
    let acting = false;
    const work = act(received.event, settings, deadline, () => {
      acting = true;
    });
    const ending = await Promise.race([work, deadline]);
    clearTimeout(timer);
    if (ending !== undefined) {
      write(ending);
      return answer(ending);
    }
    // The store does not answer, or somebody else is at it. What is not taken by us must come again.
    if (!acting) {
      write(BUSY);
      return answer(BUSY);
    }
    const rest = work.then((late) => write({ ...late, status: 200 }, { answeredEarly: true }));
    if (context.waitUntil) context.waitUntil(rest);
    else settings.waitUntil?.(rest);
    return answer({ outcome: 'handled', status: 200 });
  };
}

const BUSY: Ending = { outcome: 'busy', status: 503, reason: 'busy', headers: { 'retry-after': '5' } };

/** Never rejects. */
async function act(
  event: WebhookEvent,
  settings: HandlerSettings,
  deadline: Promise<unknown>,
  onActing: () => void,
): Promise<Ending> {
  try {
    const outcome = await actOnce(event, settings.store, settings.leaseMs, deadline, async (late) => {
      onActing();
      await tell(event, late, settings);
    });
    return outcome === 'busy' ? BUSY : { outcome, status: 200 };
  } catch (error) {
    settings.onError(error, event);
    return { outcome: 'failed', status: 500, reason: 'the receiver failed' };
  }
}

async function tell(event: WebhookEvent, late: boolean, settings: HandlerSettings): Promise<void> {
  if (late && event.type !== 'unknown') {
    await settings.onLate?.(event);
    return;
  }
  await settings.onEvent?.(event);
  if (event.type === 'unknown') return;
  const { status } = event.snapshot;
  if (status === 'completed') await settings.onCompleted?.(event as CompletedEvent);
  else if (status === 'failed') await settings.onFailed?.(event as FailedEvent);
  else await settings.onProgress?.(event as ProgressEvent);
}

function answer({ status, reason, hint, headers = {} }: Ending): Response {
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

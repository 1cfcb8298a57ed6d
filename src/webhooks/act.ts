import type { WebhookEvent } from '../core/model.js';
import { claimDelivery, type DeliveryClaim, type Turn } from './claim.js';
import type { CompletedEvent, FailedEvent, HandlerSettings, ProgressEvent } from './handler-options.js';
import type { Ending } from './receive.js';
import { type Settled, settled, startTimer } from './timer.js';

/** What a delivery ends as in time; and the rest of it, where it goes on after that. */
export interface Acted {
  readonly ending: Ending;
  /** Never rejects. */
  readonly rest?: Promise<Ending>;
}

const BUSY: Ending = { outcome: 'busy', status: 503, reason: 'busy', headers: { 'retry-after': '5' } };
const SILENT = 'the webhook store did not answer in time';
const FAILED: Ending = { outcome: 'failed', status: 500, reason: 'the receiver failed' };

/** Acts on an event, unless somebody has. Resolves within `ackWithinMs`, and never rejects. */
export async function act(event: WebhookEvent, request: Request, settings: HandlerSettings): Promise<Acted> {
  const deadline = startTimer(settings.ackWithinMs);
  try {
    const turn: Turn = { deadline: deadline.passed };
    const claiming = settled(claimDelivery(event, settings, turn));
    const claimed = await Promise.race([claiming, deadline.passed]);
    if (claimed === undefined) {
      if (!turn.isAwaited) settings.onError(new Error(SILENT), event);
      // What the store gives now is given back, for the sender comes again.
      void claiming.then(async (late) => {
        if (late.ok && late.value.status === 'claimed') await late.value.release();
      });
      return { ending: BUSY };
    }
    if (!claimed.ok) {
      settings.onError(claimed.error, event);
      return { ending: FAILED };
    }
    const claim = claimed.value;
    if (claim.status !== 'claimed') {
      return { ending: claim.status === 'busy' ? BUSY : { outcome: 'duplicate', status: 200 } };
    }
    const handing = settled(hand(event, request, settings));
    const telling = handing.then((handed) =>
      handed.ok ? settled(tell(event, claim.late, settings)) : handed,
    );
    const told = await Promise.race([telling, deadline.passed]);
    if (told) return { ending: await finish(event, claim, told, deadline.passed, settings) };
    // What the client could not take yet it may fail to take: the sender is to come again.
    const isHanded = (await Promise.race([handing, undefined])) !== undefined;
    return {
      ending: isHanded ? { outcome: 'handled', status: 200 } : BUSY,
      rest: goOn(event, claim, telling, settings),
    };
  } finally {
    deadline.clear();
  }
}

type Claimed = Extract<DeliveryClaim, { readonly status: 'claimed' }>;

/** Writes down what became of it, no longer than `limit`. */
async function finish(
  event: WebhookEvent,
  claim: Claimed,
  told: Settled<void>,
  limit: Promise<undefined>,
  settings: HandlerSettings,
): Promise<Ending> {
  if (!told.ok) {
    settings.onError(told.error, event);
    await Promise.race([claim.release(), limit]);
    return FAILED;
  }
  const completed = await Promise.race([settled(claim.complete()), limit]);
  // It was acted on, whatever the store makes of that: a sender who is told otherwise would have it done twice.
  if (!completed?.ok) settings.onError(completed?.error ?? new Error(SILENT), event);
  return { outcome: claim.late ? 'late' : 'handled', status: 200 };
}

/** After the answer: no longer than the lease, for then another receiver may have it. */
async function goOn(
  event: WebhookEvent,
  claim: Claimed,
  telling: Promise<Settled<void>>,
  settings: HandlerSettings,
): Promise<Ending> {
  const { leaseMs } = settings;
  const lease = startTimer(leaseMs, true);
  try {
    const told = await Promise.race([telling, lease.passed]);
    if (told) return await finish(event, claim, told, lease.passed, settings);
    const about = event.jobId === undefined ? event.type : `${event.type} of job ${event.jobId}`;
    settings.onError(
      new Error(
        `the function for ${about} has not ended within ${leaseMs} ms (leaseMs); a repetition is acted on again`,
      ),
      event,
    );
    return { outcome: 'failed', status: 500, reason: 'timeout' };
  } finally {
    lease.clear();
  }
}

/** First: whoever waits for the job is to know, whatever the functions make of it. */
async function hand(event: WebhookEvent, request: Request, settings: HandlerSettings): Promise<void> {
  await settings.client?.ingest(event, { token: await tokenOf(request, settings) });
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

async function tokenOf(
  request: Request,
  { keyOf = keyOfQuery }: HandlerSettings,
): Promise<string | undefined> {
  const token: unknown = await keyOf(request);
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function keyOfQuery({ url }: Request): string | undefined {
  return new URL(url).searchParams.get('key') ?? undefined;
}

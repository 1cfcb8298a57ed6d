import { positionOf } from '../core/job-state.js';
import { isTerminal, type JobSnapshot, type WebhookEvent } from '../core/model.js';
import type { HandlerSettings } from './handler-options.js';
import type { WebhookClaim, WebhookStore } from './stores/store.js';

/** Between two looks whether another receiver is done with the same delivery or job: at first, and at most. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/** Ours to act on; or not, for it was done before, or another receiver is at it. */
export type DeliveryClaim =
  | {
      readonly status: 'claimed';
      /** The event says less than is known of its job. */
      readonly late: boolean;
      /** It was acted on. */
      complete(): Promise<void>;
      /** It was not: the next one gets it. Never rejects. */
      release(): Promise<void>;
    }
  | { readonly status: 'busy' | 'done' };

/**
 * Claims a delivery, and its job: two deliveries of one job, which together would both be further than what is known,
 * are acted on one after the other. Where another receiver is at it, waits for that until `deadline`, for a sender that
 * is told "received" too early never tries again.
 */
export async function claimDelivery(
  { id, snapshot }: WebhookEvent,
  { store, leaseMs, ackWithinMs }: Pick<HandlerSettings, 'store' | 'leaseMs' | 'ackWithinMs'>,
  deadline: Promise<unknown>,
): Promise<DeliveryClaim> {
  const delivery = await claimUntil(deadline, async () => store.claim(id, leaseMs));
  if (delivery.status !== 'claimed') return delivery;
  const releaseDelivery = () => release(store, id, delivery.token);
  const completeDelivery = async () => store.complete(id, delivery.token);
  if (snapshot === undefined) {
    return { status: 'claimed', late: false, complete: completeDelivery, release: releaseDelivery };
  }

  // What tells of progress holds a job for a moment only: the end must not come too late for its sender.
  const jobLeaseMs = isTerminal(snapshot.status) ? leaseMs : Math.min(leaseMs, Math.ceil(ackWithinMs / 2));
  const lock = lockOf(snapshot);
  let job: WebhookClaim = { status: 'busy' };
  const releaseJob = async () => {
    if (job.status === 'claimed') await release(store, lock, job.token);
  };
  const releaseBoth = async () => {
    await Promise.all([releaseDelivery(), releaseJob()]);
  };
  try {
    job = await claimUntil(deadline, async () => store.claim(lock, jobLeaseMs));
    if (job.status !== 'claimed') {
      await releaseDelivery();
      return { status: 'busy' };
    }
    const position = positionOf(snapshot);
    const known = await store.position(snapshot.id);
    const late = known !== undefined && position <= known;
    return {
      status: 'claimed',
      late,
      async complete() {
        if (!late) await store.advance(snapshot.id, position);
        await Promise.all([completeDelivery(), releaseJob()]);
      },
      release: releaseBoth,
    };
  } catch (error) {
    await releaseBoth();
    throw error;
  }
}

/** No id of a delivery can be this: a header holds no line break. */
function lockOf({ id }: JobSnapshot): string {
  return `job\n${id}`;
}

async function release(store: WebhookStore, id: string, token: string): Promise<void> {
  try {
    await store.release(id, token);
  } catch {
    // Where the store is the trouble, the lease will run out.
  }
}

async function claimUntil(
  deadline: Promise<unknown>,
  claim: () => Promise<WebhookClaim>,
): Promise<WebhookClaim> {
  let over = false;
  void deadline.then(() => {
    over = true;
  });
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(delayMs * 2, LAST_LOOK_MS)) {
    const answer = await claim();
    if (answer.status !== 'busy' || over) return answer;
    await Promise.race([deadline, new Promise((resolve) => setTimeout(resolve, delayMs))]);
  }
}

import { positionOf } from '../core/job-state.js';
import { isTerminal, type JobSnapshot, type WebhookEvent } from '../core/model.js';
import type { HandlerSettings } from './handler-options.js';
import type { WebhookClaim, WebhookStore } from './stores/store.js';
import { settled } from './timer.js';

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

/** Until when to wait for another receiver; and whether that is what is waited for, or the store. */
export interface Turn {
  readonly deadline: Promise<unknown>;
  isAwaited?: boolean;
}

/**
 * Claims a delivery, and its job: two deliveries of one job, which together would both be further than what is known,
 * are acted on one after the other. Where another receiver is at it, waits for that until the deadline, for a sender that
 * is told "received" too early never tries again.
 */
export async function claimDelivery(
  { id, snapshot }: WebhookEvent,
  { store, leaseMs, ackWithinMs }: Pick<HandlerSettings, 'store' | 'leaseMs' | 'ackWithinMs'>,
  turn: Turn,
): Promise<DeliveryClaim> {
  const delivery = await claimUntil(turn, async () => store.claim(id, leaseMs));
  const isDone = delivery.status === 'done';
  const releaseDelivery = async () => {
    if (delivery.status === 'claimed') await release(store, id, delivery.token);
  };
  const completeDelivery = async () => {
    if (delivery.status === 'claimed') await store.complete(id, delivery.token);
  };
  if (delivery.status === 'busy' || (isDone && snapshot === undefined)) return delivery;
  if (snapshot === undefined) {
    return { status: 'claimed', late: false, complete: completeDelivery, release: releaseDelivery };
  }

  const position = positionOf(snapshot);
  const isNews = async () => {
    const known = await store.position(snapshot.id);
    // Where nothing is known of its job, what was done is done. A store over a database may give null, or digits.
    return known == null ? !isDone : position > Number(known);
  };
  // A sender that writes a repetition anew, or gives two deliveries one id, must not lose the end of a job by it.
  if (isDone && !(await isNews())) return delivery;

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
    job = await claimUntil(turn, async () => store.claim(lock, jobLeaseMs));
    if (job.status !== 'claimed') {
      await releaseDelivery();
      return { status: 'busy' };
    }
    const late = !(await isNews());
    if (late && isDone) {
      await releaseJob();
      return delivery;
    }
    return {
      status: 'claimed',
      late,
      async complete() {
        // Whatever becomes of one: each of them keeps others from acting again.
        const advanced = settled((async () => late || store.advance(snapshot.id, position))());
        const written = await Promise.all([advanced, settled(completeDelivery())]);
        await releaseJob();
        for (const each of written) if (!each.ok) throw each.error;
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

async function claimUntil(turn: Turn, claim: () => Promise<WebhookClaim>): Promise<WebhookClaim> {
  let over = false;
  void turn.deadline.then(() => {
    over = true;
  });
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(delayMs * 2, LAST_LOOK_MS)) {
    const answer = await claim();
    turn.isAwaited = answer.status === 'busy';
    if (!turn.isAwaited || over) return answer;
    await Promise.race([turn.deadline, new Promise((resolve) => setTimeout(resolve, delayMs))]);
    if (over) return answer;
  }
}

import { positionOf } from '../core/job-state.js';
import type { WebhookEvent } from '../core/model.js';
import type { DeliveryOutcome } from './deliveries.js';
import type { WebhookClaim, WebhookStore } from './stores/store.js';

/** Between two looks whether another receiver is done with the same delivery: at first, and at most. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/**
 * Runs `act` for a delivery that nobody has acted on, and remembers that. Where another receiver is at it, waits for
 * that until `deadline`, for a sender that is told "received" too early never tries again.
 *
 * @param act - Told whether the event says less than is known of its job.
 */
export async function actOnce(
  event: WebhookEvent,
  store: WebhookStore,
  leaseMs: number,
  deadline: Promise<unknown>,
  act: (late: boolean) => Promise<void>,
): Promise<Exclude<DeliveryOutcome, 'refused' | 'failed'>> {
  const claim = await claimUntil(deadline, () => store.claim(event.id, leaseMs));
  if (claim.status !== 'claimed') return claim.status === 'done' ? 'duplicate' : 'busy';
  try {
    const position = event.snapshot && positionOf(event.snapshot);
    const known = position === undefined ? undefined : await store.position(event.snapshot?.id ?? '');
    const late = position !== undefined && known !== undefined && position <= known;
    await act(late);
    if (event.snapshot && position !== undefined && !late) await store.advance(event.snapshot.id, position);
    await store.complete(event.id, claim.token);
    return late ? 'late' : 'handled';
  } catch (error) {
    // Where the store is the trouble, the lease will run out.
    await store.release(event.id, claim.token).catch(() => {});
    throw error;
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

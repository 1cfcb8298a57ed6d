/** What became of a claim: this caller has it, another one has, or it was acted on before. */
export type WebhookClaim =
  | { readonly status: 'claimed'; readonly token: string }
  | { readonly status: 'busy' | 'done' };

/**
 * Where receivers of the same webhooks agree on who acts on which delivery. Each method is one atomic step. What
 * `claim` or `position` rejects with makes the handler answer 500, and the sender try again; what has been acted on is
 * answered 200, and what the others reject with goes to `onError`.
 */
export interface WebhookStore {
  /**
   * Takes the delivery, unless it is taken or done. Without `complete` or `release` it is free again after
   * `leaseMs`: its holder has crashed.
   */
  claim(deliveryId: string, leaseMs: number): Promise<WebhookClaim>;
  /** The delivery was acted on: nobody gets it until the store's time to live is over. */
  complete(deliveryId: string, token: string): Promise<void>;
  /** The delivery was not acted on: the next one gets it. Does nothing where the lease has gone to another. */
  release(deliveryId: string, token: string): Promise<void>;
  /** How far the job is by the deliveries acted on; undefined where there was none. */
  position(jobId: string): Promise<number | undefined>;
  /** A delivery was acted on that told of this position. It never goes back. */
  advance(jobId: string, position: number): Promise<void>;
}

/** Longer than the 72 hours for which OpenAI repeats a delivery. */
export const DEFAULT_TTL_MS = 76 * 3_600_000;

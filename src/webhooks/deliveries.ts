import type { WebhookVerificationReason } from '../errors.js';

/** What became of a delivery. */
export type DeliveryOutcome =
  /** Acted on. */
  | 'handled'
  /** Acted on before; answered 200. */
  | 'duplicate'
  /** The job was further already; answered 200, and nothing done. */
  | 'late'
  /** Another receiver was at it; the sender is to try again. */
  | 'busy'
  /** Not believed, or not understood. */
  | 'refused'
  /** The application's own function threw. */
  | 'failed';

/** One delivery, without secrets and without its body. */
export interface DeliveryRecord {
  readonly receivedAt: Date;
  readonly durationMs: number;
  readonly outcome: DeliveryOutcome;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Why it was refused or failed. */
  readonly reason?: WebhookVerificationReason | string;
  readonly id?: string;
  readonly type?: string;
  readonly jobId?: string;
  /** The answer went out before the work was done. */
  readonly answeredEarly?: boolean;
  /** Only where `bodies` is set. */
  readonly body?: string;
}

/** Options for `recentDeliveries`. */
export interface RecentDeliveriesOptions {
  /** How many are kept. @default 100 */
  readonly max?: number | undefined;
  /** Keep bodies too, the first 10,000 characters of each. They may hold signed URLs. @default false */
  readonly bodies?: boolean | undefined;
}

/** The last deliveries, oldest first, in memory. `JSON.stringify` and `Response.json` take it as it is. */
export interface RecentDeliveries {
  readonly bodies: boolean;
  /** Called by the handler. */
  add(record: DeliveryRecord): void;
  /** Those kept, oldest first. */
  list(): readonly DeliveryRecord[];
  /** As `list()`; for `JSON.stringify`. */
  toJSON(): readonly DeliveryRecord[];
}

/**
 * A log for `createWebhookHandler`'s `deliveries`.
 *
 * @example
 * const deliveries = recentDeliveries();
 * app.post('/webhook', toNodeHandler(createWebhookHandler({ secret, deliveries, onCompleted })));
 * app.get('/webhook/events', requireAdmin, (req, res) => res.json(deliveries));
 */
export function recentDeliveries({
  max = 100,
  bodies = false,
}: RecentDeliveriesOptions = {}): RecentDeliveries {
  const records: DeliveryRecord[] = [];
  const list = () => [...records];
  return {
    bodies,
    add(record) {
      records.push(record);
      if (records.length > max) records.shift();
    },
    list,
    toJSON: list,
  };
}

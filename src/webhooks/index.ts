/**
 * Receives webhooks, in any runtime: verifies, understands, and acts once.
 *
 * @module reelwire/webhooks
 */

export type {
  CompletedJob,
  FailedJob,
  JobOutput,
  JobSnapshot,
  JobStatus,
  JobUpdate,
  WebhookEvent,
} from '../core/model.js';
export {
  ConfigurationError,
  InvalidResponseError,
  isVideoError,
  VideoError,
  WebhookVerificationError,
  type WebhookVerificationReason,
} from '../errors.js';
export type { BodyLimits, WebhookBody } from './body.js';
export type {
  VerifyFromOptions,
  VerifyLimits,
  VerifyOptions,
  WebhookParts,
} from './check-delivery.js';
export {
  type DeliveryOutcome,
  type DeliveryRecord,
  type RecentDeliveries,
  type RecentDeliveriesOptions,
  recentDeliveries,
} from './deliveries.js';
export { createWebhookHandler, type WebhookHandler } from './handler.js';
export type {
  CompletedEvent,
  FailedEvent,
  JobEvent,
  ProgressEvent,
  WebhookClient,
  WebhookContext,
  WebhookHandlerOptions,
} from './handler-options.js';
export type { WebhookHeaders } from './headers.js';
export type { WebhookLogger } from './refusal-log.js';
export type { WebhookScheme, WebhookSecret, WebhookSecretOption, WebhookSecrets } from './secret.js';
export { type SignOptions, signWebhook } from './sign.js';
export type {
  ResolveContext,
  SourceContext,
  SourceDelivery,
  VerifiedWebhook,
  WebhookSource,
} from './source.js';
export { type FalWebhooksOptions, falWebhooks } from './sources/fal.js';
export { klingWebhooks } from './sources/kling.js';
export { openRouterWebhooks } from './sources/open-router.js';
export { replicateWebhooks } from './sources/replicate.js';
export type { SignedSourceOptions } from './sources/signed.js';
export { type UnsignedWebhooksOptions, unsignedWebhooks } from './sources/unsigned.js';
export { type MemoryStoreOptions, memoryStore } from './stores/memory.js';
export {
  type IORedisClient,
  type NodeRedisClient,
  type RedisStoreOptions,
  redisStore,
} from './stores/redis.js';
export type { WebhookClaim, WebhookStore } from './stores/store.js';
export { unwrapWebhook } from './unwrap.js';
export { verifyWebhookSignature } from './verify.js';

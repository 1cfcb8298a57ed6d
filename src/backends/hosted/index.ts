/**
 * Backends of hosted services: `new VideoClient({ backend: openRouter(), auth })` needs no `baseUrl`.
 *
 * @module reelwire/backends
 */

export type { CallbackContext, CallbackUrl } from '../callback-url.js';
export { type RelayJob, type RelayJobs, type RelayOperations, relayBackend } from '../relay.js';
export {
  type ComfyUINode,
  type ComfyUIOperations,
  type ComfyUIPrompt,
  type ComfyUIWorkflow,
  comfyUI,
} from './comfy-ui.js';
export type { ComfyUIQueue, ComfyUIQueued, ComfyUIUpload } from './comfy-ui-answers.js';
export type { ComfyUIFile } from './comfy-ui-input.js';
export { type FalOptions, type FalRequest, fal } from './fal.js';
export type { HostedBackend } from './hosted-backend.js';
export {
  type OpenRouterFrameImage,
  type OpenRouterInputReference,
  type OpenRouterOperations,
  type OpenRouterOptions,
  type OpenRouterUrl,
  type OpenRouterVideo,
  openRouter,
} from './open-router.js';
export type { OpenRouterModel } from './open-router-answers.js';
export {
  type ReplicateListInput,
  type ReplicateOperations,
  type ReplicateOptions,
  type ReplicatePrediction,
  type ReplicateWebhookEvent,
  replicate,
} from './replicate.js';
export type { ReplicateAccount, ReplicateList } from './replicate-answers.js';
export {
  type RunwayImage,
  type RunwayOperations,
  type RunwayOptions,
  type RunwayTask,
  type RunwayVideo,
  runway,
} from './runway.js';
export type { RunwayOrganization } from './runway-answers.js';
export {
  type XaiEdit,
  type XaiExtension,
  type XaiJobInput,
  type XaiMedia,
  type XaiOperations,
  type XaiOptions,
  type XaiStorageOptions,
  type XaiUrl,
  type XaiVideo,
  xai,
} from './xai.js';

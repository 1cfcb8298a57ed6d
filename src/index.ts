/**
 * The client: submits video jobs, follows them to their ends, and downloads the results.
 *
 * @module reelwire
 */

export type {
  AnyBackend,
  Backend,
  ErrorBody,
  FollowUp,
  FormField,
  GenerateContext,
  HttpRefusal,
  HttpRequest,
  HttpRequestBody,
  HttpResponse,
  InputOf,
  Operation,
  Operations,
  OperationsOf,
  SseCodec,
  StreamMessage,
  SubmitOperation,
  VariantOf,
  WebSocketCodec,
} from './backends/backend.js';
export type { Bytes } from './backends/bytes.js';
export type { CallbackContext, CallbackUrl } from './backends/callback-url.js';
export {
  type OpenAIList,
  type OpenAIListInput,
  type OpenAIOperations,
  type OpenAIRemixInput,
  type OpenAIVideo,
  type OpenAIVideosOptions,
  type OpenAIVideoVariant,
  openAIVideos,
} from './backends/openai-videos.js';
export {
  type SoraGatewayInput,
  type SoraGatewayInputWithoutWallet,
  type SoraGatewayOptions,
  type SoraGatewayQuestion,
  type SoraGatewayScript,
  soraGateway,
} from './backends/sora-gateway.js';
export {
  type VidBuilderOptions,
  type VidBuilderScene,
  type VidBuilderVariant,
  type VidBuilderVideo,
  vidBuilder,
} from './backends/vid-builder.js';
export { VideoClient } from './client/client.js';
export type {
  BoundOperations,
  CallOptions,
  DefaultBackend,
  GenerateOptions,
  IngestOptions,
  PollOptions,
} from './client/client-types.js';
export type { Diagnosis } from './client/diagnose.js';
export type { TransportDiagnosis } from './client/diagnose-deps.js';
export type { GenerateManyOptions, GenerateManyResult } from './client/generate-many.js';
export type { HostedClientOptions, VideoClientOptions } from './client/options.js';
export type {
  CompletedJob,
  FailedJob,
  JobOutput,
  JobSnapshot,
  JobStatus,
  JobUpdate,
  JobWarning,
  PendingJob,
  SnapshotSource,
  TransportChange,
  TransportName,
  WebhookEvent,
} from './core/model.js';
export type {
  Auth,
  Logger,
  LogLevel,
  PollingOptions,
  Resolvable,
  RetryOptions,
  TimeoutOptions,
} from './core/settings.js';
export type {
  DownloadOptions,
  DownloadProgress,
  DownloadRange,
  VideoDownload,
} from './core/video-download.js';
export {
  ApiError,
  type ApiErrorOptions,
  ConfigurationError,
  DownloadError,
  InputError,
  InvalidResponseError,
  isVideoError,
  JobFailedError,
  JobStoreError,
  JobTimeoutError,
  NetworkError,
  SubmitOutcomeUnknownError,
  VideoError,
  type VideoErrorCode,
  type VideoErrorOptions,
  WebhookVerificationError,
  type WebhookVerificationReason,
} from './errors.js';
export { VideoJob } from './job/job.js';
export type { VideoJobEvents } from './job/listeners.js';
export type { WaitOptions } from './job/waits.js';
export type { Jobs, ResumeOptions, ResumeResult } from './jobs/jobs.js';
export type { JobRecord, JobRecordState } from './jobs/record.js';
export type { JobStoreQuery } from './jobs/store.js';
export type { WebSocketClass, WebSocketLike } from './runtime/runtime.js';
export type {
  VerifyFromOptions,
  VerifyLimits,
  VerifyOptions,
  WebhookParts,
} from './webhooks/check-delivery.js';
export type {
  ResolveContext,
  SourceContext,
  SourceDelivery,
  VerifiedWebhook,
  WebhookSource,
} from './webhooks/source.js';
export { verifyWebhookSignature } from './webhooks/verify.js';

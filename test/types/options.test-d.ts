import { expectTypeOf, it } from 'vitest';
import type { FalOptions } from '../../src/backends/hosted/fal.js';
import type { OpenRouterOptions } from '../../src/backends/hosted/open-router.js';
import type { ReplicateListInput, ReplicateOptions } from '../../src/backends/hosted/replicate.js';
import type { RunwayOptions } from '../../src/backends/hosted/runway.js';
import type { XaiOptions } from '../../src/backends/hosted/xai.js';
import type { OpenAIVideosOptions } from '../../src/backends/openai-videos.js';
import type { SoraGatewayOptions } from '../../src/backends/sora-gateway.js';
import type { VidBuilderOptions } from '../../src/backends/vid-builder.js';
import type { DefaultBackend, GenerateOptions, PollOptions } from '../../src/client/client-types.js';
import type { GenerateManyOptions } from '../../src/client/generate-many.js';
import type { VideoClientOptions } from '../../src/client/options.js';
import type { PollingOptions, RetryOptions, TimeoutOptions } from '../../src/core/settings.js';
import type { DownloadOptions } from '../../src/core/video-download.js';
import type { WaitOptions } from '../../src/job/waits.js';
import type { RedisBusOptions } from '../../src/jobs/buses/redis.js';
import type { JobStoreQuery } from '../../src/jobs/store.js';
import type { RedisJobsOptions } from '../../src/jobs/stores/redis.js';
import type {
  MockJobInit,
  MockOpenAIOptions,
  MockServerOptions,
  MockWebhookOptions,
} from '../../src/mock-server/index.js';
import type { VerifyOptions } from '../../src/webhooks/check-delivery.js';
import type { RecentDeliveriesOptions } from '../../src/webhooks/deliveries.js';
import type { WebhookHandlerOptions } from '../../src/webhooks/handler-options.js';
import type { SignOptions } from '../../src/webhooks/sign.js';
import type { FalWebhooksOptions } from '../../src/webhooks/sources/fal.js';
import type { MemoryStoreOptions } from '../../src/webhooks/stores/memory.js';
import type { RedisStoreOptions } from '../../src/webhooks/stores/redis.js';
import type { WebhookFactoryOptions } from '../../src/webhooks/testing.js';

/** The names of the options that may be left out and not be given as `undefined`, under exactOptionalPropertyTypes. */
type Missing<Options> = {
  [Name in keyof Options]-?: Record<never, never> extends Pick<Options, Name>
    ? Record<Name, undefined> extends Pick<Options, Name>
      ? never
      : Name
    : never;
}[keyof Options];

it('every option may be given as undefined', () => {
  expectTypeOf<
    Missing<{ readonly a?: string; readonly b?: string | undefined; readonly c: 1 }>
  >().toEqualTypeOf<'a'>();

  expectTypeOf<Missing<VideoClientOptions<DefaultBackend>>>().toBeNever();
  expectTypeOf<Missing<PollingOptions & TimeoutOptions & RetryOptions>>().toBeNever();
  expectTypeOf<Missing<GenerateOptions & PollOptions & WaitOptions & DownloadOptions>>().toBeNever();
  expectTypeOf<Missing<GenerateManyOptions>>().toBeNever();
  expectTypeOf<Missing<SoraGatewayOptions & VidBuilderOptions & OpenAIVideosOptions>>().toBeNever();
  expectTypeOf<Missing<FalOptions & FalWebhooksOptions>>().toBeNever();
  expectTypeOf<Missing<OpenRouterOptions & ReplicateOptions & ReplicateListInput>>().toBeNever();
  expectTypeOf<Missing<RunwayOptions & XaiOptions>>().toBeNever();
  expectTypeOf<Missing<RedisJobsOptions & RedisBusOptions & JobStoreQuery>>().toBeNever();
  expectTypeOf<Missing<WebhookHandlerOptions & VerifyOptions>>().toBeNever();
  expectTypeOf<Missing<SignOptions & WebhookFactoryOptions>>().toBeNever();
  expectTypeOf<Missing<MemoryStoreOptions & RedisStoreOptions & RecentDeliveriesOptions>>().toBeNever();
  expectTypeOf<Missing<MockServerOptions & MockJobInit & MockOpenAIOptions>>().toBeNever();
  expectTypeOf<Missing<MockWebhookOptions>>().toBeNever();
});

it('options of the default backend need not name it, as its client need not', () => {
  expectTypeOf<VideoClientOptions>().toEqualTypeOf<VideoClientOptions<DefaultBackend>>();
});

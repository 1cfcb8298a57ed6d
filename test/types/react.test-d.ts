import { openAIVideos, VideoClient, type VideoJob } from 'reelwire';
import {
  type GenerateVideo,
  useGenerateVideo,
  useJobs,
  useVideoJob,
  type VideoJobState,
} from 'reelwire/react';
import { expectTypeOf, it } from 'vitest';
import type { OpenAIVideoVariant } from '../../src/backends/openai-videos.js';

const gateway = new VideoClient({ baseUrl: 'http://localhost' });
const openAI = new VideoClient({ baseUrl: 'http://localhost', backend: openAIVideos() });

/** Hooks run in components only: this one is compiled, and never rendered. */
function Component() {
  expectTypeOf(useVideoJob(gateway, 'job-1')).toEqualTypeOf<VideoJobState<'video'>>();
  expectTypeOf(useVideoJob(openAI, 'job-1').job).toEqualTypeOf<VideoJob<OpenAIVideoVariant> | undefined>();
  useVideoJob(openAI, null);
  // @ts-expect-error an id is a string
  useVideoJob(gateway, 1);

  const { left } = useJobs(openAI, { group: 'user-1' });
  expectTypeOf(left[0]?.job).toEqualTypeOf<VideoJob<OpenAIVideoVariant> | undefined>();
  // @ts-expect-error there is no such option
  useJobs(openAI, { key: 'order-7' });

  const { generate, job, snapshot } = useGenerateVideo(openAI);
  expectTypeOf(job).toEqualTypeOf<VideoJob<OpenAIVideoVariant> | undefined>();
  expectTypeOf(generate({ prompt: 'A cat', model: 'sora-2' })).resolves.toEqualTypeOf<typeof job>();
  // @ts-expect-error the input of another backend
  generate({ walletAddress: '0x1', script: 'x' });
  if (snapshot?.status === 'failed') expectTypeOf(snapshot.error).toBeString();
}

it('the hooks take a client and what belongs to its backend', () => {
  expectTypeOf(Component).toBeFunction();
});

it('what the hook returns follows from the backend of the client', () => {
  expectTypeOf<ReturnType<typeof useGenerateVideo<ReturnType<typeof openAIVideos>>>>().toEqualTypeOf<
    GenerateVideo<ReturnType<typeof openAIVideos>>
  >();
});

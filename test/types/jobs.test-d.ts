/** What must and must not compile with records of jobs; `npm run types` is the test. */
import { expectTypeOf } from 'vitest';
import {
  type JobRecord,
  type JobStoreError,
  openAIVideos,
  type ResumeResult,
  type SubmitOutcomeUnknownError,
  VideoClient,
  type VideoJob,
} from '../../src/index.js';
import { jobsOver } from '../../src/jobs/jobs-over.js';
import { memoryJobs } from '../../src/jobs/memory.js';
import type { JobStore } from '../../src/jobs/store.js';
import { createWebhookHandler } from '../../src/webhooks/index.js';

const baseUrl = 'http://localhost:3001';
const client = new VideoClient({ baseUrl, backend: openAIVideos({ model: 'm' }), jobs: memoryJobs() });

export async function whatIsResumedIsToldApartByItsFields() {
  for await (const result of client.resume({ group: 'ada' })) {
    if (result.job !== undefined) {
      expectTypeOf(result.job).toEqualTypeOf<VideoJob<'video' | 'thumbnail' | 'spritesheet'>>();
      expectTypeOf(result.record).toEqualTypeOf<JobRecord>();
      expectTypeOf(result.error).toEqualTypeOf<undefined>();
    } else if (result.record !== undefined) {
      expectTypeOf(result.error).toEqualTypeOf<SubmitOutcomeUnknownError>();
      expectTypeOf(result.error.key).toEqualTypeOf<string | undefined>();
    } else {
      expectTypeOf(result.error).toEqualTypeOf<JobStoreError>();
      expectTypeOf(result.key).toEqualTypeOf<string | undefined>();
    }
  }
  expectTypeOf<ResumeResult<1>['job']>().toEqualTypeOf<1 | undefined>();
  // @ts-expect-error no such option
  client.resume({ groups: 'ada' });
}

export async function eachSubmitTakesAKey() {
  const job = await client.generate(
    { prompt: 'A cat' },
    { key: 'order-7', group: 'ada', metadata: { order: 7 } },
  );
  expectTypeOf(job.key).toEqualTypeOf<string | undefined>();
  await client.backend.remix({ jobId: job.id, prompt: 'A dog' }, { key: 'order-8' });
  client.generateMany([{ prompt: 'A cat' }], { keyOf: ({ prompt }, index) => `${prompt}-${index}` });
  // @ts-expect-error a key is a string
  await client.generate({ prompt: 'A cat' }, { key: 7 });
  // @ts-expect-error so is what keyOf gives
  client.generateMany([{ prompt: 'A cat' }], { keyOf: (_, index) => index });
  // @ts-expect-error an operation that submits nothing has none
  await client.backend.list({}, { key: 'order-9' });
}

export function recordsAreKeptByWhatIsMadeForThat(store: JobStore) {
  new VideoClient({ baseUrl, jobs: jobsOver(store) });
  new VideoClient({ baseUrl, jobs: undefined });
  // @ts-expect-error a store is not yet what keeps them
  new VideoClient({ baseUrl, jobs: store });
  // @ts-expect-error without its methods it is none
  jobsOver({ add: store.add });
}

export function aReceiverTakesAClient() {
  createWebhookHandler({ secret: 'x', client, keyOf: (request) => new URL(request.url).hash });
  // @ts-expect-error what cannot ingest is none
  createWebhookHandler({ secret: 'x', client: {} });
}

import type { JobStatus } from '../core/model.js';

/** Whose words a test delivery uses. */
export type WebhookDialect = 'soraGateway' | 'vidBuilder' | 'openAIVideos';

/** What a test wants a delivery to say. */
export interface TestDelivery {
  readonly jobId: string;
  readonly status: JobStatus;
  /** 0–100. */
  readonly progress?: number | undefined;
  readonly videoUrl?: string | undefined;
  /** Of a failed job. @default 'the test wants it so' */
  readonly error?: string | undefined;
  /** Further fields, as the dialect calls them. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

const PROGRESS: Readonly<Record<JobStatus, number>> = {
  queued: 0,
  processing: 50,
  completed: 100,
  failed: 0,
};

/** What a server of the dialect sends. From tables of its own, so that it does not agree with a reader's mistake. */
export function encodeDelivery(dialect: WebhookDialect, delivery: TestDelivery, at: Date): string {
  const { jobId, status, progress = PROGRESS[status], videoUrl, error = 'the test wants it so' } = delivery;
  const failed = status === 'failed' ? { error } : {};
  const url = status === 'completed' && videoUrl !== undefined ? { videoUrl } : {};
  if (dialect === 'openAIVideos') {
    const type = `video.${status === 'processing' ? 'in_progress' : status}`;
    const id = `evt_${jobId}_${status}`;
    const seconds = Math.floor(at.getTime() / 1_000);
    const data = { id: jobId, ...(status === 'failed' && { error: { code: 'failed', message: error } }) };
    return JSON.stringify({ id, object: 'event', created_at: seconds, type, data, ...delivery.fields });
  }
  const timestamp = at.toISOString();
  if (dialect === 'vidBuilder') {
    const word = status === 'processing' ? 'started' : status;
    const done = status === 'completed' ? { progress } : {};
    return JSON.stringify({ jobId, status: word, ...done, ...url, ...failed, timestamp, ...delivery.fields });
  }
  return JSON.stringify({
    ...{ jobId, soraJobId: `video_${jobId}`, status, progress },
    ...{ ...url, ...failed, timestamp, ...delivery.fields },
  });
}

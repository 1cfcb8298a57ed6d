import { given } from '../given.js';
import type { MockJobUpdate } from '../job.js';
import type { MockServiceOptions, MockStreamOptions } from '../options.js';
import { statusWord } from '../status-word.js';

/** Length of the video in seconds, as the streams tell it. */
const DURATION_SECONDS = 5;

/** The stream options with every default in its place. */
export type StreamForm = {
  readonly [Name in keyof MockStreamOptions]-?: Exclude<MockStreamOptions[Name], undefined>;
};

/** The stream options that hold for a style. */
export function streamOptions({ style, streams }: MockServiceOptions): StreamForm {
  const field = style === 'field';
  return {
    greeting: field,
    acknowledgements: field,
    frames: field ? 'typed' : 'plain',
    snapshotOnSubscribe: false,
    endWithJobs: false,
    ...given(streams),
  };
}

/** One WebSocket frame of the gateway. */
export function webSocketFrame(update: MockJobUpdate, form: StreamForm['frames']): string {
  const { job, status, progress, message, error } = update;
  const timestamp = update.at.toISOString();
  const jobId = job.id;
  if (form === 'typed' && status === 'completed')
    return JSON.stringify({
      type: 'completed',
      jobId,
      videoId: job.upstreamId,
      duration: DURATION_SECONDS,
      timestamp,
    });
  if (form === 'typed' && status === 'failed')
    return JSON.stringify({ type: 'error', jobId, error: error ?? '', timestamp });
  const word = statusWord(job, update);
  if (form === 'plain') return JSON.stringify({ jobId, status: word, progress, error, message });
  return JSON.stringify({
    type: 'progress',
    jobId,
    progress,
    status: word,
    message: message ?? '',
    data: error === undefined ? {} : { error },
    timestamp,
  });
}

/** The data of one event of the gateway's SSE stream. */
export function eventStreamData(update: MockJobUpdate): string {
  const { job, status, progress, message, error } = update;
  return JSON.stringify({
    jobId: job.id,
    status: statusWord(job, update),
    progress: status === 'queued' ? undefined : progress,
    step: message,
    error,
    ...(status === 'completed' ? { videoId: job.upstreamId, duration: DURATION_SECONDS } : {}),
  });
}

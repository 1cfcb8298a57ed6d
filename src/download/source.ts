import type { AnyBackend, HttpRequest } from '../backends/backend.js';
import type { CompletedJob, JobSnapshot } from '../core/model.js';
import { DownloadError, JobFailedError } from '../errors.js';
import type { DownloadSource } from './places.js';

/**
 * Finds where the bytes of a job are: at once where the backend can tell, else, and whenever they are not there any
 * more or not yet, by asking the status.
 */
export function downloadSource(options: {
  readonly backend: AnyBackend;
  readonly id: string;
  readonly known: CompletedJob | undefined;
  readonly variant: string;
  askStatus(signal: AbortSignal): Promise<JobSnapshot>;
}): DownloadSource {
  const { backend, id, variant } = options;
  const seenCompleted = options.known?.status === 'completed';
  let snapshot: JobSnapshot | undefined = options.known;
  return {
    jobId: id,
    // Two files of one job, saved by their names, must not be one.
    isPicture: /thumbnail|sprite|poster/i.test(variant),
    fallbackName: variant === backend.variants[0] ? `video-${id}` : `video-${id}-${variant}`,
    async places(renew, signal) {
      const known = renew ? undefined : placesOf(backend.download({ id, snapshot }, variant));
      if (known !== undefined) return known;
      const answer = await options.askStatus(signal);
      if (answer.status === 'failed') {
        const { error, errorCode } = answer;
        throw new JobFailedError(id, error, { reasonCode: errorCode, hint: 'A failed job has no video.' });
      }
      if (answer.status === 'completed') snapshot = answer;
      // Once seen completed a job is: a status route that lags behind is waited for, as the file is.
      else if (!seenCompleted) {
        throw new DownloadError('download-not-ready', `job ${id} is still ${answer.status}`, {
          jobId: id,
          hint: `Wait for its end first: await client.subscribe(${JSON.stringify(id)}).completed().`,
        });
      }
      return placesOf(backend.download({ id, snapshot }, variant)) ?? [];
    },
  };
}

function placesOf(
  found: HttpRequest | readonly HttpRequest[] | undefined,
): readonly HttpRequest[] | undefined {
  return found === undefined ? undefined : [found].flat();
}

import type { AnyBackend } from '../backends/backend.js';
import type { CompletedJob, JobSnapshot } from '../core/model.js';
import { DownloadError, InputError, JobFailedError } from '../errors.js';
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
  /** Which of the job's outputs. */
  readonly output: number;
  askStatus(signal: AbortSignal): Promise<JobSnapshot>;
}): DownloadSource {
  const { backend, id, output, variant } = options;
  const seenCompleted = options.known?.status === 'completed';
  let snapshot: JobSnapshot | undefined = options.known;
  /** @throws DownloadError, InputError where there is no such file. */
  const find = () => {
    const completed = snapshot?.status === 'completed' ? snapshot : undefined;
    if (completed?.gone !== undefined) {
      throw new DownloadError('download-expired', `the video of job ${id} is gone: ${completed.gone}`, {
        jobId: id,
        hint: 'No later try will find it.',
      });
    }
    if (completed === undefined && output > 0) return undefined;
    const count = completed?.outputs?.length || 1;
    if (output >= count)
      throw new InputError(
        'output',
        `job ${id} has ${count} output${count === 1 ? '' : 's'}: there is no ${output}, counted from 0`,
      );
    const found = backend.download({ id, snapshot }, variant, output);
    return found === undefined ? undefined : [found].flat();
  };
  return {
    jobId: id,
    // Two files of one job, saved by their names, must not be one.
    get isPicture() {
      const type = snapshot?.status === 'completed' ? snapshot.outputs?.[output]?.type : undefined;
      return /^image\//i.test(type ?? '') || /thumbnail|sprite|poster/i.test(variant);
    },
    fallbackName: ['video', id, variant !== backend.variants[0] && variant, output > 0 && output + 1]
      .filter((part) => part !== false)
      .join('-'),
    async places(renew, signal) {
      const known = renew ? undefined : find();
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
      return find() ?? [];
    },
  };
}

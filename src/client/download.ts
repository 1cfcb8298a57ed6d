import { checkFields, optional, wholeNumber } from '../core/check.js';
import { wrongOption } from '../core/check-option.js';
import type { CompletedJob } from '../core/model.js';
import { wordsOf } from '../core/text.js';
import type { DownloadOptions, VideoDownload } from '../core/video-download.js';
import { openDownload } from '../download/download.js';
import { downloadSource } from '../download/source.js';
import { aboutJob, InputError } from '../errors.js';
import type { Server } from './server.js';

/** Opens the download of a finished job, of which `known` may be known already. */
export async function download(
  server: Server,
  id: string,
  known: CompletedJob | undefined,
  options: DownloadOptions,
): Promise<VideoDownload> {
  const { aborts, backend, calls, http, logger, retry, runtime, settings } = server;
  const { timeouts } = settings;
  const { variant = backend.variants[0], output = 0, range, onProgress, signal: outer } = options;
  const wrong = wholeNumber(0, 10_000)(output);
  if (wrong !== undefined) throw new InputError('output', `output ${wrong}`, { jobId: id });
  checkRange(range, id);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw aboutJob(wrongOption('onProgress', 'onProgress must be a function'), id);
  const controller = new AbortController();
  const source = downloadSource({
    ...{ backend, id, known, variant, output },
    askStatus: (signal) => server.status(id, signal),
  });
  try {
    return await openDownload(http, source, {
      signal: outer && controller.signal,
      onProgress,
      range,
      onError: (error) => logger.error(`job ${JSON.stringify(id)}: onProgress threw: ${wordsOf(error)}`),
      onDoubt: ({ message }) =>
        logger.warn(
          `job ${JSON.stringify(id)}: its file is asked for again for up to ${timeouts.notReadyMs} ms, in case it is not there yet: ${message}`,
        ),
      notReadyMs: timeouts.notReadyMs,
      requestMs: timeouts.requestMs,
      retry,
      runtime,
      // One listener on the caller's signal, however many downloads hang on it, and only while they are open.
      whileOpen: (abort) => {
        calls.refuseClosed(id);
        const over = calls.add(id, abort);
        const stop = outer && aborts.listen(outer, (reason) => controller.abort(reason));
        if (outer?.aborted === true) controller.abort(outer.reason);
        return () => {
          over();
          stop?.();
        };
      },
    });
  } catch (error) {
    throw http.told(error, id);
  }
}

function checkRange(range: DownloadOptions['range'], jobId: string): void {
  if (range === undefined) return;
  const refuse = (field: string, problem: string) => new InputError(field, problem, { jobId });
  const bytes = (least: number) => wholeNumber(least, Number.MAX_SAFE_INTEGER);
  checkFields('range', 'option', range, { start: bytes(0), end: optional(bytes(1)) }, refuse, 'range.');
  if (range.end !== undefined && range.end <= range.start)
    throw refuse('range.end', 'range.end must be greater than range.start');
}

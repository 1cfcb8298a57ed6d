import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpRequest } from '../../../src/backends/backend.js';
import type { VideoDownload } from '../../../src/core/video-download.js';
import { openDownload } from '../../../src/download/download.js';
import type { OpenDownloadOptions } from '../../../src/download/resumable-body.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { type ClientOptions, client } from '../http/support.js';

export const video = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) % 251),
);
export const strong = { etag: '"v1"', 'content-type': 'video/mp4' };

export interface Plan extends Partial<OpenDownloadOptions> {
  readonly client?: ClientOptions;
  /** The place of the file, at `first` and when it is `renewed`. */
  readonly request?: (reason: 'first' | 'renewed') => HttpRequest | Promise<HttpRequest>;
  readonly places?: (renew: boolean) => readonly HttpRequest[];
  readonly jobId?: string;
}

export function download(baseUrl: string, plan: Plan = {}): Promise<VideoDownload> {
  const { client: clientOptions, request, places, jobId = 'job-1', ...options } = plan;
  return openDownload(
    client(baseUrl, clientOptions),
    {
      jobId,
      fallbackName: jobId,
      places: async (renew) =>
        places?.(renew) ?? [
          (await request?.(renew ? 'renewed' : 'first')) ?? { method: 'GET', url: '/video' },
        ],
    },
    {
      notReadyMs: 2_000,
      requestMs: 2_000,
      retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 3_000 },
      runtime: systemRuntime(),
      ...options,
    },
  );
}

/** What an answer says, and which bytes of the file it brings; `cut` drops the connection behind them. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string | number>;
  readonly from?: number;
  readonly to?: number;
  readonly cut?: boolean;
}

/** Chunked, unless a length is given. */
export function answer(
  response: ServerResponse,
  { status = 200, headers = {}, from = 0, to, cut }: Answer,
): void {
  response.writeHead(status, { 'content-type': 'video/mp4', ...headers });
  const bytes = video.subarray(from, to);
  if (cut !== true) response.end(bytes);
  else response.write(bytes, () => setTimeout(() => response.destroy(), 20));
}

/** Where the range that was asked for begins. */
export function startOf(headers: IncomingHttpHeaders): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

import { describe, expect, it } from 'vitest';
import type { VideoDownload } from '../../src/core/video-download.js';
import { isVideoError } from '../../src/errors.js';
import { type MockFault, mockMedia } from '../../src/mock-server/index.js';
import { MOCK, RELAY } from './subjects.js';

const file = mockMedia('video');
const half = file.length >> 1;

const TOTALS: Readonly<Record<string, number | '*'>> = {
  'a byte too many': file.length + 1,
  'a byte too few': file.length - 1,
  'the size of the part': half,
  nothing: 0,
  'an unknown size': '*',
};

/** What a client has the first size from, and why it asks for a part. */
const ANSWERS: Readonly<Record<string, readonly MockFault[]>> = {
  'that breaks off with a length told': [{ type: 'drop', atByte: half, times: 1 }],
  'that breaks off without a length': [{ type: 'drop', atByte: half, times: 1 }, { type: 'no-length' }],
  'that ends too early in good order': [{ type: 'short', bytes: half, declared: false, times: 1 }],
  'of which a part comes unasked': [{ type: 'capped', bytes: half, unasked: true, times: 1 }],
  'of which parts are capped': [
    { type: 'drop', atByte: half, times: 1 },
    { type: 'capped', bytes: half >> 1 },
  ],
};

const WAYS: Readonly<Record<string, (video: VideoDownload) => Promise<Uint8Array>>> = {
  bytes: (video) => video.bytes(),
  stream: async (video) => new Uint8Array(await new Response(video.stream()).arrayBuffer()),
};

describe.each([MOCK, RELAY])('of %s', (_server, start) => {
  describe.each(Object.entries(ANSWERS))('of a file %s', (_, faults) => {
    // A first part that says it is all of the file is all that anybody can know of it.
    const isUntellable = (total: number | '*') => total === half && faults[0]?.type === 'capped';
    describe.each(Object.entries(TOTALS).filter(([, total]) => !isUntellable(total)))(
      'whose parts tell %s as its total',
      (_, total) => {
        it.each(Object.entries(WAYS))('%s gives all of it, or an error, and never less', async (_, read) => {
          const all: MockFault[] = [...faults, { type: 'total', total }];
          const server = await start({
            manual: true,
            faults: all.map((fault) => ({ ...fault, route: 'download' as const })),
          });
          const { id, job } = await server.createJob();
          job.complete();
          const outcome = await server
            .connect({ timeouts: { notReadyMs: 100 } })
            .download(id)
            .then(read)
            .catch((error: unknown) => error);
          if (isVideoError(outcome)) expect(outcome).toMatchObject({ name: 'DownloadError', jobId: id });
          else expect(Buffer.from(outcome as Uint8Array).equals(file)).toBe(true);
        });
      },
    );
  });
});

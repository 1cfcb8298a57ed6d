import { expect, it } from 'vitest';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';

const backends: readonly (readonly [string, AnyBackend])[] = [
  ['soraGateway', soraGateway()],
  ['vidBuilder', vidBuilder()],
  ['openAIVideos', openAIVideos()],
];
const read = (backend: AnyBackend, body: unknown, status = 500) =>
  backend.parseRefusal?.({ status, headers: new Headers(), body, call: 'status' }, 'v');

it.each(backends)(
  'a status call of %s that is refused with the job, failed, tells of its failure',
  (_, backend) => {
    for (const status of [400, 404, 410, 422, 500, 503])
      for (const id of [{ id: 'v' }, { jobId: 'v' }])
        expect(read(backend, { ...id, status: 'failed', error: 'out of memory' }, status)).toMatchObject({
          jobId: 'v',
          status: 'failed',
          error: 'out of memory',
        });
  },
);

it.each(backends)('a status call of %s that is refused with anything else is an error', (_, backend) => {
  for (const body of [
    { jobId: 'other', status: 'failed' },
    { status: 'failed', error: 'no such job' },
    { jobId: 'v', status: 'processing' },
    { jobId: 'v', status: 'completed' },
    { jobId: 'v', status: 'error', message: 'try again' },
    { jobId: 'v', error: 'no such job' },
    [{ jobId: 'v', status: 'failed' }],
    'failed',
    null,
    undefined,
  ])
    expect(read(backend, body)).toBeUndefined();
});

import { expect, it, vi } from 'vitest';
import { fileJobs } from '../../../src/jobs/node.js';
import { patternBytes } from '../../../src/mock-server/media/files.js';
import { startServer, submits, temporaryFolder } from '../client/support.js';
import { fakeS3 } from './fake-s3.js';
import { startExample } from './support.js';

vi.setConfig({ testTimeout: 60_000 });

/** Two parts of S3, and a piece of a third. */
const BYTES = 12 * 1024 * 1024;
const video = Buffer.from(patternBytes(0, BYTES));

async function place() {
  const server = await startServer({ manual: false, durationMs: 20, videoBytes: BYTES });
  const [bucket, folder] = [await fakeS3(), await temporaryFolder()];
  return {
    ...{ server, bucket },
    start: () =>
      startExample('storage/main.ts', ['order-7', 'Explain blockchain'], {
        ...{
          REELWIRE_BASE_URL: server.url,
          JOBS_FOLDER: folder,
          S3_BUCKET: 'videos',
          S3_ENDPOINT: bucket.url,
        },
        ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
      }),
    stored: () => bucket.objects.get('/videos/order-7.mp4')?.equals(video),
    records: async () => {
      const keys: string[] = [];
      for await (const { key } of fileJobs(folder).list()) keys.push(key);
      return keys;
    },
  };
}

it('stores a video under the key of its job, and forgets that last', async () => {
  const { server, start, stored, records } = await place();
  const { code, stdout } = await start().ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^job job-\w+\nstored order-7\.mp4\n$/);
  expect({ stored: stored(), submits: submits(server), records: await records() }).toEqual({
    ...{ stored: true, submits: 1 },
    records: [],
  });
});

it('killed during the upload and started again, it submits nothing, and the object is whole', async () => {
  const { server, bucket, start, stored, records } = await place();
  const first = start();
  bucket.onPart = (number) => {
    if (number === 2) first.child.kill('SIGKILL');
    return undefined;
  };
  expect((await first.ended).code).toBeNull();
  expect({ objects: bucket.objects.size, records: await records() }).toEqual({
    objects: 0,
    records: ['order-7'],
  });

  bucket.onPart = () => undefined;
  const { code, stdout } = await start().ended;
  expect({ code, stored: stored(), submits: submits(server), records: await records() }).toEqual({
    ...{ code: 0, stored: true, submits: 1 },
    records: [],
  });
  const [job] = [...server.jobs];
  expect(stdout).toBe(`job ${job?.id}\nstored order-7.mp4\n`);
  // Nobody was there to abort the first one: its parts stay until the bucket's rule removes them.
  expect(bucket.openUploads.size).toBe(1);
});

it('stores nothing, and keeps the record, where the bucket refuses', async () => {
  const { bucket, start, records } = await place();
  bucket.onPart = () => ({ status: 403, code: 'AccessDenied' });
  const { code, stderr } = await start().ended;
  expect(code).not.toBe(0);
  expect(stderr).toContain('AccessDenied');
  expect({ objects: bucket.objects.size, records: await records() }).toEqual({
    objects: 0,
    records: ['order-7'],
  });
});

import { S3Client } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { putVideo } from '../../../examples/storage/presigned.js';
import { uploadVideo } from '../../../examples/storage/upload.js';
import type { MockFault, MockServerOptions } from '../../../src/mock-server/index.js';
import { patternBytes } from '../../../src/mock-server/media/files.js';
import { rejection } from '../../support/rejection.js';
import { connect, startServer } from '../client/support.js';
import { fakeS3 } from './fake-s3.js';

vi.setConfig({ testTimeout: 60_000 });

/** Two parts of S3, and a piece of a third. */
const BYTES = 12 * 1024 * 1024;
const video = Buffer.from(patternBytes(0, BYTES));
const object = { bucket: 'videos', key: 'order-7.mp4' };
const never = new AbortController().signal;

/** A finished job, and a bucket. */
async function start(faults: MockFault[] = [], options: MockServerOptions = {}) {
  const server = await startServer({ manual: false, durationMs: 20, videoBytes: BYTES, faults, ...options });
  const client = connect(server);
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  await job.completed();
  const bucket = await fakeS3();
  const s3 = new S3Client({
    ...{ endpoint: bucket.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  onTestFinished(() => s3.destroy());
  return {
    bucket,
    put: async (expiresInSeconds = 60) =>
      putVideo(
        `${bucket.url}/videos/order-7.mp4?X-Amz-Signature=s&X-Amz-Expires=${expiresInSeconds}`,
        await job.download(),
      ),
    store: async (signal = never) => uploadVideo(s3, object, await job.download(), signal),
    stored: () => bucket.objects.get('/videos/order-7.mp4'),
  };
}

it('puts a video into a bucket, in parts, while it arrives', async () => {
  const { bucket, store, stored } = await start();
  const parts: number[] = [];
  bucket.onPart = (number) => void parts.push(number);
  await store();
  expect(stored()?.equals(video)).toBe(true);
  expect(parts.sort()).toEqual([1, 2, 3]);
  expect(bucket.openUploads.size).toBe(0);
});

it('puts one that broke off on the way there whole, where the server resumes', async () => {
  const { store, stored } = await start([{ route: 'download', type: 'drop', atByte: 7_000_000, times: 1 }]);
  await store();
  expect(stored()?.equals(video)).toBe(true);
});

it.each<[string, MockFault[], MockServerOptions]>([
  [
    'broke off and cannot be resumed',
    [
      { route: 'download', type: 'drop', atByte: 7_000_000 },
      { route: 'download', type: 'no-ranges' },
    ],
    {},
  ],
  ['is not what its hash says', [{ route: 'download', type: 'corrupt' }], { digest: true }],
])('leaves no object, and no parts, of a video that %s', async (_, faults, options) => {
  const { bucket, store } = await start(faults, options);
  expect(await rejection(store())).toMatchObject({ name: 'DownloadError', code: 'download-incomplete' });
  expect({ objects: bucket.objects.size, open: bucket.openUploads.size, aborted: bucket.aborted }).toEqual({
    ...{ objects: 0, open: 0 },
    aborted: 1,
  });
});

it('leaves no object where the bucket refuses a part, and stores it at the next try', async () => {
  const { bucket, store, stored } = await start();
  bucket.onPart = (number) => (number === 2 ? { status: 403, code: 'AccessDenied' } : undefined);
  expect(await rejection(store())).toMatchObject({ name: 'AccessDenied' });
  expect({ objects: bucket.objects.size, open: bucket.openUploads.size }).toEqual({ objects: 0, open: 0 });
  bucket.onPart = () => undefined;
  await store();
  expect(stored()?.equals(video)).toBe(true);
});

it('stops at a signal, and leaves no object', async () => {
  const { bucket, store } = await start();
  const stop = new AbortController();
  bucket.onPart = () => void stop.abort();
  expect(await rejection(store(stop.signal))).toMatchObject({ name: 'AbortError' });
  expect(bucket.objects.size).toBe(0);
});

it.each<[string, MockFault[]]>([
  ['as it arrives', []],
  ['after it was read, where its server tells no length', [{ route: 'download', type: 'no-length' }]],
])('puts a video to a signed URL, %s', async (_, faults) => {
  const { put, stored } = await start(faults);
  await put();
  expect(stored()?.equals(video)).toBe(true);
});

it('leaves no object at a signed URL where the video broke off and cannot be resumed', async () => {
  const { bucket, put } = await start([
    { route: 'download', type: 'drop', atByte: 7_000_000 },
    { route: 'download', type: 'no-ranges' },
  ]);
  const error = await rejection(put());
  expect((error as Error).cause).toMatchObject({ name: 'DownloadError', code: 'download-incomplete' });
  expect(bucket.objects.size).toBe(0);
});

it('says what the bucket says of a signed URL that is over, and nothing of the URL', async () => {
  const { put } = await start();
  const { message } = (await rejection(put(0))) as Error;
  expect(message).toMatch(/^the bucket answered 403: .*Request has expired/);
  expect(message).not.toContain('X-Amz');
});

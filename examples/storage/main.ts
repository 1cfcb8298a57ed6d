/**
 * A video of a script, in a bucket: at most one is paid for, however often this is killed and started again.
 *
 * S3_BUCKET=videos npx tsx examples/storage/main.ts order-7 "Explain blockchain"
 *
 * S3_ENDPOINT names one that is not Amazon's; the rest (AWS_REGION, AWS_ACCESS_KEY_ID …) is as the AWS SDK has it.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { VideoClient } from 'reelwire';
import { fileJobs } from 'reelwire/jobs/node';
import { uploadVideo } from './upload.js';

const {
  JOBS_FOLDER = '.videos',
  REELWIRE_BASE_URL = 'http://localhost:3001',
  S3_BUCKET,
  S3_ENDPOINT,
} = process.env;
const [key, script] = process.argv.slice(2);
if (key === undefined || script === undefined || S3_BUCKET === undefined) {
  console.error('usage: S3_BUCKET=<bucket> main.ts <key> <script>');
  process.exit(2);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const s3 = new S3Client(S3_ENDPOINT === undefined ? {} : { endpoint: S3_ENDPOINT, forcePathStyle: true });
const client = new VideoClient({ baseUrl: REELWIRE_BASE_URL, jobs: fileJobs(JOBS_FOLDER) });
try {
  // A key that has a job already gets that one: nothing is sent.
  const job = await client.generate({ walletAddress: '0x123', script }, { key });
  console.log(`job ${job.id}`);
  await job.completed({ signal: stop.signal });
  const video = await job.download({ signal: stop.signal });
  // Named by the key: an upload that is done twice is the same object.
  await uploadVideo(s3, { bucket: S3_BUCKET, key: `${key}.mp4` }, video, stop.signal);
  // Last of all. Whoever is killed before it does the upload once more, and pays nothing.
  await client.forget(key);
  console.log(`stored ${key}.mp4`);
} finally {
  await client.close();
  s3.destroy();
}

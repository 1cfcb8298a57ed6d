import { VideoClient, WebhookVerificationError } from 'reelwire';
import { memoryJobs } from 'reelwire/jobs';
import { verifyWebhookSignature } from 'reelwire/webhooks';

const input = { walletAddress: '0x123', script: 'Explain blockchain' };
const errorOf = (promise) => promise.catch((error) => error);

async function watch(baseUrl) {
  const client = new VideoClient({ baseUrl, transports: ['polling'], polling: { intervalMs: 20 } });
  const job = await client.generate(input);
  const { status } = await job.completed();
  const bytes = await (await job.download()).bytes();
  const options = { body: '{}', headers: {}, secret: 'whsec_c2VjcmV0c2VjcmV0' };
  const reason = await errorOf(verifyWebhookSignature(options));
  const aborted = await abort(client, job.id);
  await client.close();
  return {
    ...{
      status,
      aborted,
      downloaded: bytes.length > 1_000,
      refused: reason instanceof WebhookVerificationError,
    },
    ...{ late: await timeOut(baseUrl), records: await keepRecords(baseUrl) },
  };
}

/** What a call rejects with that is aborted before it, in the middle of it, and without a reason. */
async function abort(client, jobId) {
  const [before, after, bare] = [new AbortController(), new AbortController(), new AbortController()];
  before.abort('not needed');
  const rejections = [errorOf(client.status(jobId, { signal: before.signal }))];
  const job = await client.generate(input);
  rejections.push(
    errorOf(job.completed({ signal: after.signal })),
    errorOf(job.completed({ signal: bare.signal })),
  );
  after.abort('left the page');
  bare.abort();
  return (await Promise.all(rejections)).map((reason) => reason?.name ?? reason);
}

async function timeOut(baseUrl) {
  const fetch = (_url, init) =>
    new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));
  const client = new VideoClient({ baseUrl, fetch, timeouts: { requestMs: 50 }, retry: { attempts: 1 } });
  return (await errorOf(client.status('job-1'))).code;
}

/** Keys of submits are random: there is no way to make one that others cannot guess. */
async function keepRecords(baseUrl) {
  const client = new VideoClient({ baseUrl, jobs: memoryJobs() });
  const { code, message } = await errorOf(client.generate(input, { key: 'order-7' }));
  return [code, message];
}

globalThis.watched = watch(globalThis.SERVER_URL);

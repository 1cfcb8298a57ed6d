/** @jest-environment node */
const reelwire = require('reelwire');
const webhooks = require('reelwire/webhooks');
const { createMockServer } = require('reelwire/mock-server');

const { VideoClient } = reelwire;
const input = { walletAddress: '0x123', script: 'Explain blockchain' };
const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const signed = {
  'webhook-id': 'message-1',
  'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
  'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
};
const refusalOf = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

jest.setTimeout(30_000);
// What a test file has at its head stays what it was; all that is loaded from here on is made anew.
beforeEach(() => jest.resetModules());

it.each([
  ['missing-header', {}, '{}'],
  ['missing-header', [], '{}'],
  ['bad-signature', signed, '{}'],
  ['bad-signature', Object.entries(signed), '{}'],
  ['parsed-body', signed, { status: 'completed' }],
])(
  'a delivery is refused for %s with the class of error that the test has',
  async (reason, headers, body) => {
    for (const { verifyWebhookSignature, WebhookVerificationError } of [reelwire, webhooks]) {
      const error = await refusalOf(verifyWebhookSignature({ secret, headers, body }));
      expect(error).toBeInstanceOf(WebhookVerificationError);
      expect(error.reason).toBe(reason);
    }
  },
);

it('a client fails with the classes of errors that the test has, in submits, jobs, downloads and batches', async () => {
  const server = await createMockServer({ durationMs: 50 });
  const client = new VideoClient({ baseUrl: server.url });
  try {
    expect(await refusalOf(client.generate({}))).toBeInstanceOf(reelwire.InputError);
    expect(await refusalOf(client.status('nowhere'))).toBeInstanceOf(reelwire.ApiError);
    expect(await refusalOf(client.download('nowhere'))).toBeInstanceOf(reelwire.VideoError);
    const job = await client.generate(input);
    await job.completed();
    const download = await job.download();
    expect(await refusalOf(download.save('/nowhere/there/video.mp4'))).toBeInstanceOf(reelwire.DownloadError);
    for await (const result of client.generateMany([{}])) {
      expect(result.error).toBeInstanceOf(reelwire.InputError);
    }
    expect(await refusalOf(client.diagnose({ jobId: 7 }))).toBeInstanceOf(reelwire.VideoError);
  } finally {
    await client.close();
    await server.close();
  }
});

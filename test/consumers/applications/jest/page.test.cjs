/** @jest-environment ./jsdom.cjs */
jest.setTimeout(30_000);

it('loads what is for browsers, with every subpath that it has', () => {
  expect(require('reelwire/webhooks/testing').createWebhookFactory).toBeInstanceOf(Function);
  expect(require('reelwire/backends').openRouter().baseUrl).toMatch(/^https:/);
  const { VideoError, WebhookVerificationError } = require('reelwire');
  expect(require('reelwire/webhooks').WebhookVerificationError).toBe(WebhookVerificationError);
  expect(WebhookVerificationError.prototype).toBeInstanceOf(VideoError);
  const platform = Object.keys(require.cache).filter((file) => /reelwire\/dist\/cjs\/platform/.test(file));
  expect(platform).toEqual([expect.stringMatching(/\/platform\.browser\.cjs$/)]);
});

it('takes what Node made for bytes, whose classes are others than those of jsdom', async () => {
  const { soraGateway } = require('reelwire');
  const audioBuffer = require('node:fs').readFileSync(__filename);
  expect(audioBuffer).not.toBeInstanceOf(Uint8Array);
  const input = { walletAddress: '0x123', scriptOrQuestion: 'Why?', audioBuffer };
  const { body } = await soraGateway().generate(input);
  expect(body.value.audioBuffer).toBe(audioBuffer.toString('base64'));
});

it.each(['websocket', 'sse', 'polling'])('generates, follows by %s and downloads', async (transport) => {
  const { VideoClient } = require('reelwire');
  const client = new VideoClient({
    baseUrl: process.env.SERVER_URL,
    transports: [transport],
    polling: { intervalMs: 20 },
  });
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
    const transports = new Set();
    job.on('update', (snapshot) => transports.add(snapshot.transport));
    await job.completed();
    expect([...transports]).toContain(transport);
    expect((await (await job.download()).bytes()).length).toBeGreaterThan(1_000);
  } finally {
    await client.close();
  }
});

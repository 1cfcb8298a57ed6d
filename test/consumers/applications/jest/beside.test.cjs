/** @jest-environment ./jsdom.cjs */
jest.setTimeout(30_000);

it('generates, follows and downloads from a mock server that was started beside the tests', async () => {
  const { VideoClient } = require('reelwire');
  const client = new VideoClient({ baseUrl: process.env.MOCK_URL });
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
    await job.completed();
    expect((await (await job.download()).bytes()).length).toBeGreaterThan(1_000);
  } finally {
    await client.close();
  }
});

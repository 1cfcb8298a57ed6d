/** @jest-environment node */
const { mkdtempSync, rmSync, statSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { VideoClient } = require('reelwire');
const { createMockServer } = require('reelwire/mock-server');

const folder = mkdtempSync(join(tmpdir(), 'reelwire-jest-'));
jest.setTimeout(30_000);
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['websocket', 'sse', 'polling'])('generates, follows by %s and saves', async (transport) => {
  const server = await createMockServer({ durationMs: 1_500 });
  const client = new VideoClient({
    baseUrl: server.url,
    transports: [transport],
    polling: { intervalMs: 20 },
  });
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
    const transports = new Set();
    job.on('update', (snapshot) => transports.add(snapshot.transport));
    await job.completed();
    expect([...transports]).toContain(transport);
    const file = join(folder, `${transport}.mp4`);
    await (await job.download()).save(file);
    expect(statSync(file).size).toBeGreaterThan(1_000);
  } finally {
    await client.close();
    await server.close();
  }
});

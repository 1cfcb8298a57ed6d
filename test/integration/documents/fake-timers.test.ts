import { VideoClient } from 'reelwire';
import { createMockServer } from 'reelwire/mock-server';
import { afterEach, expect, it, vi } from 'vitest';

// As the guide "Testing your app" has them.
afterEach(() => void vi.useRealTimers());

const input = { walletAddress: '0x123', script: 'Explain blockchain' };

it('polling, and the mock server, go by a clock that is moved in steps', async () => {
  await using server = await createMockServer({ durationMs: 60_000 });
  vi.useFakeTimers();
  const client = new VideoClient({ baseUrl: server.url, transports: ['polling'] });
  const job = await client.generate(input);
  job.on('update', () => {});
  while (job.snapshot.status !== 'completed') await vi.advanceTimersByTimeAsync(1_000);
  expect(server.requests.filter(({ route }) => route === 'status').length).toBeGreaterThan(1);
}, 60_000);

it('a deadline passes where the clock is moved past it', async () => {
  await using server = await createMockServer({ manual: true });
  vi.useFakeTimers();
  const client = new VideoClient({ baseUrl: server.url, logger: 'silent' });
  const job = await client.generate(input);
  const ended = expect(job.completed({ timeoutMs: 600_000 })).rejects.toMatchObject({ code: 'job-timeout' });
  await vi.advanceTimersByTimeAsync(600_000);
  await ended;
}, 60_000);

import { describe, expect, it, vi } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { mockMedia } from '../../../src/mock-server/media/files.js';
import { connect, input, startServer } from './support.js';

describe('a job whose id is a JSON number beyond 2^53', () => {
  it.each(['websocket', 'sse', 'polling'] as const)(
    'is followed over %s and downloaded',
    async (transport) => {
      const server = await startServer({ numericIds: true });
      const job = await connect(server, { transports: [transport] }).generate(input);
      expect(job.id).toMatch(/^\d{19}$/);
      const end = job.completed();
      if (transport !== 'polling')
        await vi.waitUntil(() => server.streams.open.some(({ jobIds }) => jobIds.has(job.id)), 10_000);
      server.jobs.get(job.id)?.complete();
      expect(await end).toMatchObject({ id: job.id, status: 'completed' });
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
    },
  );

  it('is in a list by that id', async () => {
    const server = await startServer({ numericIds: true });
    const client = connect(server, { backend: openAIVideos() });
    const { id } = await client.generate({ prompt: 'A lake' });
    expect((await client.backend.list({})).jobs.map((job) => job.jobId)).toEqual([id]);
    expect(server.jobs.has(id)).toBe(true);
  });
});

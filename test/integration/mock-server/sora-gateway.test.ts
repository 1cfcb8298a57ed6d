import { describe, expect, it } from 'vitest';
import { createMockServer, mockMedia } from '../../../src/mock-server/index.js';
import { get, post, until } from './support.js';

describe('the gateway of the mock server', () => {
  it('makes a job that runs by itself to a real video', async () => {
    await using server = await createMockServer({ durationMs: 1_000 });
    const { body } = await post(server, '/api/generate?renderVersion=v3', {
      walletAddress: '0x1',
      script: 'Hi',
    });
    expect(body).toEqual({ jobId: expect.any(String) });
    const path = `/api/videos/status/${body.jobId}`;
    expect((await get(server, path)).body).toMatchObject({
      jobId: body.jobId,
      status: 'queued',
      progress: 0,
    });
    await until(async () => (await get(server, path)).body.status === 'completed');
    const response = await fetch(`${server.url}/api/download?jobId=${body.jobId}&renderVersion=v3`);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(mockMedia());
  });
});

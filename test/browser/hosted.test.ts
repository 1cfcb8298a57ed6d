import { isVideoError, VideoClient } from 'reelwire';
import { openRouter, replicate } from 'reelwire/backends';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMock } from './support/remote-mock.js';

const model = 'google/veo-3.1';

/** A page's client of a hosted service, which is at another origin. */
async function connect(path: string, backend: ReturnType<typeof openRouter> | ReturnType<typeof replicate>) {
  const server = await startMock();
  const client = new VideoClient({
    // As if the provider itself were there.
    backend: { ...backend, baseUrl: server.url + path },
    auth: { type: 'bearer', token: 'of-the-page' },
    retry: { attempts: 1 },
  });
  onTestFinished(() => client.close());
  return { client, server };
}

describe('a page with the backend replicate, whose provider lets no page read its answers,', () => {
  it('is told so by diagnose, and what to do', async () => {
    const { client, server } = await connect('/replicate/v1', replicate({ model }));
    const { ok, transports } = await client.diagnose();
    expect(ok).toBe(false);
    expect(transports.polling).toMatchObject({
      state: 'fails',
      message: `The server at ${server.url} is there, but the browser keeps its answers from this page (CORS).`,
      hint: 'Call it through a proxy of your own.',
    });
  });

  it('makes no prediction, and is told where to look', async () => {
    const { client, server } = await connect('/replicate/v1', replicate({ model }));
    const error = await client.generate({ input: { prompt: 'A boat' } } as never).catch((reason) => reason);
    expect(isVideoError(error)).toBe(true);
    expect(error.hint).toMatch(/CORS/);
    expect(await server.do('jobIds')).toEqual([]);
  });
});

it('a page with the backend openRouter, whose provider lets pages in, makes a video by itself', async () => {
  const { client, server } = await connect('/openrouter/api/v1', openRouter({ model }));
  const { ok, transports } = await client.diagnose();
  expect([ok, transports.polling.state]).toEqual([true, 'works']);
  const job = await client.generate({ prompt: 'A boat' } as never);
  await server.do('advance', job.id, { status: 'completed', progress: 100 });
  await expect(job.completed()).resolves.toMatchObject({ status: 'completed' });
});

import { isVideoError, VideoClient } from 'reelwire';
import { comfyUI, fal, openRouter, replicate } from 'reelwire/backends';
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

describe('a page with the backend fal', () => {
  it('is told by diagnose that it may not call fal itself', async () => {
    const server = await startMock();
    const client = new VideoClient({ backend: { ...fal({ model }), baseUrl: `${server.url}/fal` } });
    onTestFinished(() => client.close());
    const { ok, transports } = await client.diagnose();
    expect(ok).toBe(false);
    expect(transports.polling.hint).toBe('Call it through a proxy of your own.');
  });

  it('makes a video through fal’s own proxy, which has the key, and is told by a stream', async () => {
    const server = await startMock({ auth: { type: 'bearer', token: 'id:secret' } });
    const proxy = await server.do('falProxy');
    const throughProxy: typeof fetch = (url, init) => {
      const target = String(url);
      if (!target.startsWith('https://queue.fal.run/')) return fetch(url, init);
      const headers = { ...init?.headers, 'x-fal-target-url': target };
      const body = init?.method === 'PUT' ? '{}' : (init?.body ?? null);
      return fetch(proxy, { ...init, headers, body });
    };
    const client = new VideoClient({
      backend: fal({ model: 'fal-ai/veo3.1' }),
      fetch: throughProxy,
      // Nothing is polled in time.
      polling: { intervalMs: 600_000 },
    });
    onTestFinished(() => client.close());
    const { ok, transports: tried } = await client.diagnose();
    expect([ok, tried.polling.state]).toEqual([true, 'works']);
    const job = await client.generate({ input: { prompt: 'A boat', image_url: new Blob(['a']) } });
    const messages: unknown[] = [];
    job.on('update', ({ message, transport }) => messages.push([message, transport]));
    const transports: unknown[] = [];
    job.on('transport', ({ transport }) => transports.push(transport));
    await expect.poll(() => transports).toContain('sse');
    // Asked when it was followed, and once more when its stream had opened: from now on the stream alone tells.
    const asked = async () => {
      const requests = (await server.do('requests')) as readonly { readonly route: string }[];
      return requests.filter(({ route }) => route === 'status').length;
    };
    await expect.poll(asked).toBeGreaterThanOrEqual(2);
    await server.do('advance', job.id, { status: 'processing', message: 'Sampling' });
    await expect.poll(() => messages).toContainEqual(['Sampling', 'sse']);
    const ended = job.completed();
    await server.do('advance', job.id, { status: 'completed' });
    expect((await ended).outputs).toHaveLength(1);
    const bytes = await (await job.download()).bytes();
    expect(bytes.length).toBeGreaterThan(1_000);
    const other = await client.generate({ input: { prompt: 'Another' } });
    expect((await client.cancel(other.id)).status).toBe('failed');
  });
});

describe('a page with the backend comfyUI, whose server takes calls of its own origin alone,', () => {
  const workflow = {
    '1': { class_type: 'LoadImage', inputs: { image: 'boat.png' } },
    '2': { class_type: 'CreateVideo', inputs: { images: ['1', 0], fps: 16 }, _meta: { title: 'Frames' } },
    '3': {
      class_type: 'SaveVideo',
      inputs: { video: ['2', 0], filename_prefix: 'boat', format: 'auto', codec: 'auto' },
    },
  };
  const start = async (baseUrl: (url: string) => string) => {
    const server = await startMock();
    const client = new VideoClient({
      ...{ baseUrl: baseUrl(server.url), backend: comfyUI(), retry: { attempts: 1 } },
      // Only the socket is to bring it any further.
      polling: { intervalMs: 60_000 },
    });
    onTestFinished(() => client.close());
    return { client, server };
  };

  it('makes nothing where it calls that by its own address, and is told to look at CORS', async () => {
    const { client, server } = await start((url) => `${url}/comfyui`);
    const error = await client.generate({ workflow }).catch((reason) => reason);
    expect(isVideoError(error)).toBe(true);
    expect(error.hint).toMatch(/CORS/);
    expect(await server.do('jobIds')).toEqual([]);
  });

  it('uploads, sees how far it is, and has the file, where a path of its site leads there', async () => {
    const { client, server } = await start(
      (url) => new URL(`/at/${new URL(url).port}/comfyui`, location.origin).href,
    );
    expect((await client.diagnose()).transports.websocket.state).toBe('works');
    await client.backend.upload({ file: new Blob(['of a boat']), name: 'boat.png' });
    const job = await client.generate({ workflow });
    const seen: string[] = [];
    job.on('update', ({ progress, message, transport }) => seen.push(`${transport} ${progress} ${message}`));
    const ended = job.completed();
    await expect.poll(() => job.snapshot.message).toBe('pending');
    await expect.poll(async () => (await server.do('connections')).webSockets).toBe(1);
    await server.do('advance', job.id, { status: 'processing', progress: 67 });
    await expect.poll(() => seen).toContain('websocket 66.6 Frames');
    await server.do('advance', job.id, { status: 'completed', progress: 100 });
    await expect(ended).resolves.toMatchObject({ status: 'completed', outputs: [{ type: 'video/mp4' }] });
    expect((await (await job.download()).blob()).type).toBe('video/mp4');
  });
});

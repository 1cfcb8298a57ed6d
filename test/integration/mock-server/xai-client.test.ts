import { createXai } from '@ai-sdk/xai';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';

const model = 'grok-imagine-video-1.5';
const videoUrl = 'https://host.test/a.mp4';

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ durationMs: 100, auth: { type: 'bearer', token: 'xai-mock' }, ...options });
}

/** What the AI SDK of Vercel makes by its provider for xAI, which has no client of its own in JavaScript. */
function generate(
  server: MockServer,
  { apiKey = 'xai-mock', xai = {}, ...more }: { apiKey?: string; xai?: object; duration?: number } = {},
) {
  const provider = createXai({ apiKey, baseURL: server.urlOf('xai') });
  return provider.video(model).doGenerate({
    ...{ prompt: 'A boat', n: 1, image: undefined, fps: undefined, seed: undefined, duration: undefined },
    ...{ aspectRatio: undefined, resolution: undefined, frameImages: undefined, ...more },
    ...{ inputReferences: undefined, generateAudio: undefined },
    providerOptions: { xai: { pollIntervalMs: 10, ...xai } },
  });
}

describe('the provider of the AI SDK cannot tell the mock server from xAI', () => {
  it.each(['documented', 'field'] as const)('when it generates, of a server in %s style', async (style) => {
    await using server = await startServer({ style });
    const { videos, providerMetadata } = await generate(server, { duration: 5 });
    expect(videos).toMatchObject([{ type: 'url', mediaType: 'video/mp4' }]);
    expect(providerMetadata).toMatchObject({
      xai: {
        requestId: server.jobs.last?.id,
        duration: 5,
        progress: 100,
        costInUsdTicks: expect.any(Number),
      },
    });
    const answers = server.requests.filter(({ route }) => route === 'status').map(({ status }) => status);
    expect(new Set(answers)).toEqual(new Set([202, 200]));
    const [video] = videos;
    const file = await fetch(video?.type === 'url' ? video.url : '');
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  });

  it.each([
    ['edit-video', 'edits', { videoUrl }],
    ['extend-video', 'extensions', { videoUrl }],
    ['reference-to-video', 'generations', { referenceImageUrls: [videoUrl], referenceVoiceIds: ['eve'] }],
  ])('when it does %s', async (mode, route, more) => {
    await using server = await startServer();
    const { videos } = await generate(server, { xai: { mode, ...more } });
    expect(videos).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ path: `/xai/v1/videos/${route}`, status: 200 });
  });

  it.each([
    ['content_policy', 'blocked due to a content policy violation'],
    ['expired', 'expired'],
    ['internal_error', 'Video generation failed.'],
  ])('when a request ends by %s', async (code, words) => {
    await using server = await startServer({ failWith: { message: 'no', code } });
    await expect(generate(server)).rejects.toThrow(words);
  });

  it('but takes no failure that is told in the style of the field, whose video has no URL', async () => {
    await using server = await startServer({ style: 'field', failWith: 'no' });
    await expect(generate(server)).rejects.toThrow('Invalid JSON response');
  });

  it('when it is refused', async () => {
    await using server = await startServer();
    await expect(generate(server, { apiKey: 'xai-wrong' })).rejects.toMatchObject({
      ...{ name: 'AI_APICallError', statusCode: 400 },
      message: expect.stringContaining('Incorrect API key provided'),
    });
    await expect(generate(server, { duration: 16 })).rejects.toMatchObject({
      ...{ statusCode: 400, message: expect.stringContaining('invalid-argument: duration') },
    });
  });
});

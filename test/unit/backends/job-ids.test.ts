import { describe, expect, it } from 'vitest';
import { comfyUI } from '../../../src/backends/hosted/comfy-ui.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { runway } from '../../../src/backends/hosted/runway.js';
import { xai } from '../../../src/backends/hosted/xai.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import type { CompletedJob } from '../../../src/core/model.js';

const gateway = soraGateway();
const byQuery = soraGateway({ statusRoute: 'query' });
const builder = vidBuilder();
const openAI = openAIVideos();
const router = openRouter();
const predictions = replicate();
const tasks = runway();
const grok = xai();
const comfy = comfyUI();

const completed = (id: string): CompletedJob => ({
  ...{ id, status: 'completed', progress: 100, transport: 'polling', raw: {} },
  updatedAt: new Date(0),
});

/** The first place where a file is looked for. */
const placeOf = (places: ReturnType<typeof gateway.download>) => [places].flat()[0]?.url;

/** Every URL that a job id goes into. */
const urls: Record<string, (id: string) => string | undefined> = {
  'gateway status, by path': (id) => gateway.status(id).url,
  'gateway status, by query': (id) => byQuery.status(id).url,
  'gateway download': (id) => placeOf(gateway.download({ id }, 'video')),
  'gateway SSE': (id) => gateway.sse?.url([id]),
  'vidBuilder status': (id) => builder.status(id).url,
  'vidBuilder download': (id) => placeOf(builder.download({ id, snapshot: completed(id) }, 'video')),
  'vidBuilder reels': (id) => placeOf(builder.download({ id, snapshot: completed(id) }, 'reels')),
  'OpenAI status': (id) => openAI.status(id).url,
  'OpenAI content': (id) => placeOf(openAI.download({ id }, 'video')),
  'OpenAI cancel': (id) => placeOf(openAI.cancel?.(id)),
  'OpenRouter status': (id) => router.status(id).url,
  'OpenRouter content': (id) => placeOf(router.download({ id }, 'video')),
  'Replicate status': (id) => predictions.status(id).url,
  'Replicate cancel': (id) => placeOf(predictions.cancel?.(id)),
  'Runway status': (id) => tasks.status(id).url,
  'Runway cancel': (id) => placeOf(tasks.cancel?.(id)),
  'ComfyUI status': (id) => comfy.status(id).url,
  'ComfyUI cancel': (id) => placeOf(comfy.cancel?.(id)),
  'xAI status': (id) => grok.status(id).url,
  'OpenAI delete': (id) => openAI.operations?.delete.request(id).url,
};

describe.each(Object.entries(urls))('%s', (_, urlOf) => {
  it.each([
    'a/b',
    'a?b',
    'a#b',
    'a,b',
    'a%2Fb',
    'a&b=c',
    '..a',
    'a..',
    'a/...',
    '🎬',
    ' a ',
    'a\r\nb',
    'a\\b',
  ])('encodes the job id %j so that it comes back as it was', (id) => {
    const plain = new URL(urlOf('PLAIN') ?? '', 'http://host');
    const odd = new URL(urlOf(id) ?? '', 'http://host');
    const swapped = (text: string) => decodeURIComponent(text).replace('PLAIN', id);
    expect(odd.hash).toBe('');
    expect(decodeURIComponent(odd.pathname)).toBe(swapped(plain.pathname));
    expect(odd.pathname.split('/').length).toBe(plain.pathname.split('/').length);
    expect(decodeURIComponent(odd.search)).toBe(swapped(plain.search));
    expect([...odd.searchParams.keys()]).toEqual([...plain.searchParams.keys()]);
  });

  it.each([
    '',
    ' ',
    '\n',
    '.',
    '..',
    '\ud800',
    '../../admin',
    'a/../b',
    './a',
    'a\\..',
    '..%2Fadmin',
    '%2e%2E/a',
    'a%5c..;/b',
    'x'.repeat(2_049),
    7,
    null,
    undefined,
    {},
    ['a'],
  ])('refuses the job id %.20s before any request', (id) => {
    expect(() => urlOf(id as string)).toThrow(
      expect.objectContaining({ name: 'InputError', field: 'jobId' }),
    );
  });
});

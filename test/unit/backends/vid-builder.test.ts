import { describe, expect, it } from 'vitest';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { applyUpdate } from '../../../src/core/job-state.js';
import type { JobSnapshot } from '../../../src/core/model.js';
import { errorOf } from '../../support/rejection.js';
import { answer, fixture, statusOf } from './fixtures.js';

const webhookUrl = 'https://your-app.example.com/webhook';
const backend = vidBuilder({ webhookUrl });
const scene = { type: 'hero-title', duration: 4, content: { title: 'Welcome' } };
const video = { scenes: [scene] };
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]);

function generateAnything(input: unknown) {
  return backend.generate(input as typeof video);
}

/** The snapshot after a status answer. */
function snapshotOf(name: string): JobSnapshot {
  const { body } = fixture('vid-builder', name);
  return applyUpdate(undefined, statusOf(backend, answer(body), 'abc123def456'), 'polling', 0);
}

describe('generate', () => {
  it('enables music that is given, unless told otherwise', async () => {
    for (const enabled of [undefined, true, false]) {
      const { body } = await backend.generate({ ...video, music: { trackId: 'a', enabled } });
      expect(body).toMatchObject({ value: { music: { trackId: 'a', enabled: enabled ?? true } } });
    }
    expect((await backend.generate(video)).body).not.toHaveProperty('value.music');
  });

  it('sends title, colours and transitions, and fields of the server’s own, in JSON and in a form', async () => {
    const scenes = [{ ...scene, transition: 'fade' }];
    const input = { scenes, title: 'T', colorScheme: 'dark', extra: { fps: 60 } };
    const value = { scenes, title: 'T', colorScheme: 'dark', fps: 60 };
    expect((await backend.generate(input)).body).toEqual({ type: 'json', value: { webhookUrl, ...value } });
    const { body } = await backend.generate({ ...input, images: [PNG] });
    expect(body).toMatchObject({ fields: [{ name: 'config', value: JSON.stringify(value) }, {}, {}] });
  });

  it('posts the scenes and where to report to', async () => {
    const music = { trackId: 'corp-1', volume: 0.3, enabled: true };
    const input = { ...video, theme: 'corporate', music, quality: '4k' };
    expect(await backend.generate({ ...input, generateReels: false })).toMatchObject({
      method: 'POST',
      url: '/api/generate-video-async',
      body: { type: 'json', value: { webhookUrl, ...input, generateReels: false } },
    });
  });

  it('takes another webhookUrl for one job', async () => {
    const { body } = await backend.generate({ ...video, webhookUrl: 'http://localhost:3000/' });
    expect(body).toMatchObject({ value: { webhookUrl: 'http://localhost:3000/' } });
  });

  it('takes a function that gives a webhookUrl for each job, of a token that nobody can guess', async () => {
    const reporting = vidBuilder({ webhookUrl: ({ token }) => `https://host.test/hook?key=${token}` });
    const { body } = await reporting.generate(video, Object.assign({ session: 's' }, { token: 't-1' }));
    expect(body).toMatchObject({ value: { webhookUrl: 'https://host.test/hook?key=t-1' } });
    const own = await reporting.generate({ ...video, webhookUrl });
    expect(own.body).toMatchObject({ value: { webhookUrl } });
  });

  it('takes a function that gives it later', async () => {
    const reporting = vidBuilder({ webhookUrl: async () => webhookUrl });
    expect((await reporting.generate(video)).body).toMatchObject({ value: { webhookUrl } });
  });

  it.each([
    ['gives no URL', () => undefined],
    ['gives what is none', () => 'hook?key=hush'],
    ['throws', () => expect.unreachable('hush')],
    ['gives no URL later', async () => undefined],
    ['rejects', async () => expect.unreachable('hush')],
  ])('sends nothing where that function %s, and never shows what it gave', async (_, given) => {
    const reporting = vidBuilder({ webhookUrl: given as () => string });
    const error = await errorOf((async () => reporting.generate(video))());
    expect(error).toMatchObject({ name: 'InputError', field: 'webhookUrl' });
    expect(String(error)).not.toContain('hush');
  });

  it('with images is a form of config, webhookUrl and files', async () => {
    const jpeg = new Blob([new Uint8Array([0xff, 0xd8, 0xff])]);
    const named = new File(['x'], 'logo.svg', { type: 'image/svg+xml' });
    const { body } = await backend.generate({
      ...video,
      theme: 'dark',
      images: [PNG, jpeg, named, PNG.buffer],
    });
    if (body?.type !== 'form') return expect.unreachable();
    const [config, webhook, ...images] = body.fields;
    expect(config?.name).toBe('config');
    expect(JSON.parse(String(config?.value))).toEqual({ ...video, theme: 'dark' });
    expect(webhook).toEqual({ name: 'webhookUrl', value: webhookUrl });
    expect(images.map(({ name, filename, value }) => [name, filename, (value as Blob).type])).toEqual([
      ['images', 'images-1.png', 'image/png'],
      ['images', 'images-2.jpeg', 'image/jpeg'],
      ['images', 'logo.svg', 'image/svg+xml'],
      ['images', 'images-4.png', 'image/png'],
    ]);
    const first = images[0]?.value as Blob;
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(PNG);
  });

  it.each([
    ['scenes', {}],
    ['scenes', { scenes: [] }],
    ['scenes', { scenes: 'none' }],
    ['scenes.0', { scenes: [null] }],
    ['scenes.0.type', { scenes: [{ ...scene, type: '' }] }],
    ['scenes.1.duration', { scenes: [scene, { ...scene, duration: 0 }] }],
    ['scenes.0.duration', { scenes: [{ ...scene, duration: '4' }] }],
    ['scenes.0.content', { scenes: [{ ...scene, content: 'text' }] }],
    ['music.volume', { ...video, music: { trackId: 'a', volume: 3 } }],
    ['generateReels', { ...video, generateReels: 'yes' }],
    ['images', { ...video, images: Array.from({ length: 21 }, () => PNG) }],
    ['images.0', { ...video, images: ['logo.png'] }],
    ['webhookUrl', { ...video, webhookUrl: 'invalid-url' }],
    ['webhookUrl', { ...video, webhookUrl: 'ftp://host/' }],
    ['input', null],
  ])('refuses a wrong %s (case %#)', async (field, input) => {
    await expect(generateAnything(input)).rejects.toMatchObject({
      name: 'InputError',
      field,
      message: expect.stringContaining(field),
    });
  });

  it.each([
    ['scnes', { scnes: [scene] }, 'scenes'],
    ['scenes.0.durations', { scenes: [{ ...scene, durations: 4 }] }, 'duration'],
    ['music.track', { ...video, music: { track: 'a' } }, 'trackId'],
  ])('names the field %s, which it does not know, and the nearest right one', async (field, input, right) => {
    await expect(generateAnything(input)).rejects.toMatchObject({ field, hint: `Did you mean "${right}"?` });
  });

  it('needs a webhookUrl, and says how to do without', async () => {
    await expect(vidBuilder().generate(video as never)).rejects.toMatchObject({
      field: 'webhookUrl',
      hint: expect.stringContaining('blocking: true'),
    });
  });

  it('does not show a webhookUrl that is wrong: there may be a secret in it', async () => {
    await expect(generateAnything({ ...video, webhookUrl: 'ftp://host/?key=hush' })).rejects.toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hush') }),
    );
  });
});

describe('blocking generate', () => {
  const blocking = vidBuilder({ blocking: true });

  it('asks the old route, without a webhook, and waits as long as a job may take', async () => {
    expect(await blocking.generate(video)).toEqual({
      method: 'POST',
      url: '/api/generate-flexible-video',
      timeout: 'job',
      body: { type: 'json', value: video },
    });
  });

  it('sends images, too', async () => {
    const { body } = await blocking.generate({ ...video, images: [PNG] });
    expect(body).toMatchObject({ type: 'form', fields: [{ name: 'config' }, { name: 'images' }] });
  });

  it('refuses a webhookUrl, which would never be called', async () => {
    await expect(blocking.generate({ ...video, webhookUrl } as typeof video)).rejects.toMatchObject({
      field: 'webhookUrl',
    });
    expect(() => vidBuilder({ blocking: true, webhookUrl } as { blocking: true })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'webhookUrl' }),
    );
  });

  it('ends the job with its answer', () => {
    expect(
      blocking.parseGenerate(answer({ jobId: 'a', success: false, error: 'Out of memory' })),
    ).toMatchObject({
      jobId: 'a',
      status: 'failed',
      error: 'Out of memory',
    });
  });

  it('quotes an answer without a job id', () => {
    expect(() => blocking.parseGenerate(answer({ success: true, videoUrl: '/api/download/x' }))).toThrow(
      /no job id: .*\/api\/download\/x/,
    );
  });
});

describe('status', () => {
  it('asks by path', () => {
    expect(backend.status('job-1')).toEqual({ method: 'GET', url: '/api/job-status/job-1' });
  });

  it('knows no time until which a video is stored that no date can be', () => {
    const s3Upload = { enabled: true, standard: { signedUrl: 'https://s3/x', expiresIn: '7 days' } };
    const body = { jobId: 'a', status: 'completed', timestamp: '+275760-09-13T00:00:00Z', s3Upload };
    expect(statusOf(backend, answer(body), 'a').expiresAt).toBeUndefined();
  });

  it.each([
    ['7 days', 604_800],
    ['1 hour', 3_600],
    ['90 Minutes', 5_400],
    ['30s', undefined],
    ['for ever', undefined],
    [7, undefined],
    [undefined, undefined],
  ])('reads until when a stored video is there from expiresIn %j', (expiresIn, seconds) => {
    const timestamp = '2025-11-12T18:33:00.000Z';
    const s3Upload = { enabled: true, standard: { signedUrl: 'https://s3/x', expiresIn } };
    const update = statusOf(backend, answer({ status: 'completed', timestamp, s3Upload }), 'a');
    const wanted = seconds === undefined ? undefined : new Date(Date.parse(timestamp) + seconds * 1_000);
    expect(update.expiresAt).toEqual(wanted);
  });

  it('does not stumble over an odd s3Upload', () => {
    for (const s3Upload of [
      null,
      [],
      'on',
      {},
      { enabled: true },
      { enabled: true, standard: { signedUrl: 7 } },
    ]) {
      const body = { status: 'completed', videoUrl: '/v', timestamp: 'x', s3Upload };
      expect(statusOf(backend, answer(body), 'a')).toMatchObject({ videoUrl: '/v', expiresAt: undefined });
    }
  });
});

describe('download', () => {
  const id = 'abc123def456';

  it('needs the completed job, which tells where the video is stored', () => {
    expect(backend.download({ id }, 'video')).toBeUndefined();
    expect(backend.download({ id, snapshot: snapshotOf('status-processing') }, 'video')).toBeUndefined();
  });

  it.each([
    ['status-completed', 'video', '/api/download/abc123def456'],
    ['status-s3-off', 'video', '/api/download/abc123def456'],
    ['status-completed-reels', 'reels', '/api/download/abc123def456_reels'],
    ['status-completed-s3', 'video', expect.stringMatching(/^https:\/\/.*\/standard\//)],
    ['status-completed-s3-reels', 'video', expect.stringMatching(/^https:\/\/.*\/standard\//)],
    ['status-completed-s3-reels', 'reels', expect.stringMatching(/^https:\/\/.*\/reels\//)],
  ] as const)('after %s fetches %s from where it is', (name, variant, url) => {
    expect(backend.download({ id, snapshot: snapshotOf(name) }, variant)).toEqual({ method: 'GET', url });
  });

  it('uses no stored URL of an upload that is disabled', () => {
    const s3Upload = { enabled: false, standard: { signedUrl: 'https://s3/x' } };
    const body = { status: 'completed', videoUrl: '/v', s3Upload };
    expect(statusOf(backend, answer(body), 'a')).toMatchObject({ videoUrl: '/v', expiresAt: undefined });
  });

  it('takes no stored URL of another scheme', () => {
    const raw = { s3Upload: { enabled: true, standard: { signedUrl: 'file:///etc/passwd' } } };
    const snapshot = { ...snapshotOf('status-completed'), raw } as JobSnapshot;
    expect(backend.download({ id, snapshot }, 'video')).toMatchObject({ url: `/api/download/${id}` });
  });

  it('refuses reels of a job that was made without', () => {
    expect(() => backend.download({ id, snapshot: snapshotOf('status-completed') }, 'reels')).toThrow(
      expect.objectContaining({
        name: 'InputError',
        field: 'variant',
        hint: expect.stringContaining('generateReels'),
      }),
    );
  });

  it('refuses a variant that there is not, and names those there are', () => {
    expect(() => backend.download({ id }, 'thumbnail' as 'video')).toThrow(
      expect.objectContaining({ field: 'variant', hint: 'Choose from video, reels.' }),
    );
  });
});

it('has no streams', () => {
  expect(backend).not.toHaveProperty('webSocket');
  expect(backend).not.toHaveProperty('sse');
});

it.each([
  ['webhookURL', { webhookURL: webhookUrl }, 'Did you mean "webhookUrl"?'],
  ['webhookUrl', { webhookUrl: 'nowhere' }, undefined],
  ['webhookUrl', { webhookUrl: 7 }, undefined],
  ['webhookUrl', { webhookUrl: () => webhookUrl, blocking: true }, undefined],
  ['blocking', { blocking: 'yes' }, undefined],
])('refuses a wrong option %s', (option, options, hint) => {
  expect(() => vidBuilder(options as object)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', option, ...(hint && { hint }) }),
  );
});

describe('where the file is', () => {
  const completed = (s3Upload: object) => {
    const update = statusOf(backend, answer({ jobId: 'j', status: 'completed', s3Upload }), 'j');
    return applyUpdate(undefined, update, 'polling', 0);
  };
  const standard = { signedUrl: 'https://bucket/j.mp4?sig=1' };

  it('an upload that is the only place gives the URL, though videoUrl is absent', () => {
    const snapshot = completed({ enabled: true, standard });
    expect(snapshot).toMatchObject({ videoUrl: standard.signedUrl });
    expect(backend.download({ id: 'j', snapshot }, 'video')).toMatchObject({ url: standard.signedUrl });
  });

  it('an upload that is disabled gives no URL, and the download goes to the server', () => {
    const snapshot = completed({ enabled: false, standard });
    expect(snapshot).not.toHaveProperty('videoUrl');
    expect(backend.download({ id: 'j', snapshot }, 'video')).toMatchObject({ url: '/api/download/j' });
  });
});

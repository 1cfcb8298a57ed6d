import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readEnvironment } from '../../../src/cli/environment.js';
import { EXIT, exitCodeOf } from '../../../src/cli/exit-code.js';
import { jsonOf } from '../../../src/cli/follow.js';
import { readInput } from '../../../src/cli/input.js';
import { BACKENDS } from '../../../src/cli/names.js';
import { commandOf } from '../../../src/cli/resume.js';
import { readSettings } from '../../../src/cli/settings.js';
import type { JobSnapshot } from '../../../src/index.js';
import {
  ApiError,
  ConfigurationError,
  InputError,
  JobTimeoutError,
  NetworkError,
} from '../../../src/index.js';

afterEach(() => vi.unstubAllEnvs());

describe('the command that goes on', () => {
  it('has every flag that this one was given', () => {
    vi.stubEnv('npm_command', '');
    const flags = {
      ...{ baseUrl: 'http://a', backend: 'vidBuilder', webSocketUrl: 'ws://b', transports: 'sse,polling' },
      ...{
        statusRoute: 'query' as const,
        tokenFile: 'my token',
        config: 'c.env',
        variant: 'reels',
        output: 'o.mp4',
      },
      ...{ timeoutSeconds: 5, json: true },
    } as const;
    const common =
      '--base-url http://a --backend vidBuilder --web-socket-url ws://b --transports sse,polling ' +
      "--status-route query --token-file 'my token' --config c.env --variant reels --output o.mp4";
    expect(commandOf({ command: 'watch', jobIds: ['a', 'b'], flags })).toBe(
      `reelwire watch ${common} --timeout-seconds 5 --json a b`,
    );
    // Which knows no time limit.
    expect(commandOf({ command: 'download', jobIds: ['a'], flags })).toBe(
      `reelwire download ${common} --json a`,
    );
  });

  it('leaves out a URL whose query may be a token', () => {
    const flags = { webSocketUrl: 'ws://b/?token=secret' };
    expect(commandOf({ command: 'watch', jobIds: ['a'], flags })).not.toContain('secret');
  });

  it('takes no id for a flag', () => {
    vi.stubEnv('npm_command', '');
    expect(commandOf({ command: 'watch', jobIds: ['a', '-b'], flags: {} })).toBe('reelwire watch -- a -b');
  });

  it('begins as this one was begun', () => {
    vi.stubEnv('npm_command', 'exec');
    expect(commandOf({ command: 'watch', jobIds: ['a'], flags: {} })).toBe('npx reelwire watch a');
  });
});

describe('exit codes', () => {
  it.each([
    [new ConfigurationError('x', 'x'), EXIT.usage],
    [new InputError('x', 'x'), EXIT.usage],
    [new NetworkError('network', 'x'), EXIT.network],
    [new NetworkError('request-timeout', 'x'), EXIT.network],
    [new JobTimeoutError('j', 1), EXIT.network],
    [new ApiError('x', { status: 401 }), EXIT.auth],
    [new ApiError('x', { status: 403 }), EXIT.auth],
    [new ApiError('x', { status: 404 }), EXIT.failed],
    [new Error('x'), EXIT.failed],
  ])('follow from the error: %s', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

it('a snapshot for programs holds no URL, and nothing of the server that it did not name', () => {
  const snapshot = {
    ...{ id: 'j', status: 'completed', progress: 100, transport: 'polling', updatedAt: new Date(0) },
    ...{ videoUrl: 'https://cdn/?Signature=secret', raw: { secret: 'secret' } },
  } as unknown as JobSnapshot;
  expect(JSON.stringify(jsonOf(snapshot))).not.toContain('secret');
  expect(jsonOf(snapshot)).toMatchObject({ jobId: 'j', status: 'completed', progress: 100 });
});

it('a snapshot for programs has the place in the queue, and until when the file is there', () => {
  const times = { updatedAt: new Date(0), expiresAt: new Date(1) };
  const queued = {
    id: 'j',
    status: 'queued',
    progress: 0,
    queuePosition: 3,
    ...times,
  } as unknown as JobSnapshot;
  expect(jsonOf(queued)).toMatchObject({ queuePosition: 3, expiresAt: new Date(1) });
});

describe('the environment', () => {
  it('counts a variable that is set to nothing as not set', async () => {
    vi.stubEnv('REELWIRE_MODEL', '');
    expect('REELWIRE_MODEL' in (await readEnvironment(undefined))).toBe(false);
  });

  it('is for the backend, the server and the credentials; flags win', async () => {
    vi.stubEnv('REELWIRE_BACKEND', 'open-ai-videos');
    vi.stubEnv('REELWIRE_BASE_URL', 'http://env');
    vi.stubEnv('REELWIRE_TOKEN', '');
    vi.stubEnv('REELWIRE_USERNAME', 'u');
    vi.stubEnv('REELWIRE_PASSWORD', 'p');
    expect(await readSettings({})).toMatchObject({
      ...{ backend: 'openAIVideos', baseUrl: 'http://env' },
      auth: { type: 'basic', username: 'u', password: 'p' },
    });
    vi.stubEnv('REELWIRE_TOKEN', 't');
    expect(await readSettings({ backend: 'VidBuilder', baseUrl: 'http://flag' })).toMatchObject({
      ...{ backend: 'vidBuilder', baseUrl: 'http://flag', auth: { type: 'bearer', token: 't' } },
    });
  });
});

describe('the key of a hosted service', () => {
  const key = { type: 'bearer', token: 'sk-or' };

  it.each([
    ['goes to the service itself', {}, {}, { baseUrl: undefined, auth: key }],
    ['goes to where the command says', { baseUrl: 'http://flag' }, {}, { baseUrl: 'http://flag', auth: key }],
    [
      'goes to no server that the environment names, which may be for another backend',
      ...[{}, { REELWIRE_BASE_URL: 'http://env', REELWIRE_TOKEN: 'own' }],
      { baseUrl: 'http://env', auth: { type: 'bearer', token: 'own' } },
    ],
    ['is worth more than a token for any server', {}, { REELWIRE_TOKEN: 'own' }, { auth: key }],
  ] as const)('%s', async (_, flags, environment, settings) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.stubEnv('OPENROUTER_API_KEY', 'sk-or');
    expect(await readSettings({ backend: 'openrouter', ...flags })).toMatchObject({
      ...{ backend: 'openRouter', ...settings },
    });
  });

  it('is no other service’s, and no other server’s', async () => {
    vi.stubEnv('OPENROUTER_API_KEY', 'sk-or');
    expect((await readSettings({})).auth).toBeUndefined();
    await expect(readSettings({ backend: 'replicate' })).rejects.toMatchObject({
      ...{ name: 'ConfigurationError', option: 'REPLICATE_API_TOKEN' },
      message: 'there is no key for replicate: REPLICATE_API_TOKEN is not set',
    });
  });

  it('may be a token that is for any server', async () => {
    vi.stubEnv('REELWIRE_TOKEN', 'own');
    expect((await readSettings({ backend: 'replicate' })).auth).toEqual({ type: 'bearer', token: 'own' });
  });
});

describe('the input', () => {
  it('of soraGateway is a script where a wallet pays, else a question', async () => {
    expect(await readInput('soraGateway', 'Hi', { wallet: '0x1' })).toEqual({
      walletAddress: '0x1',
      script: 'Hi',
    });
    expect(await readInput('soraGateway', 'Hi', {})).toEqual({ scriptOrQuestion: 'Hi' });
  });

  it('of openAIVideos has the model of the flag', async () => {
    expect(await readInput('openAIVideos', 'Hi', { model: 'm' })).toEqual({ model: 'm', prompt: 'Hi' });
  });

  it('of openRouter begins and ends with images, and has what a file says besides', async () => {
    const [folder, input] = await imagesAnd({ model: 'of/file', duration: 8 });
    const image = [`${folder}/a.png`, `${folder}/b.png`];
    expect(await readInput('openRouter', 'Hi', { input, image, model: 'of/flag' })).toEqual({
      ...{ model: 'of/file', duration: 8, prompt: 'Hi' },
      frame_images: [
        { type: 'image_url', image_url: { url: expect.any(File) }, frame_type: 'first_frame' },
        { type: 'image_url', image_url: { url: expect.any(File) }, frame_type: 'last_frame' },
      ],
    });
    const three = readInput('openRouter', 'Hi', { image: [...image, ...image] });
    await expect(three).rejects.toThrow('takes two images');
  });

  it('of replicate is in its input, beside what a file says', async () => {
    const [folder, input] = await imagesAnd({ input: { prompt: 'of the file', seed: 7 } });
    const image = [`${folder}/a.png`];
    expect(await readInput('replicate', 'Hi', { input, image, model: 'google/veo-3.1' })).toEqual({
      model: 'google/veo-3.1',
      input: { prompt: 'Hi', seed: 7, image: expect.any(File) },
    });
    expect(await readInput('replicate', undefined, { input })).toEqual({
      input: { prompt: 'of the file', seed: 7 },
    });
    await expect(readInput('replicate', 'Hi', { image: [...image, ...image] })).rejects.toThrow('one image');
  });

  it('of runway begins and ends with images, and has what a file says besides', async () => {
    const [folder, input] = await imagesAnd({ ratio: '1280:720', duration: 8 });
    const image = [`${folder}/a.png`, `${folder}/b.png`];
    expect(await readInput('runway', 'Hi', { input, image, model: 'veo3.1' })).toEqual({
      ...{ model: 'veo3.1', ratio: '1280:720', duration: 8, promptText: 'Hi' },
      promptImage: [
        { uri: expect.any(File), position: 'first' },
        { uri: expect.any(File), position: 'last' },
      ],
    });
    expect(await readInput('runway', 'Hi', { image: image.slice(1) })).toEqual({
      ...{ promptText: 'Hi', promptImage: expect.any(File) },
    });
    const three = readInput('runway', 'Hi', { image: [...image, ...image] });
    await expect(three).rejects.toThrow('takes two images');
  });

  it('of xai begins and ends with images, and has what a file says besides', async () => {
    const [folder, input] = await imagesAnd({ model: 'of/file', duration: 8 });
    const image = [`${folder}/a.png`, `${folder}/b.png`];
    expect(await readInput('xai', 'Hi', { input, image, model: 'of/flag' })).toEqual({
      ...{ model: 'of/file', duration: 8, prompt: 'Hi' },
      ...{ image: { url: expect.any(File) }, last_frame: { url: expect.any(File) } },
    });
    expect(await readInput('xai', undefined, { input })).toEqual({ model: 'of/file', duration: 8 });
    const three = readInput('xai', 'Hi', { image: [...image, ...image] });
    await expect(three).rejects.toThrow('takes two images');
  });

  it('of replicate is left for the client to refuse where it is no object', async () => {
    const [, input] = await imagesAnd({ input: 'words' });
    expect(await readInput('replicate', 'Hi', { input })).toEqual({ input: 'words' });
  });

  it.each(BACKENDS)('is not nothing: %s', async (backend) => {
    await expect(readInput(backend, undefined, {})).rejects.toThrow('there is nothing to generate');
  });
});

/** A folder with two images, and a file of input. */
async function imagesAnd(input: object): Promise<[folder: string, input: string]> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['a.png', 'b.png']) await writeFile(join(folder, name), name);
  await writeFile(join(folder, 'input.json'), JSON.stringify(input));
  return [folder, join(folder, 'input.json')];
}

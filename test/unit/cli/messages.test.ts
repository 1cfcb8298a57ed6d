import { expect, it } from 'vitest';
import { fal, openRouter, runway } from '../../../src/backends/hosted/index.js';
import { messageOf } from '../../../src/cli/messages.js';
import {
  ConfigurationError,
  InputError,
  NetworkError,
  VideoClient,
  type VideoClientOptions,
  vidBuilder,
} from '../../../src/index.js';
import { fileJobs } from '../../../src/jobs/node.js';

/** What is thrown before anything is sent. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const baseUrl = 'http://localhost';
const auth = { type: 'bearer', token: 't' } as const;
const clientOf = (options: object = {}) => new VideoClient({ baseUrl, ...options } as VideoClientOptions);
const generate = (input: object, options: object = {}) =>
  clientOf(options).generate(input as never) as Promise<unknown>;

it.each<[string, () => unknown, RegExp]>([
  ['webSocketUrl', () => clientOf({ webSocketUrl: 'ftp://x' }), /^--web-socket-url has the scheme/],
  ['transports', () => clientOf({ transports: ['x'] }), /^--transports names "x"/],
  ['baseUrl', () => clientOf({ baseUrl: 'http://a:b@c' }), /^--base-url holds a user name/],
  ['folder', () => fileJobs(' '), /^--jobs must be the path of a folder/],
  ['model', () => fal({ model: 'x' }), /^fal: REELWIRE_MODEL must be 'owner\/app'/],
])('an option that is wrong is called as its flag is: %s', async (_, call, told) => {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(messageOf(error)).toMatch(told);
});

it.each<[string, () => unknown, string | RegExp]>([
  ['jobId', () => clientOf().status(''), 'the id of the job is empty'],
  ['jobId', () => clientOf({ backend: fal(), auth }).status('x'), /^the id of the job is not that of/],
  [
    'key',
    () => clientOf({ jobs: fileJobs('.') }).forget('a b'),
    /^the key must be 1 to 255 printable ASCII characters/,
  ],
  ['walletAddress', () => generate({ script: 'x' }), 'walletAddress (--wallet) is missing'],
  [
    'scriptOrQuestion',
    () => generate({ scriptOrQuestion: '' }),
    'scriptOrQuestion (the prompt) must be a string that is not empty',
  ],
  [
    'script',
    () => generate({ scriptOrQuestion: 'x', script: 'x' }),
    'give either script or scriptOrQuestion, which a prompt is',
  ],
  ['model', () => generate({ prompt: 'x' }, { backend: openRouter(), auth }), 'model (--model) is missing'],
  [
    'promptText',
    () => generate({ model: 'gen4.5', promptText: '' }, { backend: runway(), auth }),
    'promptText (the prompt) must be a string that is not empty',
  ],
  [
    'webhookUrl',
    () =>
      generate(
        { scenes: [{ type: 'text', duration: 3, content: { text: 'x' } }], webhookUrl: 'x' },
        { backend: vidBuilder() },
      ),
    'webhookUrl (--webhook-url) is not an http or https URL',
  ],
  // The file alone has it.
  [
    'scenes',
    () => generate({ scenes: [], webhookUrl: 'http://x/y' }, { backend: vidBuilder() }),
    'scenes must be a list of at least one scene',
  ],
])('what a call was given is called as the command has it: %s', async (_, call, told) => {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(InputError);
  const message = messageOf(error);
  if (told instanceof RegExp) expect(message).toMatch(told);
  else expect(message).toBe(told);
});

it.each([
  [
    new InputError('key', 'key "k" is that of a submit of another backend or baseUrl'),
    'the key "k" is that of a submit of another --backend or --base-url',
  ],
  [
    new NetworkError('network', 'POST x failed; then, with the same idempotencyKey: POST x failed'),
    'POST x failed; then, with the same key: POST x failed',
  ],
  [new InputError('key', 'keyOf gave no key'), 'keyOf gave no key'],
  [new InputError('image', 'image.url must be a string'), 'image.url must be a string'],
  [new InputError('image.url', 'image.url must be a string'), 'image.url (--image) must be a string'],
  ['no error', 'no error'],
])('a message is in words of the command line: %s', (error, told) => {
  expect(messageOf(error)).toBe(told);
});

it('a token that is wrong is named by where it comes from', () => {
  const error = new ConfigurationError('auth.token', 'auth.token is not a token');
  expect(messageOf(error, 'OPENROUTER_API_KEY, or --token-file')).toBe(
    'OPENROUTER_API_KEY, or --token-file is not a token',
  );
});

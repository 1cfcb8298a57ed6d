import { ConfigurationError, InputError } from '../index.js';
import { TOKEN } from './hints.js';

type Words = Readonly<Record<string, string>>;

/** Options of the client and of calls, and what gives them here. */
const OPTIONS: Words = {
  baseUrl: '--base-url',
  webSocketUrl: '--web-socket-url',
  transports: '--transports',
  backend: '--backend',
  'auth.token': TOKEN,
  // Of fal, for ids that do not say it. In the input it is a field.
  model: 'REELWIRE_MODEL',
  folder: '--jobs',
  'webhooks.openAI.secret': '--webhook-secret',
};

/** What calls are given. */
const ARGUMENTS: Words = {
  jobId: 'the id of the job',
  key: 'the key',
  after: '--after',
  cursor: '--after',
  limit: '--limit',
  variant: '--variant',
};

/** Fields of an input that need not come from the file: what else gives them. */
const FIELDS: Words = {
  walletAddress: '--wallet',
  webhookUrl: '--webhook-url',
  model: '--model',
  ...{ script: 'the prompt', scriptOrQuestion: 'the prompt', promptText: 'the prompt' },
  ...{ images: '--image', image: '--image', last_frame: '--image', promptImage: '--image' },
  ...{ frame_images: '--image', input_reference: '--image', 'input.image': '--image' },
  'input.image_url': '--image',
};

/** What is said in words of programs elsewhere than at the beginning. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^give either script or scriptOrQuestion$/, 'give either script or scriptOrQuestion, which a prompt is'],
  [/ of another backend or baseUrl$/, ' of another --backend or --base-url'],
  [/; then, with the same idempotencyKey: /, '; then, with the same key: '],
];

/**
 * What is wrong, where it is a flag, or an argument, that was: of an option, and of what a call was given, the message begins
 * with its name.
 *
 * @param token - Where the token comes from.
 */
export function messageOf(error: unknown, token = TOKEN): string {
  if (!(error instanceof Error)) return String(error);
  const message = WORDS.reduce((text, [pattern, words]) => text.replace(pattern, words), error.message);
  if (error instanceof ConfigurationError) {
    const words = OPTIONS[error.option];
    return named(message, error.option, words === TOKEN ? token : words);
  }
  if (!(error instanceof InputError)) return message;
  const { field } = error;
  const given = FIELDS[field] ?? FIELDS[field.replace(/[.[].*$/s, '')];
  return named(message, field, given === undefined ? ARGUMENTS[field] : `${field} (${given})`);
}

/** With these words in place of the name that it begins with, which may stand behind that of a backend. */
function named(message: string, name: string, words: string | undefined): string {
  const at = message.startsWith(name) ? 0 : (/^\w+: /.exec(message)?.[0].length ?? 0);
  const rest = message.slice(at + name.length);
  // Of what begins alike, such as a field within it, nothing is known.
  if (words === undefined || !message.startsWith(name, at) || /^[\w.[]/.test(rest)) return message;
  return message.slice(0, at) + words + rest;
}

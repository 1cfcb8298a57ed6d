/*
 * Finds the words for a refusal. Apart from what decides, so that a receiver that believes a delivery never loads it,
 * and a forgery costs no more than its check where nobody reads the words.
 */
import { isVideoError, type WebhookVerificationError, type WebhookVerificationReason } from '../errors.js';
import type { Bytes } from './bytes.js';
import {
  type Attempt,
  matchBody,
  type Signed,
  type VerifyFromOptions,
  type VerifyOptions,
} from './check-delivery.js';
import { flawOf, readKey } from './flaws.js';
import { fitsPublicKey } from './public-key.js';
import { refused } from './refused.js';
import { prefixOf, resolveScheme, secretsOf, type WebhookSecret } from './secret.js';

type Explained = Pick<VerifyOptions, 'secret' | 'scheme' | 'from'>;

/** The same refusal, in more helpful words. Anything else comes back as it is. */
export async function explain(
  error: unknown,
  options: Explained | Pick<VerifyFromOptions, 'secret' | 'scheme' | 'from'>,
  { signed, body }: Attempt,
): Promise<unknown> {
  // A source has found its own words.
  if (!isRefusal(error) || options.from) return error;
  const { reason, hint = HINTS[reason] } = error;
  const message = (error.message === reason && wordsOf(reason, signed)) || error.message;
  if (reason === 'bad-secret') return explainSecrets(options) ?? error;
  const refusedForBody = reason === 'bad-signature' && signed !== undefined && body !== undefined;
  const change = refusedForBody ? await changeOf(body, signed) : undefined;
  // The same error, for to make another takes as long as the check.
  return Object.assign(error, { message: change?.what ?? message, hint: change?.hint ?? hint });
}

/** In place of what was left out where the delivery was refused. */
function wordsOf(reason: WebhookVerificationReason, signed: Signed | undefined): string | undefined {
  if (reason === 'bad-signature') return 'no signature matches';
  if (reason === 'bad-timestamp') return 'webhook-id or webhook-timestamp is malformed';
  if (signed === undefined) return undefined;
  const ageSeconds = Math.floor(signed.nowMs / 1_000 - Number(signed.sent.timestamp));
  return `signed ${Math.abs(ageSeconds)} s ${reason === 'stale' ? 'ago' : 'ahead'}`;
}

/** Not by its class: of two copies of the package, each has its own. */
export function isRefusal(error: unknown): error is WebhookVerificationError {
  return isVideoError(error) && error.code === 'webhook-verification';
}

export function badSecret(what: string, hint = 'Check that it is set, and whole.'): WebhookVerificationError {
  return refused('bad-secret', `the webhook secret ${what}`, hint);
}

const KEEP_THE_BYTES =
  'Express: express.raw(), before express.json(). Fastify: parseAs: "buffer". Next: request; in pages/api: bodyParser: false. ' +
  'Hono: c.req.raw. Lambda: event.body, decoded where event.isBase64Encoded.';

const NOT_SIGNED = 'Check that the sender signs, and the scheme.';
const CLOCK = 'A replay, or a wrong clock.';
const LIMITS = 'Nobody has been believed yet, so no more of it is read.';
const HINTS: Readonly<Partial<Record<WebhookVerificationReason, string>>> = {
  'bad-signature': 'Check the secret and the scheme; pass the raw bytes.',
  'missing-header': NOT_SIGNED,
  'bad-timestamp': NOT_SIGNED,
  stale: CLOCK,
  future: CLOCK,
  'parsed-body': KEEP_THE_BYTES,
  'body-too-large': LIMITS,
  'body-timeout': LIMITS,
  'body-incomplete': LIMITS,
};

/** What is wrong with the first of the secrets that cannot be one. */
export function explainSecrets({
  secret,
  scheme,
}: Pick<VerifyOptions, 'secret' | 'scheme'>): WebhookVerificationError | undefined {
  const secrets = secretsOf(secret);
  const resolved = resolveScheme(scheme, secrets);
  const index = secrets.findIndex((each) => readKey(each, resolved) === undefined);
  if (index < 0) return undefined;
  const which = secrets.length > 1 ? `number ${index + 1} ` : '';
  const [what, hint] = wordsFor(secrets[index], resolved.kind === 'standard-webhooks');
  return badSecret(which + what, hint);
}

const NOT_SET =
  'Check that the environment variable is set where the receiver runs. ' +
  'Where it is built without it, as by `next build`, give a function: secret: () => process.env.WEBHOOK_SECRET.';
const AS_BYTES = 'If it is really so, give its bytes.';
const FLAWS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  empty: ['is empty', NOT_SET],
  space: ['has whitespace around it', `A line break, most likely: trim it. ${AS_BYTES}`],
  hidden: ['holds a line break or an invisible character', `Copy it again. ${AS_BYTES}`],
  quotes: ['has quotes around it', `Take them off: docker --env-file keeps them. ${AS_BYTES}`],
  unset: ['is what a variable that is not set becomes as text', NOT_SET],
  name: ['begins with the name of a variable', `Give only what is behind "=" or ":". ${AS_BYTES}`],
  prefix: [
    'holds whsec_, whpk_ or whsk_, but does not begin with it in lower case',
    'Give it as the server showed it.',
  ],
  variable: [
    'is the name of a variable or a file, a URL or the source of a function, not its value',
    `Nothing replaced it. ${AS_BYTES}`,
  ],
  placeholder: ['is a placeholder', `Put the real one in its place. ${AS_BYTES}`],
};

function wordsFor(secret: WebhookSecret | undefined, standard: boolean): readonly [string, string?] {
  if (ArrayBuffer.isView(secret)) return ['has no bytes, or only zeros', 'Check that the buffer was filled.'];
  if (typeof secret !== 'string') return ['is not set', NOT_SET];
  const prefix = prefixOf(secret);
  const flaw = flawOf(secret.slice(prefix.length));
  const words = flaw === undefined ? undefined : FLAWS[flaw];
  if (words) return words;
  if (prefix === 'whsk_') return ['is a private key, which signs', 'Give the public one, whpk_….'];
  if (prefix === 'whpk_' && !standard)
    return ['is a public key, which everybody knows', 'Leave scheme out, or give the shared secret.'];
  return [
    `is not ${prefix === 'whpk_' ? 'the base64 of 32 bytes' : 'base64'} after ${prefix}, or only zeros`,
  ];
}

interface Change {
  readonly what: string;
  readonly hint?: string;
}

/** What happened to the body on its way, as far as it can be told. */
async function changeOf(body: Bytes, signed: Signed): Promise<Change | undefined> {
  if (body.length === 0) {
    return { what: 'the body is empty', hint: `Something read it before. ${KEEP_THE_BYTES}` };
  }
  const start = decode(body.slice(0, 64)).trimStart();
  // What begins with a brace begins so in base64. No JSON does.
  if (/^"?e[wy][\w+/-]/.test(start)) {
    return {
      what: 'the body is base64',
      hint: 'Decode it first: Buffer.from(event.body, "base64") where the gateway says isBase64Encoded.',
    };
  }
  if (start.startsWith('\x1f')) {
    return { what: 'the body is compressed', hint: 'Decompress it first, or sign what is sent.' };
  }
  if (start.startsWith('[object ')) {
    return { what: 'the body was parsed, and made a text of', hint: KEEP_THE_BYTES };
  }
  return (await wasReserialised(body, signed))
    ? { what: 'something re-serialised the body', hint: `Pass the bytes as they came. ${KEEP_THE_BYTES}` }
    : undefined;
}

/** A larger body, and more secrets, are not looked at: a forger would choose what takes long. */
const MAX_BYTES = 8_192;
const MAX_KEYS = 3;
/** Indented, what is nested deeply becomes long out of all proportion. */
const MAX_DEPTH = 16;
/** What is hashed for one refusal, in characters, so that a forgery costs a small multiple of its check. */
const MAX_HASHED = 32_768;
/** As much as to try one signature by a public key. */
const HASHED_FOR_PUBLIC = 2_048;

/** What is shorter or longer, or holds anything else, is no signature of any text. */
const WHOLE = /^(v1,[\w+/]{43}=|v1a,[\w+/]{86}={0,2}|[\da-f]{64})$/;

/** Whether the signature fits the same JSON as others write it. */
async function wasReserialised(body: Bytes, signed: Signed): Promise<boolean> {
  const signatures = signed.sent.signatures.filter((each) => WHOLE.test(each));
  if (body.length > MAX_BYTES || signatures.length === 0) return false;
  const few = { ...signed, sent: { ...signed.sent, signatures }, keys: signed.keys.slice(0, MAX_KEYS) };
  const more = few.keys.filter(({ isPublic }) => isPublic).length * signatures.length * HASHED_FOR_PUBLIC;
  let left = MAX_HASHED;
  try {
    for (const text of rewritings(decode(body))) {
      left -= text.length * few.keys.length + more;
      if (left < 0) return false;
      if (await matchBody(few, text, async () => ({ fitsPublicKey }))) return true;
    }
    return false;
  } catch (error) {
    // It was genuine then, too; else it is no JSON.
    return isRefusal(error);
  }
}

/** What is most likely comes first, and is written only where it is asked for. */
function* rewritings(text: string): Generator<string> {
  if (isDeep(text)) return;
  const layouts = new Set<string>();
  const escaped: string[] = [];
  for (const layout of layoutsOf(text)) {
    if (layouts.has(layout)) continue;
    layouts.add(layout);
    // So it came, and did not fit.
    if (layout !== text) yield layout;
    yield `${layout}\n`;
    for (const written of escapesOf(layout)) {
      if (written === layout) continue;
      escaped.push(written);
      yield written;
    }
  }
  for (const written of escaped) yield `${written}\n`;
}

function* layoutsOf(text: string): Generator<string> {
  const value: unknown = JSON.parse(text);
  // Stringified twice.
  if (typeof value === 'string') yield value;
  yield JSON.stringify(value);
  // As Python writes it; a line break is never in a string of JSON.
  yield JSON.stringify(value, null, 1).replace(/,\n */g, ', ').replace(/\n */g, '');
  yield text.trim();
  for (const indent of [2, 4, '\t']) yield JSON.stringify(value, null, indent);
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const unicode = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const upper = (character: string) => `\\u${unicode(character).slice(2).toUpperCase()}`;

/** With what JSON may escape and JavaScript does not. */
function* escapesOf(json: string): Generator<string> {
  const ascii = json.replace(/[^\0-~]/g, unicode);
  // Python, Ruby.
  yield ascii;
  // PHP.
  yield ascii.replaceAll('/', '\\/');
  // Go. One after the other, for to call a function for each that is found takes far longer.
  yield [...'<>&\u2028\u2029'].reduce((text, each) => text.replaceAll(each, unicode(each)), json);
  // .NET.
  yield json.replaceAll('\\"', '\\u0022').replace(/[^\0-~]|[<>&'+`]/g, upper);
}

function decode(body: Bytes): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

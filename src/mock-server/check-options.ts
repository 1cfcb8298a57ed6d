import { didYouMean } from '../core/nearest.js';
import { ConfigurationError } from '../errors.js';
import { DIALECT_NAMES } from './dialect-names.js';
import { MOCK_ROUTES, type MockFault, type MockFaultType } from './fault.js';
import type { MockJobInit } from './job.js';
import { OPENAI_FLAVOURS } from './openai/names.js';
import type { MockOpenAIOptions, MockServiceOptions, MockStreamOptions } from './options.js';
import type { MockWebhookOptions } from './webhook-options.js';

type Names<T> = { readonly [K in keyof Required<T>]: boolean };
/** What a fault has besides its scope. */
type FaultNames = {
  readonly [T in MockFaultType]: readonly Exclude<
    Keys<Extract<MockFault, { type: T }>>,
    'type' | 'route' | 'jobId' | 'times' | 'after' | 'every' | 'lastsMs'
  >[];
};
type Keys<T> = T extends unknown ? keyof T : never;

const BEHAVIOUR = {
  ...{ durationMs: true, manual: true, failWith: true, style: true, words: true, coarseProgress: true },
  ...{ staysPending: true, failureProgress: true, notReadyMs: true, notReadyStatus: true, videoBytes: true },
  ...{ s3: true, urlLifetimeMs: true, outputs: true, reels: true },
} as const;
const SERVICE = {
  ...BEHAVIOUR,
  ...{
    faults: true,
    auth: true,
    cors: true,
    credits: true,
    idempotency: true,
    numericIds: true,
    digest: true,
  },
  ...{ onSubmit: true, onRequest: true, onAnswer: true, streams: true, webhooks: true, logSize: true },
  ...{ openAI: true, comfyUI: true },
} as const satisfies Names<MockServiceOptions>;
const JOB = { ...BEHAVIOUR, id: true, dialect: true, input: true } as const satisfies Names<MockJobInit>;
const STREAMS = {
  ...{ greeting: true, acknowledgements: true, frames: true, snapshotOnSubscribe: true, endWithJobs: true },
} as const satisfies Names<MockStreamOptions>;
const WEBHOOKS = {
  ...{ gateway: true, vidBuilder: true, openAI: true, secrets: true, upstreamSecret: true, retryScale: true },
  ...{ retryDelaysMs: true, timeoutMs: true, allowedHosts: true, onDelivery: true },
} as const satisfies Names<MockWebhookOptions>;

const MOMENT = ['afterFrames', 'afterMs'] as const;
const FAULTS: FaultNames = {
  ...{ refuse: [], reset: ['at'], stall: [], slow: ['delayMs'] },
  ...{ status: ['status', 'body', 'headers', 'retryAfter', 'carriedOut'], html: ['status'] },
  ...{
    'truncated-json': [],
    'oversized-json': ['bytes'],
    'without-field': ['field'],
    redirect: ['status', 'to'],
  },
  ...{ drop: ['atByte'], short: ['bytes', 'declared'], empty: [], json: ['body'], changed: [] },
  ...{
    'ignore-if-range': [],
    'no-ranges': [],
    capped: ['bytes', 'unasked'],
    total: ['total'],
    'no-length': [],
  },
  ...{ 'no-validators': [], 'no-etag': [], 'weak-etag': [], corrupt: [], expired: [] },
  ...{ 'not-ready': ['forMs', 'status'], trickle: ['bytesPerSecond'] },
  ...{
    mute: MOMENT,
    close: ['code', 'reason', ...MOMENT],
    'half-open': MOMENT,
    inject: ['frame', ...MOMENT],
  },
  ...{ duplicate: ['copies'], disorder: ['window'], 'drop-terminal': [], 'drop-updates': ['first'] },
  ...{ 'binary-frames': [], 'content-type': ['contentType'], buffer: ['forMs', 'headers'], 'held-head': [] },
  ...{ 'held-events': ['always'], 'named-events': ['name'] },
  format: ['lineEnding', 'commentEveryMs', 'splitEveryBytes', 'bom'],
};
const SCOPE = ['type', 'route', 'jobId', 'times', 'after', 'every', 'lastsMs'];

/** What may be within an option, by its path. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  streams: Object.keys(STREAMS),
  webhooks: Object.keys(WEBHOOKS),
  'webhooks.gateway': ['url', 'secret'],
  'webhooks.vidBuilder': ['secret'],
  'webhooks.openAI': ['url', 'secret'],
  'webhooks.secrets': DIALECT_NAMES.filter(
    (name) => !['soraGateway', 'vidBuilder', 'openAIVideos'].includes(name),
  ),
  'webhooks.retryDelaysMs': DIALECT_NAMES,
  openAI: ['flavour', 'encoding'],
  comfyUI: ['version'],
  words: ['queued', 'processing', 'completed', 'failed'],
};

/**
 * Refuses what is misspelt: a mock that leaves it out in silence is kinder than the server it stands for.
 *
 * @throws ConfigurationError
 */
export function checkMockOptions(options: object, more: readonly string[]): void {
  checkNames('options', '', options, [...Object.keys(SERVICE), ...more]);
  checkNested(options, '');
  const { auth, comfyUI, faults, openAI } = options as MockServiceOptions;
  checkOpenAI(openAI ?? {});
  checkWord('comfyUI.version', comfyUI?.version ?? '0.3', ['0.26', '0.3']);
  for (const [index, one] of [auth ?? []].flat().entries())
    checkNames('auth', `auth[${index}].`, one, ['type', 'token', 'username', 'password']);
  if (faults !== undefined) {
    if (!Array.isArray(faults)) throw new ConfigurationError('faults', 'faults must be a list');
    for (const [index, fault] of faults.entries()) checkFault(fault, `faults[${index}]`);
  }
}

function checkOpenAI({ encoding, flavour = 'openai' }: MockOpenAIOptions): void {
  checkWord('openAI.flavour', flavour, OPENAI_FLAVOURS);
  if (encoding === undefined) return;
  checkWord('openAI.encoding', encoding, ['multipart', 'json']);
  if (flavour === 'openai') return;
  throw new ConfigurationError(
    'openAI.encoding',
    `openAI.encoding: the flavour ${flavour} says itself what it takes`,
  );
}

function checkWord(option: string, word: string, words: readonly string[]): void {
  if (words.includes(word)) return;
  throw new ConfigurationError(option, `${option}: there is no ${JSON.stringify(word)}`, {
    hint: didYouMean(String(word), words),
  });
}

/** @throws ConfigurationError */
export function checkJobInit(init: object, whole = 'job'): void {
  checkNames(whole, `${whole}.`, init, Object.keys(JOB));
  checkNested(init, '');
  const { dialect } = init as MockJobInit;
  if (dialect !== undefined) checkWord(`${whole}.dialect`, dialect, DIALECT_NAMES);
}

/** @throws ConfigurationError */
export function checkFault(fault: MockFault, path = 'fault'): void {
  if (!isObject(fault)) throw new ConfigurationError(path, `${path} must be an object`);
  if (!Object.hasOwn(FAULTS, fault.type)) {
    const option = `${path}.type`;
    throw new ConfigurationError(option, `${option}: there is no fault ${JSON.stringify(fault.type)}`, {
      hint: didYouMean(String(fault.type), Object.keys(FAULTS)),
    });
  }
  checkNames(path, `${path}.`, fault, [...SCOPE, ...FAULTS[fault.type]]);
  for (const route of [fault.route ?? []].flat()) checkWord(`${path}.route`, route, MOCK_ROUTES);
}

function checkNested(value: object, prefix: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const path = prefix + name;
    const names = Object.hasOwn(NESTED, path) ? NESTED[path] : undefined;
    if (names === undefined || inner === undefined) continue;
    checkNames(path, `${path}.`, inner, names);
    checkNested(inner, `${path}.`);
  }
}

function checkNames(whole: string, prefix: string, value: unknown, names: readonly string[]): void {
  if (!isObject(value)) throw new ConfigurationError(whole, `${whole} must be an object`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const path = prefix + unknown;
  throw new ConfigurationError(path, `there is no option ${JSON.stringify(path)}`, {
    hint: didYouMean(unknown, names),
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

import { parseEnv } from 'node:util';
import {
  type AnyBackend,
  type Auth,
  ConfigurationError,
  openAIVideos,
  soraGateway,
  type TransportName,
  VideoClient,
  vidBuilder,
} from '../index.js';
import { readInputFile } from './files.js';
import { createLogger } from './log.js';
import { BACKENDS, type BackendName } from './names.js';
import type { Output } from './output.js';

/** Where `reelwire mock` listens. */
const DEFAULT_BASE_URL = 'http://localhost:3001';

const MAX_CONFIG_BYTES = 64 * 1024;
/** More than any server takes in a header. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** What a `--config` file may set. */
const VARIABLES: readonly string[] = [
  ...['REELWIRE_BASE_URL', 'REELWIRE_TOKEN', 'REELWIRE_USERNAME', 'REELWIRE_PASSWORD', 'REELWIRE_BACKEND'],
  ...['REELWIRE_WEBHOOK_SECRET', 'REELWIRE_WEB_SOCKET_URL', 'REELWIRE_WALLET', 'REELWIRE_WEBHOOK_URL'],
  ...['REELWIRE_MODEL', 'REELWIRE_LOG'],
];

/** Flags that every command which talks to a server takes. */
export interface ConnectionFlags {
  readonly baseUrl?: string;
  readonly backend?: string;
  readonly webSocketUrl?: string;
  readonly transports?: string;
  readonly statusRoute?: 'path' | 'query';
  readonly tokenFile?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Environment variables, those of the `--config` file below those that are set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  readonly backend: BackendName;
  readonly baseUrl: string;
  readonly environment: Environment;
  readonly auth: Auth | undefined;
}

/** @throws ConfigurationError or InputError that names the flag or the variable. */
export async function readSettings(flags: ConnectionFlags): Promise<Settings> {
  const environment = await readEnvironment(flags.config);
  return {
    environment,
    backend: backendOf(flags.backend ?? environment.REELWIRE_BACKEND ?? 'soraGateway'),
    baseUrl: checkUrl('--base-url', flags.baseUrl ?? environment.REELWIRE_BASE_URL ?? DEFAULT_BASE_URL),
    auth: await readAuth(flags.tokenFile, environment),
  };
}

export async function readEnvironment(config: string | undefined): Promise<Environment> {
  // A variable that is set to nothing counts as not set.
  const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  if (config === undefined) return set;
  const text = (await readInputFile('--config', config, MAX_CONFIG_BYTES)).toString();
  return { ...checkConfig(config, text), ...set };
}

/** A name or a line that means nothing would be a server, or a token, that nobody asked for. */
function checkConfig(path: string, text: string): NodeJS.Dict<string> {
  const values = parseEnv(text);
  const wrong = Object.keys(values).find((name) => !VARIABLES.includes(name));
  if (wrong !== undefined) {
    const nearest = nearestVariable(wrong);
    throw new ConfigurationError('--config', `--config: ${path} sets ${wrong}, which there is not`, {
      hint: nearest === undefined ? `There are ${VARIABLES.join(', ')}.` : `Did you mean ${nearest}?`,
    });
  }
  const rest = text.replace(/^[ \t]*(?:export\s+)?[\w.-]+[ \t]*=[ \t]*(["'`])[\s\S]*?\1.*$/gm, (value) =>
    value.replace(/[^\n]/g, ''),
  );
  const line = rest.split('\n').findIndex((one) => !/^\s*(?:#.*|(?:export\s+)?[\w.-]+[ \t]*=.*)?$/.test(one));
  // Not quoted: there may be a secret in it.
  if (line !== -1)
    throw new ConfigurationError('--config', `--config: line ${line + 1} of ${path} is not NAME=value`);
  return values;
}

/** The one that shares the most pairs of letters with what was given, both without the prefix of all. */
function nearestVariable(given: string): string | undefined {
  const pairsOf = (name: string) => {
    const letters = name.replace(/^REELWIRE_/, '').toUpperCase();
    return new Set(Array.from(letters.slice(1), (letter, index) => `${letters[index]}${letter}`));
  };
  const wanted = pairsOf(given);
  const near = VARIABLES.map((name) => {
    const pairs = pairsOf(name);
    const shared = [...pairs].filter((pair) => wanted.has(pair)).length;
    return { name, likeness: (2 * shared) / (pairs.size + wanted.size) };
  });
  const [nearest] = near.sort((a, b) => b.likeness - a.likeness);
  return nearest !== undefined && nearest.likeness >= 0.4 ? nearest.name : undefined;
}

export function createClient(
  flags: ConnectionFlags,
  settings: Settings,
  output: Output,
): VideoClient<AnyBackend> {
  const { auth, baseUrl, environment } = settings;
  const webSocketUrl = flags.webSocketUrl ?? environment.REELWIRE_WEB_SOCKET_URL;
  return new VideoClient<AnyBackend>({
    baseUrl,
    backend: createBackend(flags, settings),
    logger: createLogger(environment.REELWIRE_LOG, output),
    ...(auth !== undefined && { auth }),
    ...(webSocketUrl !== undefined && { webSocketUrl }),
    // The client itself says which name is wrong.
    ...(flags.transports !== undefined && { transports: flags.transports.split(',') as TransportName[] }),
  });
}

function createBackend({ statusRoute }: ConnectionFlags, { backend }: Settings): AnyBackend {
  if (backend === 'vidBuilder') return vidBuilder();
  if (backend === 'openAIVideos') return openAIVideos();
  return soraGateway(statusRoute === undefined ? {} : { statusRoute });
}

/** In whatever case, with hyphens or without. */
export function backendOf(given: string): BackendName {
  const plain = (name: string) => name.replaceAll(/[-_]/g, '').toLowerCase();
  const backend = BACKENDS.find((name) => plain(name) === plain(given));
  if (backend !== undefined) return backend;
  throw new ConfigurationError('--backend', `there is no backend ${JSON.stringify(given)}`, {
    hint: `Choose from ${BACKENDS.join(', ')}.`,
  });
}

/** Never quoted: it may hold a password. */
export function checkUrl(flag: string, value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new ConfigurationError(flag, `${flag} is not an http or https URL`, {
    hint: `Such as ${flag} https://api.example.com`,
  });
}

async function readAuth(tokenFile: string | undefined, environment: Environment): Promise<Auth | undefined> {
  const { REELWIRE_TOKEN, REELWIRE_USERNAME, REELWIRE_PASSWORD } = environment;
  if (tokenFile !== undefined) {
    const token = (await readInputFile('--token-file', tokenFile, MAX_TOKEN_BYTES)).toString().trim();
    if (token === '') throw new ConfigurationError('--token-file', `--token-file: ${tokenFile} is empty`);
    return { type: 'bearer', token };
  }
  if (REELWIRE_TOKEN !== undefined) return { type: 'bearer', token: REELWIRE_TOKEN };
  if (REELWIRE_USERNAME === undefined || REELWIRE_PASSWORD === undefined) return undefined;
  return { type: 'basic', username: REELWIRE_USERNAME, password: REELWIRE_PASSWORD };
}

import { comfyUI, fal, openRouter, replicate, runway, xai } from '../backends/hosted/index.js';
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
import { fileJobs } from '../jobs/node.js';
import { type Destination, readAuth } from './credentials.js';
import { type Environment, readEnvironment } from './environment.js';
import { createLogger } from './log.js';
import { BACKENDS, type BackendName, isHosted } from './names.js';
import type { Output } from './output.js';

/** Where `reelwire mock` listens. */
const DEFAULT_BASE_URL = 'http://localhost:3001';

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
  /** The folder with the records of jobs; undefined: none are kept. */
  readonly jobs?: string | undefined;
}

export interface Settings extends Destination {
  /** Undefined: that of the hosted service. */
  readonly baseUrl: string | undefined;
  readonly environment: Environment;
  readonly auth: Auth | undefined;
}

/** @throws ConfigurationError or InputError that names the flag or the variable. */
export async function readSettings(flags: ConnectionFlags): Promise<Settings> {
  const environment = await readEnvironment(flags.config);
  const backend = backendOf(flags.backend ?? environment.REELWIRE_BACKEND ?? 'soraGateway', BACKENDS);
  const [server, given] = serverOf(flags, environment, backend);
  return {
    ...{ environment, backend, server },
    baseUrl: given === undefined ? undefined : checkUrl('--base-url', given),
    auth: await readAuth(flags.tokenFile, environment, { backend, server }),
  };
}

function serverOf(
  { baseUrl }: ConnectionFlags,
  { REELWIRE_BASE_URL }: Environment,
  backend: BackendName,
): [Destination['server'], string | undefined] {
  if (baseUrl !== undefined) return ['flag', baseUrl];
  if (REELWIRE_BASE_URL !== undefined) return ['environment', REELWIRE_BASE_URL];
  if (backend === 'comfyUI')
    throw new ConfigurationError('--base-url', 'comfyUI is where you run it: give --base-url', {
      hint: 'Such as --base-url http://127.0.0.1:8188, or REELWIRE_BASE_URL.',
    });
  return isHosted(backend) ? ['service', undefined] : ['default', DEFAULT_BASE_URL];
}

export function createClient(
  flags: ConnectionFlags,
  settings: Settings,
  output: Output,
): VideoClient<AnyBackend> {
  const { auth, baseUrl, environment } = settings;
  const webSocketUrl = flags.webSocketUrl ?? environment.REELWIRE_WEB_SOCKET_URL;
  return new VideoClient<AnyBackend>({
    // Undefined for a backend that has its own.
    baseUrl: baseUrl as string,
    backend: createBackend(flags, settings),
    logger: createLogger(environment.REELWIRE_LOG, output),
    ...(auth !== undefined && { auth }),
    ...(flags.jobs !== undefined && { jobs: fileJobs(flags.jobs) }),
    ...(webSocketUrl !== undefined && { webSocketUrl }),
    // The client itself says which name is wrong.
    ...(flags.transports !== undefined && { transports: flags.transports.split(',') as TransportName[] }),
  });
}

function createBackend({ statusRoute }: ConnectionFlags, { backend, environment }: Settings): AnyBackend {
  if (backend === 'vidBuilder') return vidBuilder();
  if (backend === 'openAIVideos') return openAIVideos();
  if (backend === 'openRouter') return openRouter();
  if (backend === 'replicate') return replicate();
  if (backend === 'runway') return runway();
  if (backend === 'xai') return xai();
  if (backend === 'fal') return fal({ model: environment.REELWIRE_MODEL });
  if (backend === 'comfyUI') return comfyUI();
  return soraGateway(statusRoute === undefined ? {} : { statusRoute });
}

/** One of these names, in whatever case, with hyphens or without. */
export function backendOf<Name extends string>(given: string, names: readonly Name[]): Name {
  const plain = (name: string) => name.replaceAll(/[-_]/g, '').toLowerCase();
  const backend = names.find((name) => plain(name) === plain(given));
  if (backend !== undefined) return backend;
  throw new ConfigurationError('--backend', `there is no backend ${JSON.stringify(given)}`, {
    hint: `Choose from ${names.join(', ')}.`,
  });
}

/** Never quoted: it may hold a password. */
export function checkUrl(flag: string, value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new ConfigurationError(flag, `${flag} is not an http or https URL`, {
    hint: `Such as ${flag} https://api.example.com`,
  });
}

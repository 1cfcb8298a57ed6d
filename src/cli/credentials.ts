import { type Auth, ConfigurationError } from '../index.js';
import type { Environment } from './environment.js';
import { readInputFile } from './files.js';
import { type BackendName, isHosted, KEYS } from './names.js';

/** More than any server takes in a header. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** Where the credentials are to go. */
export interface Destination {
  readonly backend: BackendName;
  /** `service`: the hosted service itself. `environment`: a server that REELWIRE_BASE_URL names. */
  readonly server: 'service' | 'flag' | 'environment' | 'default';
}

/**
 * A key of a hosted service goes to that, and to where the command itself says; never to a server that is named by the
 * environment, which may be there for another backend.
 */
export async function readAuth(
  tokenFile: string | undefined,
  environment: Environment,
  { backend, server }: Destination,
): Promise<Auth | undefined> {
  if (tokenFile !== undefined) {
    const token = (await readInputFile('--token-file', tokenFile, MAX_TOKEN_BYTES)).toString().trim();
    if (token === '') throw new ConfigurationError('--token-file', `--token-file: ${tokenFile} is empty`);
    return { type: 'bearer', token };
  }
  const { REELWIRE_TOKEN, REELWIRE_USERNAME, REELWIRE_PASSWORD } = environment;
  const variable = keyOf(backend, server);
  const token = (variable === undefined ? undefined : environment[variable]) ?? REELWIRE_TOKEN;
  if (token !== undefined) return { type: 'bearer', token };
  if (variable !== undefined && server === 'service') {
    throw new ConfigurationError(variable, `there is no key for ${backend}: ${variable} is not set`, {
      hint: `Set ${variable}, or give --token-file.`,
    });
  }
  if (REELWIRE_USERNAME === undefined || REELWIRE_PASSWORD === undefined) return undefined;
  return { type: 'basic', username: REELWIRE_USERNAME, password: REELWIRE_PASSWORD };
}

/** Where a credential comes from that was refused, as a hint has it. */
export function placeOfToken({ backend, server }: Destination): string {
  return `${keyOf(backend, server) ?? 'REELWIRE_TOKEN'}, or --token-file`;
}

function keyOf(backend: BackendName, server: Destination['server']): string | undefined {
  return isHosted(backend) && server !== 'environment' ? KEYS[backend] : undefined;
}

import type { Auth, Resolvable, ServerSettings } from '../core/settings.js';
import { ConfigurationError } from '../errors.js';
import type { Credentials } from './trust.js';

/**
 * Asks for the credentials of one call.
 *
 * @throws ConfigurationError where the function asked throws (its error is the cause), or what it gave cannot be
 * a header. What it gave is never shown.
 */
export async function askCredentials(settings: ServerSettings): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const given: unknown = await ask('headers', settings.headers ?? {});
  if (typeof given !== 'object' || given === null) {
    throw new ConfigurationError('headers', 'headers must give an object of names and values');
  }
  // A `Headers` object, or a map, has nothing that `Object.entries` would find.
  const pairs = Symbol.iterator in given ? (given as Iterable<unknown>) : Object.entries(given);
  for (const pair of pairs) {
    const [name, value] = Array.isArray(pair) ? pair : [];
    headers[String(name).toLowerCase()] = checkHeader(`headers.${name}`, name, value);
  }
  if (settings.auth === undefined) return { headers, secrets: [] };
  const [name, scheme, ...secrets] = await authorization(settings.auth, settings.backend);
  headers[name] = scheme + secrets[0];
  return { headers, secrets };
}

/** @throws ConfigurationError where it would break out of its header. */
function checkHeader(option: string, name: string, value: unknown): string {
  if (
    /^[\w!#$%&'*+.^`|~-]+$/.test(name) &&
    typeof value === 'string' &&
    /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
  )
    return value;
  throw new ConfigurationError(option, `${JSON.stringify(option)} cannot be a header`, {
    hint: 'A header is a name and a string without line breaks, in Latin-1 characters.',
  });
}

async function authorization(
  auth: Auth,
  { credential }: ServerSettings['backend'],
): Promise<[name: string, scheme: string, credential: string, ...string[]]> {
  if (auth.type === 'basic') {
    const pair = new TextEncoder().encode(`${auth.username}:${auth.password}`);
    return ['authorization', 'Basic ', btoa(String.fromCharCode(...pair)), auth.password];
  }
  const { header, scheme } = credential ?? { header: 'authorization', scheme: 'Bearer' };
  return [header.toLowerCase(), scheme === undefined ? '' : `${scheme} `, await askToken(auth)];
}

/** @throws ConfigurationError as `askCredentials` does. */
export async function askToken(auth: Extract<Auth, { type: 'bearer' }>): Promise<string> {
  const token: unknown = await ask('auth.token', auth.token);
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigurationError('auth.token', 'auth.token is not a token', {
    hint: 'Check that its variable is set, and ends with no line break.',
  });
}

async function ask<T>(option: string, value: Resolvable<T>): Promise<T> {
  if (typeof value !== 'function') return value;
  try {
    return await (value as () => T | Promise<T>)();
  } catch (error) {
    // Its message is not quoted: it may hold the secret that could not be had.
    throw new ConfigurationError(option, `the function given as ${option} threw; its error is the cause`, {
      cause: error,
    });
  }
}

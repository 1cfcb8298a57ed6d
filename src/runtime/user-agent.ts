import { version } from '../../package.json';

/** Adds what the client says of itself, where the caller says nothing. A page leaves that to the browser. */
export function withUserAgent(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return 'document' in globalThis ? headers : { 'user-agent': `reelwire/${version}`, ...headers };
}

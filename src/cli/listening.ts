import { ConfigurationError } from '../index.js';

/** What came of listening, in words of the flag where it is the port that is not to be had. */
export function listeningError(error: unknown, who: string, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return error;
  return new ConfigurationError('--port', `the ${who} cannot listen on ${host}:${port} (${code})`, {
    hint: 'Something else may be using it: give another --port, or 0 for any free one.',
  });
}

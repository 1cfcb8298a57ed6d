import { ConfigurationError } from '../index.js';

/** What came of listening, in words of the flag where it is the port that is not to be had. */
export function listeningError(error: unknown, who: string, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new ConfigurationError(
      '--host',
      `the ${who} cannot listen on ${host}: there is no such host here`,
      {
        hint: 'Give an address of this machine, such as --host 127.0.0.1.',
      },
    );
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return error;
  return new ConfigurationError('--port', `the ${who} cannot listen on ${host}:${port} (${code})`, {
    hint: 'Something else may be using it: give another --port, or 0 for any free one.',
  });
}

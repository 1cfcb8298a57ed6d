import type { ConnectionFlags } from './settings.js';
import { runner, shellCommand } from './text.js';

/** A command that takes up where another one stopped. */
export interface Resume {
  readonly command: 'watch' | 'download' | 'list' | 'resume';
  readonly jobIds: readonly string[];
  /** Those that this command was given. */
  readonly flags: ConnectionFlags & {
    readonly output?: string;
    readonly variant?: string;
    readonly timeoutSeconds?: number;
    readonly limit?: number;
    readonly after?: string;
  };
  /** That the job was submitted under: whoever gives the same command again goes on with it. */
  readonly key?: string | undefined;
}

/** In words, with what else goes on where there is more than the command. */
export function howToResume(resume: Resume): string {
  const again =
    resume.key === undefined
      ? ''
      : `\nOr give the same command again: with its --key it goes on with the same job, and makes no other.`;
  return `Resume with:\n  ${commandOf(resume)}${again}`;
}

/** As it is typed into a shell. */
export function commandOf({ command, jobIds, flags }: Resume): string {
  const { backend, baseUrl, config, output, statusRoute, timeoutSeconds, tokenFile, transports } = flags;
  // A query may be a token: then REELWIRE_WEB_SOCKET_URL is the place for it, and this is not.
  const webSocketUrl = flags.webSocketUrl?.includes('?') ? undefined : flags.webSocketUrl;
  const values = {
    ...{
      'base-url': baseUrl,
      backend,
      'web-socket-url': webSocketUrl,
      transports,
      'status-route': statusRoute,
    },
    ...{ 'token-file': tokenFile, config, variant: flags.variant, output },
    ...((command === 'watch' || command === 'resume') && { 'timeout-seconds': timeoutSeconds }),
    ...(command === 'resume' && { jobs: flags.jobs }),
    ...(command === 'list' && { limit: flags.limit, after: flags.after }),
  };
  const words = Object.entries(values).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, String(value)],
  );
  if (flags.json === true) words.push('--json');
  // The records say which.
  const ids = command === 'resume' ? [] : jobIds;
  // Behind it, an id may begin with a hyphen.
  if (ids.some((id) => id.startsWith('-'))) words.push('--');
  return shellCommand([...runner(), command, ...words, ...ids]);
}

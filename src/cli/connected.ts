import { type Command, Option } from 'commander';
import { BACKENDS } from './names.js';
import { wholeNumber } from './option-values.js';

/** The flags of every command that talks to a server. */
export function connected(command: Command): Command {
  return command
    .option('--base-url <url>', 'the server (env: REELWIRE_BASE_URL)')
    .option('--backend <name>', `${BACKENDS.join(', ')} (env: REELWIRE_BACKEND)`)
    .option('--web-socket-url <url>', 'where the WebSocket is, if not there (env: REELWIRE_WEB_SOCKET_URL)')
    .option('--transports <names>', 'in order of preference, such as sse,polling')
    .addOption(new Option('--status-route <form>', 'soraGateway').choices(['path', 'query']))
    .option(
      '--token-file <file>',
      'a file that holds the bearer token (env: REELWIRE_TOKEN holds the token itself)',
    )
    .option('--config <file>', 'a file of NAME=value lines for the environment')
    .option('--json', 'one JSON object a line');
}

export function timeoutOption(): Option {
  return new Option('--timeout-seconds <number>', 'how long to follow (default: 1800)').argParser(
    wholeNumber(1, 2_000_000),
  );
}

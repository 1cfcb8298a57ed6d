import { type Command, Option } from 'commander';
import { connected } from './connected.js';
import type { Exit } from './exit-code.js';
import { wholeNumber } from './option-values.js';
import { jobsOption } from './program-jobs.js';

export function addRelayCommand(program: Command, exit: Exit): void {
  connected(
    program
      .command('relay')
      .description('Let pages on this machine generate with your key, which they do not see: to try it out'),
  )
    .addOption(
      new Option('--port <number>', '0 is any free one').default(3002).argParser(wholeNumber(0, 65_535)),
    )
    .option('--user-header <name>', 'the header that says who asks (default: everybody is one user)')
    .addOption(jobsOption())
    .addHelpText(
      'after',
      `
For your own machine, never for a network: it listens on 127.0.0.1 alone, lets in pages of localhost, 127.0.0.1 and
[::1] at any port, and believes the header. What a page gives to generate goes to the backend as it is, and each job is
paid for with your key. Whose job is whose is in the records, so that all goes on after a restart.
A page cannot send a header with a WebSocket: with --user-header it follows over SSE, unless the proxy of its dev server
sets the header.
Prints each request and each answer. Ends with Ctrl-C, and with what started it, as "reelwire mock" does.

Examples:
  $ reelwire relay --backend openrouter --port 3001 --user-header x-user
  $ reelwire relay --backend openrouter --base-url http://localhost:3001/openrouter/api/v1   # before "reelwire mock"`,
    )
    .action(async (flags) => {
      const { relay } = await import('./commands/relay.js');
      exit(await relay(flags));
    });
}

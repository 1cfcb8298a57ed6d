import { Command, Option } from 'commander';
import { version } from '../../package.json';
import { connected, timeoutOption } from './connected.js';
import type { Exit } from './exit-code.js';
import { BACKENDS, KEYS } from './names.js';
import { collect, wholeNumber } from './option-values.js';
import { addJobsCommands, jobsOption } from './program-jobs.js';
import { addRelayCommand } from './program-relay.js';
import { addWebhookCommands } from './program-webhook.js';
import { visible } from './text.js';

const EXIT_CODES = `
Exit codes:
  0    done
  1    the job failed, or the server refused, or the video could not be saved
  2    wrong usage
  3    no answer: the network, a timeout
  4    the credentials were refused
  130  interrupted by Ctrl-C
  143  ended by SIGTERM

Environment (all but NO_COLOR can be in a file of NAME=value lines, given as --config):
  REELWIRE_BASE_URL         the server (default: http://localhost:3001, where "reelwire mock" listens)
  REELWIRE_TOKEN            bearer token; or REELWIRE_USERNAME and REELWIRE_PASSWORD
  REELWIRE_BACKEND          ${BACKENDS.join(', ')}
${Object.entries(KEYS)
  .map(([backend, key]) => `  ${key.padEnd(25)} the key of ${backend}; goes there, or to --base-url`)
  .join('\n')}
  REELWIRE_WEBHOOK_SECRET   for "reelwire webhook" and "reelwire mock"
  REELWIRE_WEB_SOCKET_URL, REELWIRE_WALLET, REELWIRE_WEBHOOK_URL, REELWIRE_MODEL
  REELWIRE_LOG              debug: each call and change of transport, on stderr; or info, warn, error
  NO_COLOR                  no colours`;

/** The command line itself; each command is loaded when it runs. */
export function createProgram(exit: Exit): Command {
  const program = new Command('reelwire')
    .description('Generate videos, follow the jobs, download the results, and try out webhooks.')
    .version(version, '-V, --version')
    .exitOverride()
    // A word that it does not know may be the id of a job.
    .configureOutput({ outputError: (text, write) => write(visibleLines(text)) })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', EXIT_CODES)
    .addHelpText('after', '\nExample:\n  $ reelwire generate "Explain blockchain" -o out.mp4');

  connected(
    program
      .command('generate')
      .description('Submit a job, follow it to its end, and save the video')
      .argument('[prompt]', 'what the video is about; - is stdin'),
  )
    .option('-o, --output <path>', 'save the video there when it is done; - is stdout')
    .option('--input <file>', 'JSON with the input of the backend; - is stdin')
    .option(
      '--image <file>',
      'to begin with; openRouter, runway, xai: and to end with; vidBuilder: several',
      collect,
    )
    .option('--no-wait', 'print the id of the job, and end')
    .option('--key <key>', 'your name for the job: at most one is made for it, whatever crashes')
    .addOption(jobsOption())
    .addOption(timeoutOption())
    .option('--wallet <address>', 'soraGateway: who pays for a script (env: REELWIRE_WALLET)')
    .option('--webhook-url <url>', 'vidBuilder, fal: where the server reports to (env: REELWIRE_WEBHOOK_URL)')
    .option('--model <name>', 'openAIVideos and hosted services: the model (env: REELWIRE_MODEL)')
    .addHelpText(
      'after',
      `
Ctrl-C detaches: the job continues, and the command that resumes is printed. With --key, a record of the job is kept
below .reelwire: the same command again follows the same job, and "reelwire resume" goes on after a crash.

Examples:
  $ reelwire generate "Explain blockchain" -o out.mp4
  $ reelwire generate "Explain blockchain" -o out.mp4 --key order-7
  $ reelwire generate --backend openrouter --model google/veo-3.1 "A paper boat" -o out.mp4
  $ reelwire generate --backend vidBuilder --input scenes.json --image logo.png -o out.mp4
  $ id=$(reelwire generate "Explain blockchain" --no-wait)`,
    )
    .action(async (prompt, flags) => {
      const { generate } = await import('./commands/generate.js');
      exit(await generate(prompt, flags));
    });

  connected(
    program.command('watch').description('Follow jobs to their ends').argument('<jobId...>', 'ids of jobs'),
  )
    .option('-o, --output <path>', 'save the video there when it is done (one job only); - is stdout')
    .option('--variant <name>', 'which file of the job, such as reels or thumbnail')
    .addOption(timeoutOption())
    .addHelpText('after', '\nExample:\n  $ reelwire watch job_1 job_2')
    .action(async (jobIds, flags) => {
      const { watch } = await import('./commands/watch.js');
      exit(await watch(jobIds, flags));
    });

  connected(
    program.command('status').description('Ask once how jobs are').argument('<jobId...>', 'ids of jobs'),
  )
    .addHelpText(
      'after',
      '\nExits 0 for a failed job too: asking went well.\n\nExample:\n  $ reelwire status job_1 --json',
    )
    .action(async (jobIds, flags) => {
      const { status } = await import('./commands/status.js');
      exit(await status(jobIds, flags));
    });

  connected(
    program
      .command('cancel')
      .description('Cancel jobs, where the server can; those that have ended stay as they are')
      .argument('<jobId...>', 'ids of jobs'),
  )
    .addHelpText(
      'after',
      '\nExits 1 where a job continues.\n\nExample:\n  $ reelwire cancel job_1 --backend openAIVideos',
    )
    .action(async (jobIds, flags) => {
      const { cancel } = await import('./commands/cancel.js');
      exit(await cancel(jobIds, flags));
    });

  connected(program.command('list').description('Show the newest jobs, where the server has a list'))
    .addOption(
      new Option('--limit <number>', 'how many (default: as the server has it)').argParser(
        wholeNumber(1, 100),
      ),
    )
    .option('--after <jobId>', 'those that come after this one (replicate: as it is printed below a page)')
    .addHelpText('after', '\nExample:\n  $ reelwire list --backend openAIVideos --limit 20')
    .action(async (flags) => {
      const { list } = await import('./commands/list.js');
      exit(await list(flags));
    });

  connected(
    program
      .command('download')
      .description('Save the video of a completed job: whole, or not at all')
      .argument('<jobId>', 'id of the job'),
  )
    .option('-o, --output <path>', "file or folder; - is stdout (default: the server's name for it, here)")
    .option('--variant <name>', 'which file of the job, such as reels or thumbnail')
    .addHelpText('after', '\nExample:\n  $ reelwire download job_1 -o out.mp4')
    .action(async (jobId, flags) => {
      const { download } = await import('./commands/download.js');
      exit(await download(jobId, flags));
    });

  connected(
    program
      .command('doctor')
      .description('Try each way to the server: what works, and what to do where it does not'),
  )
    .addHelpText(
      'after',
      '\nExits 1 when nothing works.\n\nExample:\n  $ reelwire doctor --base-url https://api.example.com',
    )
    .action(async (flags) => {
      const { doctor } = await import('./commands/doctor.js');
      exit(await doctor(flags));
    });

  program
    .command('mock')
    .description('Run the mock server, and print what it got')
    .addOption(
      new Option('--port <number>', '0 is any free one').default(3001).argParser(wholeNumber(0, 65_535)),
    )
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .addOption(
      new Option('--duration-ms <number>', 'how long a job takes')
        .default(10_000)
        .argParser(wholeNumber(0, 86_400_000)),
    )
    .option('--field', 'speak as running servers do, not as their documents say')
    .option('--fail-with <reason>', 'let every job fail half way')
    .option('--fault <route=name>', "break something; may be repeated; '*=?' tells which there are", collect)
    .option('--webhook-url <url>', 'soraGateway, openAIVideos: where events go; vidBuilder says so itself')
    .option('--webhook-secret <secret>', 'sign webhooks; better in REELWIRE_WEBHOOK_SECRET')
    .option(
      '--allow-webhook-host <name>',
      'vidBuilder: send webhooks there too, not to loopback alone',
      collect,
    )
    .option('--allow-origin <origin>', 'let pages from there in, not those of this machine alone', collect)
    .option('--allow-host <name>', 'let itself be called by that name too', collect)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
Prints each request, each answer, and each attempt to deliver a webhook.
Ends with Ctrl-C, and with what started it: a terminal, a script, npx. To let it go on, start it from a shell
that ends at once: (npx reelwire mock &)

Examples:
  $ reelwire mock --port 3001 --fault websocket=blackhole --fault status=status:503
  $ REELWIRE_WEBHOOK_SECRET=whsec_… reelwire mock --webhook-url http://localhost:3000/webhook`,
    )
    .action(async (flags) => {
      const { mock } = await import('./commands/mock.js');
      exit(await mock(flags));
    });

  addRelayCommand(program, exit);
  addJobsCommands(program, exit);
  addWebhookCommands(program, exit);
  return program;
}

/** Of commander: what is wrong, and on a line of its own what may have been meant. */
function visibleLines(text: string): string {
  const parts = text.trimEnd().split(/\n(?=\(Did you mean [^\n]*$)/);
  return `${parts.map(visible).join('\n')}\n`;
}

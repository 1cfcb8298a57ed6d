import { type Command, Option } from 'commander';
import type { Exit } from './exit-code.js';
import { DIALECTS } from './names.js';
import { collect, wholeNumber } from './option-values.js';

export function addWebhookCommands(program: Command, exit: Exit): void {
  const webhook = program
    .command('webhook')
    .description('Send signed test deliveries to a receiver, or check one that came')
    .addHelpText(
      'after',
      '\nExample:\n  $ reelwire webhook send --url http://localhost:3000/webhook --event completed',
    );

  signed(webhook.command('send').description('Send a signed delivery to a receiver, and show its answer'))
    .requiredOption('--url <url>', 'the receiver')
    .addOption(
      new Option('--event <name>', 'what it tells')
        .choices(['queued', 'processing', 'completed', 'failed'])
        .default('completed'),
    )
    .option('--backend <name>', `whose words: ${DIALECTS.join(', ')} (default: as the scheme has it)`)
    .option('--job-id <id>', 'the job it tells of (default: a new one each time)')
    .addOption(new Option('--progress <percent>', '0 to 100').argParser(wholeNumber(0, 100)))
    .option('--video-url <url>', 'of a completed job')
    .option('--error <reason>', 'of a failed job')
    .option('--duplicate', 'send it twice')
    .option('--stale', 'after a good one, one signed too long ago, which the receiver should refuse')
    .option('--tamper', 'after a good one, one changed since it was signed, which it should refuse')
    .addOption(
      new Option('--timeout-seconds <number>', 'how long to wait for the answer')
        .default(10)
        .argParser(wholeNumber(1, 3_600)),
    )
    .addHelpText(
      'after',
      `
Exits 0 when the receiver did well: took what is genuine, refused what is stale or tampered.

Example:
  $ REELWIRE_WEBHOOK_SECRET=… reelwire webhook send --url http://localhost:3000/webhook --event failed --duplicate`,
    )
    .action(async (flags) => {
      const { webhookSend } = await import('./commands/webhook-send.js');
      exit(await webhookSend(flags));
    });

  signed(webhook.command('verify').description('Check a delivery, its body on stdin: genuine, or why not'))
    .option('--header <"name: value">', 'of the delivery; may be repeated', collect)
    .addOption(
      new Option('--tolerance-seconds <number>', 'how old it may be (default: 300)').argParser(
        wholeNumber(0, 4_000_000_000),
      ),
    )
    .addHelpText(
      'after',
      `
Exits 1 when it is not genuine.

Example:
  $ REELWIRE_WEBHOOK_SECRET=… reelwire webhook verify --header "x-signature: 5d41…" < body.json`,
    )
    .action(async (flags) => {
      const { webhookVerify } = await import('./commands/webhook-verify.js');
      exit(await webhookVerify(flags));
    });
}

function signed(command: Command): Command {
  return command
    .option('--secret <secret>', 'better in REELWIRE_WEBHOOK_SECRET: other users see your command line')
    .addOption(
      new Option('--scheme <name>', 'default: from the secret').choices([
        'standard-webhooks',
        'hmac-sha256-hex',
      ]),
    )
    .option('--signature-header <name>', 'hmac-sha256-hex: where the signature is (default: x-signature)')
    .option('--config <file>', 'a file of REELWIRE_…=value lines for the environment')
    .option('--json', 'one JSON object a line');
}

import { InputError, WebhookVerificationError } from '../../index.js';
import { unwrapWebhook, verifyWebhookSignature, type WebhookEvent } from '../../webhooks/index.js';
import { readEnvironment } from '../environment.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import { readStdin } from '../files.js';
import { Output, paint } from '../output.js';
import { visible } from '../text.js';
import { readScheme, readSecret, type SecretFlags } from '../webhook-secret.js';

export interface WebhookVerifyFlags extends SecretFlags {
  readonly header?: readonly string[];
  readonly toleranceSeconds?: number;
}

/** Says whether a delivery is genuine, or why it is not. */
export async function webhookVerify(flags: WebhookVerifyFlags): Promise<number> {
  const output = new Output(flags.json);
  try {
    const secret = readSecret(flags, await readEnvironment(flags.config));
    const headers = readHeaders(flags.header ?? []);
    const body = await readStdin();
    const options = { secret, scheme: readScheme(flags), toleranceSeconds: flags.toleranceSeconds };
    const { scheme, timestamp } = await verifyWebhookSignature({ body, headers, ...options });
    const event = await unwrapWebhook({ body, headers }, options).catch(() => undefined);
    output.event({ type: 'verified', scheme, timestamp, ...eventOf(event) });
    const when = timestamp === undefined ? '' : `, signed ${timestamp.toISOString()}`;
    output.result(`${paint(process.stdout, 'green', '✓')} genuine (${scheme}${when})`);
    output.result(event === undefined ? '  but its body is not JSON' : `  ${describe(event)}`);
    return EXIT.ok;
  } catch (error) {
    // What cannot be a secret says nothing of the delivery.
    if (!(error instanceof WebhookVerificationError) || error.reason === 'bad-secret') {
      output.error(error);
      return exitCodeOf(error);
    }
    const { message, reason } = error;
    const told = output.hintOf(error.hint);
    const hint = reason === 'missing-header' ? `Give it as --header "name: value". ${told ?? ''}` : told;
    output.event({ type: 'refused', reason, message, hint });
    output.result(`${paint(process.stdout, 'red', '✗')} ${reason}: ${visible(message)}`);
    if (hint !== undefined) output.result(`  ${visible(hint)}`);
    return EXIT.failed;
  }
}

/** `Name: value`, as curl takes them. */
function readHeaders(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    if (colon > 0) return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    // Not quoted: a signature may be in it.
    throw new InputError('--header', '--header needs a name and a value', {
      hint: 'Such as --header "webhook-id: msg_123".',
    });
  });
}

function describe(event: WebhookEvent): string {
  return event.jobId === undefined ? visible(event.type) : `${event.type} for job ${visible(event.jobId)}`;
}

function eventOf(event: WebhookEvent | undefined): object {
  return event === undefined ? {} : { event: event.type, jobId: event.jobId, id: event.id };
}

import { ConfigurationError } from '../../index.js';
import {
  createMockServer,
  type MockDelivery,
  type MockRequest,
  type MockServer,
  type MockWebhookOptions,
  parseMockFault,
} from '../../mock-server/index.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import { catchInterruptions } from '../interruption.js';
import { listeningError } from '../listening.js';
import { Output } from '../output.js';
import { checkUrl } from '../settings.js';
import { linksToStarter, starterEnds } from '../starter.js';
import { shorten, visible } from '../text.js';

export interface MockFlags {
  readonly port: number;
  readonly host: string;
  readonly durationMs: number;
  readonly field?: boolean;
  readonly failWith?: string;
  readonly fault?: readonly string[];
  readonly webhookUrl?: string;
  readonly webhookSecret?: string;
  readonly allowWebhookHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly json?: boolean;
}

const MAX_BODY_LENGTH = 500;

/** Runs until it is interrupted, or what started it has ended: nobody would end it then. */
export async function mock(flags: MockFlags): Promise<number> {
  const output = new Output(flags.json);
  const { signal, dispose } = catchInterruptions();
  try {
    const links = await linksToStarter();
    const server = await start(flags, output);
    const urls = Object.fromEntries(server.dialects.map((name) => [name, server.urlOf(name)]));
    output.event({ type: 'listening', url: server.url, filesUrl: server.filesUrl, urls });
    output.result(`Mock server at ${server.url} (signed URLs lead to ${server.filesUrl}). Ctrl-C ends it.`);
    for (const [name, url] of Object.entries(urls)) output.result(`  ${name.padEnd(14)} ${url}`);
    await starterEnds(links, signal);
    if (!signal.aborted) output.result('The process that started it has ended, and so does it.');
    await server.close();
    return EXIT.ok;
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  } finally {
    dispose();
  }
}

async function start(flags: MockFlags, output: Output): Promise<MockServer> {
  const { allowHost, allowOrigin, durationMs, failWith, fault = [], field, host, port } = flags;
  try {
    return await createMockServer({
      port,
      host,
      durationMs,
      style: field === true ? 'field' : 'documented',
      faults: fault.map(parseMockFault),
      ...(failWith !== undefined && { failWith }),
      ...(allowHost !== undefined && { allowedHosts: allowHost }),
      ...(allowOrigin !== undefined && { allowedOrigins: allowOrigin.map((one) => originOf(one)) }),
      webhooks: webhooksOf(flags, output),
      onRequest: (request) =>
        output.result(`${timeOf(request)} → ${request.method} ${visible(request.path)}`),
      onAnswer: (request) => report(request, output),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigurationError('--fault', `--fault: ${error.message}`);
    throw listeningError(error, 'mock server', host, port);
  }
}

function report(request: MockRequest, output: Output): void {
  const { at, body, jobId, method, path, route, status } = request;
  output.event({ type: 'request', at, method, path, route, status, jobId, body });
  const words = [timeOf(request), '←', status ?? 'no answer', visible(path)];
  if (jobId !== undefined && !path.includes(jobId)) words.push(`job ${visible(jobId)}`);
  if (body !== undefined) words.push(visible(shorten(JSON.stringify(body), MAX_BODY_LENGTH)));
  output.result(words.join(' '));
}

function webhooksOf(flags: MockFlags, output: Output): MockWebhookOptions {
  const { allowWebhookHost, webhookUrl } = flags;
  const url = webhookUrl === undefined ? undefined : checkUrl('--webhook-url', webhookUrl);
  const secret = flags.webhookSecret ?? (process.env.REELWIRE_WEBHOOK_SECRET || undefined);
  const signed = secret === undefined ? {} : { secret };
  let told = false;
  return {
    ...(allowWebhookHost !== undefined && { allowedHosts: allowWebhookHost }),
    vidBuilder: signed,
    ...(secret !== undefined && { secrets: { openRouter: secret, replicate: secret } }),
    ...(url !== undefined && { gateway: { url, ...signed }, openAI: { url, ...signed } }),
    onDelivery(delivery) {
      reportDelivery(delivery, output);
      if (secret === undefined && !told)
        output.note('Webhooks are not signed: --webhook-secret, or REELWIRE_WEBHOOK_SECRET, signs them.');
      told = true;
    },
  };
}

/** Where it went, how that ended, and under which header its signature was. */
function reportDelivery(delivery: MockDelivery, output: Output): void {
  const { at, attempt, error, event, headers, jobId, status } = delivery;
  const signature = Object.keys(headers).find((name) => name.endsWith('signature'));
  // A query may be the receiver's own secret.
  const url = delivery.url.replace(/[?#].*/s, '');
  output.event({ type: 'delivery', at, jobId, event, url, status, error, attempt, signature });
  const outcome = status ?? visible(error ?? 'no answer');
  const signed = signature === undefined ? 'unsigned' : `signed in ${signature}`;
  output.result(
    `${timeOf(delivery)} ⇒ webhook ${visible(event)} for job ${visible(jobId)} to ${visible(url)}: ${outcome} ` +
      `(attempt ${attempt}, ${signed})`,
  );
}

/** As a browser sends it: lower case, no path, no default port. */
function originOf(given: string): string {
  if (given === '*') return given;
  return new URL(checkUrl('--allow-origin', given)).origin;
}

function timeOf({ at }: { readonly at: Date }): string {
  return at.toISOString().slice(11, 23);
}

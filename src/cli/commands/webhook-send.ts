import { randomBytes } from 'node:crypto';
import { version } from '../../../package.json';
import { InputError, NetworkError } from '../../index.js';
import { createWebhookFactory, type WebhookDialect } from '../../webhooks/testing.js';
import { readEnvironment } from '../environment.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import { DIALECTS } from '../names.js';
import { Output, paint } from '../output.js';
import { backendOf, checkUrl } from '../settings.js';
import { shorten, visible } from '../text.js';
import { readScheme, readSecret, type SecretFlags } from '../webhook-secret.js';

export interface WebhookSendFlags extends SecretFlags {
  readonly url: string;
  readonly event: 'queued' | 'processing' | 'completed' | 'failed';
  readonly backend?: string;
  readonly jobId?: string;
  readonly progress?: number;
  readonly videoUrl?: string;
  readonly error?: string;
  readonly duplicate?: boolean;
  readonly stale?: boolean;
  readonly tamper?: boolean;
  readonly timeoutSeconds: number;
}

interface Delivery {
  readonly request: Request;
  readonly jobId: string;
  /** Such as `stale`; none for a genuine one. */
  readonly forgeries: readonly string[];
  readonly repeated: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly elapsedMs: number;
}

const MAX_ANSWER_LENGTH = 2_000;

/**
 * A receiver does well to accept a genuine delivery, and to refuse one that is not. A genuine one goes first: a receiver
 * that refuses everything, such as one with another secret, shows nothing by refusing a forgery.
 */
export async function webhookSend(flags: WebhookSendFlags): Promise<number> {
  const output = new Output(flags.json);
  try {
    const url = checkUrl('--url', flags.url);
    const deliveries = await makeDeliveries(flags, url);
    const forges = flags.stale === true || flags.tamper === true;
    for (const delivery of deliveries) {
      const forged = delivery.forgeries.length > 0;
      output.note(`Sending ${describe(flags, delivery)}`);
      const answer = await send(delivery.request, flags.timeoutSeconds);
      const good = forged
        ? answer.status >= 400 && answer.status < 500
        : answer.status >= 200 && answer.status < 300;
      report(output, answer, delivery, good);
      if (good) continue;
      if (forges && !forged)
        output.note('A genuine delivery was refused, so that to refuse a forged one would show nothing.');
      return judge(output, answer, forged);
    }
    return EXIT.ok;
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  }
}

async function makeDeliveries(flags: WebhookSendFlags, url: string): Promise<Delivery[]> {
  const { duplicate, error, event, progress, stale, tamper, videoUrl } = flags;
  const secret = readSecret(flags, await readEnvironment(flags.config));
  const scheme = readScheme(flags);
  const dialect: WebhookDialect | undefined =
    flags.backend === undefined ? undefined : backendOf(flags.backend, DIALECTS);
  const factory = createWebhookFactory({ url, secret, scheme, dialect });
  const make = async (): Promise<Delivery> => {
    // Of a job that it knows has ended, a receiver takes no more.
    const jobId = flags.jobId ?? `job_test_${randomBytes(4).toString('hex')}`;
    const request = await factory[event](jobId, { progress, videoUrl, error });
    return { request, jobId, forgeries: [], repeated: false };
  };
  const genuine = await make();
  if (stale === true && !genuine.request.headers.has('webhook-timestamp')) {
    throw new InputError('--stale', 'this scheme signs no time, so that a delivery of it cannot be stale', {
      hint: 'Use --scheme standard-webhooks, or leave --stale out.',
    });
  }
  const repeat = async (delivery: Delivery) => {
    const requests = await factory.duplicate(delivery.request, duplicate === true ? 2 : 1);
    return requests.map((request, index) => ({ ...delivery, request, repeated: index > 0 }));
  };
  if (stale !== true && tamper !== true) return repeat(genuine);
  const forged = await make();
  const aged = stale === true ? await factory.stale(forged.request) : forged.request;
  const request = tamper === true ? await factory.tampered(aged) : aged;
  const forgeries = [stale === true && 'stale', tamper === true && 'tampered'].filter((one) => one !== false);
  return [genuine, ...(await repeat({ ...forged, request, forgeries }))];
}

async function send(delivery: Request, timeoutSeconds: number): Promise<Answer> {
  const startMs = performance.now();
  delivery.headers.set('user-agent', `reelwire/${version}`);
  try {
    const response = await fetch(delivery, {
      // A signed delivery goes to the address that was given, and nowhere else.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    });
    const body = await readStart(response);
    return { status: response.status, body, elapsedMs: performance.now() - startMs };
  } catch (error) {
    const { origin } = new URL(delivery.url);
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new NetworkError(
        'request-timeout',
        `the receiver at ${origin} did not answer within ${timeoutSeconds} s`,
        {
          hint: 'Senders give up after a few seconds: answer first, then work.',
          cause: error,
        },
      );
    }
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new NetworkError('network', `nothing answers at ${origin}: ${(cause as Error).message}`, {
      hint: 'Check that the receiver is running, and that --url has its host and port.',
      cause: error,
    });
  }
}

/** No more of the answer than is shown. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_LENGTH) break;
  }
  return shorten(text, MAX_ANSWER_LENGTH);
}

function describe(flags: WebhookSendFlags, { forgeries, jobId, repeated, request }: Delivery): string {
  const { event, signatureHeader } = flags;
  const own = signatureHeader?.toLowerCase();
  const headers = [...request.headers.keys()]
    .filter((name) => name === own || /signature/.test(name))
    .join(', ');
  const traits = [...forgeries, event];
  return `${repeated ? 'once more the' : 'a'} ${traits.join(' ')} delivery for job ${visible(jobId)}, signed in ${visible(headers)}`;
}

function report(output: Output, answer: Answer, { forgeries, jobId }: Delivery, good: boolean): void {
  const { body, elapsedMs, status } = answer;
  const delivery = forgeries.length === 0 ? 'genuine' : forgeries.join(' ');
  output.event({
    ...{ type: 'answer', jobId, delivery, status, body },
    ...{ elapsedMs: Math.round(elapsedMs), asExpected: good },
  });
  const mark = good ? paint(process.stdout, 'green', '✓') : paint(process.stdout, 'red', '✗');
  output.result(`${mark} ${status} in ${Math.round(elapsedMs)} ms  ${visible(body)}`.trimEnd());
}

function judge(output: Output, { status }: Answer, forged: boolean): number {
  if (forged && status < 300) {
    output.note(
      'The receiver took a delivery that it should have refused: it does not check the signature, or its time.',
    );
    return EXIT.failed;
  }
  if (forged || (status !== 401 && status !== 403)) return EXIT.failed;
  output.note('The receiver does not believe it: check that both have the same secret and scheme.');
  return EXIT.auth;
}

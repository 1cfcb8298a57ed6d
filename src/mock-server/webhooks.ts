import { ConfigurationError } from '../errors.js';
import type { Dialect, WebhookContext } from './dialect.js';
import type { MockDialect } from './dialect-names.js';
import { isLoopback } from './gate.js';
import { falSeed } from './hosted/fal-signatures.js';
import { type MockJob, type MockJobUpdate, randomHex } from './job.js';
import { BoundedLog } from './request-log.js';
import { standardKey } from './signatures.js';
import type { MockDelivery, MockWebhookOptions } from './webhook-options.js';

type Message = Omit<MockDelivery, 'attempt' | 'status' | 'error' | 'at' | 'headers'> & {
  readonly isTriedOnce?: boolean | undefined;
};

/** Sends the dialects' webhooks and tries again. */
export class MockWebhooks {
  readonly #options: MockWebhookOptions;
  readonly #log: BoundedLog<MockDelivery>;
  readonly #dialects: Readonly<Record<MockDialect, Dialect>>;
  readonly #context: WebhookContext;
  readonly #writeIds: (json: string) => string;
  readonly #closed = new AbortController();
  /** The end of what was sent for a job: its events are first tried in order. */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #underWay = new Set<Promise<void>>();
  /** The events of a job that are told once. */
  readonly #told = new WeakMap<MockJob, Set<string>>();

  constructor(
    options: MockWebhookOptions,
    logSize: number,
    dialects: Readonly<Record<MockDialect, Dialect>>,
    urls: Pick<WebhookContext, 'signedUrl' | 'urlOf'>,
    writeIds: (json: string) => string,
  ) {
    this.#writeIds = writeIds;
    this.#options = options;
    checkSecret('webhooks.openAI.secret', options.openAI?.secret);
    checkSecret('webhooks.upstreamSecret', options.upstreamSecret);
    checkSecret('webhooks.secrets.fal', options.secrets?.fal, falSeed, '32 bytes in base64');
    // OpenRouter's is a text, whatever it begins with.
    checkSecret('webhooks.secrets.replicate', options.secrets?.replicate);
    this.#dialects = dialects;
    this.#context = { options, signedUrl: urls.signedUrl, urlOf: (dialect) => urls.urlOf(dialect) };
    this.#log = new BoundedLog(logSize);
  }

  /** Every attempt so far, oldest first. */
  get deliveries(): readonly MockDelivery[] {
    return this.#log.all;
  }

  /** Resolves once nothing is under way, retries included. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Sends the same bytes with the same headers once more, as senders do. */
  async redeliver(delivery: MockDelivery): Promise<MockDelivery> {
    return this.#attempt(delivery, delivery.headers, delivery.attempt + 1);
  }

  /** Ends what is under way, and sends nothing more. */
  close(): void {
    this.#closed.abort(new Error('the mock server is closed'));
  }

  /** Sends what the job's dialect tells of this. */
  tell(update: MockJobUpdate): void {
    if (this.#closed.signal.aborted) return;
    for (const told of this.#messagesOf(update)) this.#send(told);
  }

  #send(told: Message): void {
    const message = { ...told, body: this.#writeIds(told.body) };
    const before = this.#queues.get(message.jobId) ?? Promise.resolve();
    let firstDone = () => {};
    const first = new Promise<void>((resolve) => {
      firstDone = resolve;
    });
    this.#queues.set(message.jobId, first);
    const all = before
      .then(() => this.#deliver(message, firstDone))
      .catch(() => {})
      .finally(() => {
        firstDone();
        this.#underWay.delete(all);
        if (this.#queues.get(message.jobId) === first) this.#queues.delete(message.jobId);
      });
    this.#underWay.add(all);
  }

  #messagesOf(update: MockJobUpdate): Message[] {
    const { job } = update;
    const messages = this.#dialects[job.dialect].webhooks?.message(update, this.#context) ?? [];
    return [messages].flat().flatMap(({ body, event, once, url, isTriedOnce }) => {
      if (once) {
        const key = once === true ? event : once;
        const told = this.#told.get(job) ?? new Set();
        if (told.has(key)) return [];
        this.#told.set(job, told.add(key));
      }
      return [{ dialect: job.dialect, jobId: job.id, url, event, isTriedOnce, body: JSON.stringify(body) }];
    });
  }

  async #deliver(message: Message, firstDone: () => void): Promise<void> {
    const { retryScale = 0.001, retryDelaysMs } = this.#options;
    const own = this.#webhooksOf(message)?.retryDelaysMs ?? [];
    const delays = message.isTriedOnce ? [] : (retryDelaysMs?.[message.dialect] ?? own);
    const id = `wh_${randomHex(12)}`;
    for (let attempt = 1; ; attempt++) {
      const headers = await this.#headersOf(message, id);
      const { status } = await this.#attempt(message, headers, attempt);
      firstDone();
      const delayMs = this.#forbids(message) ? undefined : delays[attempt - 1];
      if ((status !== undefined && status >= 200 && status < 300) || delayMs === undefined) return;
      await this.#sleep(delayMs * retryScale);
    }
  }

  async #headersOf(message: Message, id: string): Promise<Record<string, string>> {
    const { event } = message;
    const body = new TextEncoder().encode(message.body);
    const own = await this.#webhooksOf(message)?.headers({ id, event, body }, this.#options);
    return { 'content-type': 'application/json', ...own };
  }

  async #attempt(
    message: Message,
    headers: Readonly<Record<string, string>>,
    attempt: number,
  ): Promise<MockDelivery> {
    const { dialect, jobId, event, url, body } = message;
    const delivery: MockDelivery = {
      ...{ dialect, jobId, event, url, body, headers, attempt },
      status: undefined,
      error: undefined,
      at: new Date(),
    };
    this.#log.push(delivery);
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? 10_000);
    try {
      if (this.#forbids(message))
        throw new Error('not sent: its host is not this machine; see webhooks.allowedHosts');
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#closed.signal]),
      });
      delivery.status = response.status;
      await response.body?.cancel();
    } catch (error) {
      delivery.error = reasonOf(error);
    }
    if (!this.#closed.signal.aborted) this.#options.onDelivery?.(delivery);
    return delivery;
  }

  #webhooksOf({ dialect }: Pick<Message, 'dialect'>): Dialect['webhooks'] {
    return this.#dialects[dialect].webhooks;
  }

  /** A URL of the options was given by the user who started the server. */
  #forbids(message: Pick<Message, 'dialect' | 'url'>): boolean {
    const allowed = this.#options.allowedHosts ?? [];
    const { hostname } = new URL(message.url);
    return (
      this.#webhooksOf(message)?.urlFrom === 'request' &&
      !isLoopback(hostname) &&
      !allowed.includes('*') &&
      !allowed.includes(hostname)
    );
  }

  #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#closed;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, delayMs);
      const abort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** Of a fetch that failed, what lies behind it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

/** What cannot be a key would let every delivery fail without a word. */
function checkSecret(
  option: string,
  secret: string | undefined,
  read: (secret: string) => unknown = standardKey,
  wanted = 'base64 after whsec_',
): void {
  try {
    if (secret !== undefined) read(secret);
  } catch {
    throw new ConfigurationError(option, `${option} is not ${wanted}`);
  }
}

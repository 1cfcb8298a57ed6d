import { isRecord } from '../body.js';
import type { StruckFaults } from '../faults.js';
import type { MockJobUpdate } from '../job.js';
import type { MockJobs } from '../jobs.js';
import { idWriter } from '../numeric-ids.js';
import type { MockServiceOptions } from '../options.js';
import { type StreamForm, streamOptions, webSocketFrame } from './frames.js';
import { MockStream, type Wire } from './stream.js';

/** What is kept of the frames that come, for tests to look at. */
const MAX_RECEIVED = 10_000;
const MAX_RECEIVED_LENGTH = 10_000;

/** The gateway's WebSocket protocol on one socket, whichever way its frames come and go. */
export class GatewaySocket {
  readonly stream: MockStream;
  readonly #jobs: MockJobs;
  readonly #options: StreamForm;
  readonly #writeIds: (json: string) => string;

  constructor(jobs: MockJobs, options: MockServiceOptions, faults: StruckFaults, wire: Wire) {
    this.#jobs = jobs;
    this.#options = streamOptions(options);
    this.#writeIds = idWriter(options);
    this.stream = new MockStream(
      'websocket',
      wire,
      faults,
      jobs.watch((update) => this.#tell(update)),
    );
  }

  /** The socket is open. */
  start(): void {
    this.stream.start();
    if (this.#options.greeting) this.#send({ type: 'connected', message: 'Connected to video updates' });
  }

  /** A frame came; anything but text is undefined. */
  receive(frame: string | undefined): void {
    if (this.stream.received.length < MAX_RECEIVED)
      this.stream.received.push(frame?.slice(0, MAX_RECEIVED_LENGTH) ?? '');
    const message = frame === undefined ? undefined : parse(frame);
    const { action, jobId: id } = message ?? {};
    const jobId = typeof id === 'number' ? String(id) : id;
    if (message === undefined) this.#send({ error: 'Invalid message format' });
    else if (typeof jobId !== 'string' || jobId === '' || !isAction(action))
      this.#send({ error: 'Unknown action or missing jobId' });
    else this.#act(action, jobId);
  }

  #act(action: Action, jobId: string): void {
    if (action === 'subscribe') this.stream.jobIds.add(jobId);
    else this.stream.jobIds.delete(jobId);
    if (this.#options.acknowledgements) this.#send({ type: `${action}d`, jobId });
    const job = this.#jobs.get(jobId);
    if (action === 'subscribe' && job !== undefined && this.#options.snapshotOnSubscribe)
      this.#tell(job.current());
  }

  #tell(update: MockJobUpdate): void {
    const { id, upstreamId } = update.job;
    if (!this.stream.jobIds.has(id) && !this.stream.jobIds.has(upstreamId)) return;
    this.stream.update(update, (one) => this.#writeIds(webSocketFrame(one, this.#options.frames)));
  }

  #send(frame: Readonly<Record<string, unknown>>): void {
    this.stream.send(this.#writeIds(JSON.stringify(frame)));
  }
}

type Action = 'subscribe' | 'unsubscribe';

function isAction(value: unknown): value is Action {
  return value === 'subscribe' || value === 'unsubscribe';
}

function parse(frame: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

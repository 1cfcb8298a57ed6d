import { isRecord } from './body.js';
import type { MockJobs } from './jobs.js';
import { standardWebhookProblem } from './signatures.js';

/** What the gateway remembers of a delivery from its upstream. */
export interface UpstreamEvent {
  readonly timestamp: string;
  readonly type: unknown;
  readonly jobId: unknown;
  readonly webhookId: string | null;
}

const REMEMBERED = 100;

/** The gateway as a receiver of its upstream's webhooks: verifies them and passes them on to the job. */
export class UpstreamEvents {
  readonly #secret: string | undefined;
  readonly #seen = new Set<string>();
  #recent: UpstreamEvent[] = [];

  constructor(secret: string | undefined) {
    this.#secret = secret;
  }

  /** The last hundred, oldest first. */
  get recent(): readonly UpstreamEvent[] {
    return this.#recent;
  }

  /** Returns what is wrong with a delivery that is refused. */
  async receive(headers: Headers, raw: Uint8Array, jobs: MockJobs): Promise<string | undefined> {
    if (this.#secret !== undefined) {
      const problem = await standardWebhookProblem(this.#secret, headers, raw.slice());
      if (problem !== undefined) return problem;
    }
    const event = parse(raw);
    if (event === undefined) return 'Invalid JSON';
    const data = isRecord(event.data) ? event.data : {};
    const webhookId = headers.get('webhook-id');
    this.#recent = [
      ...this.#recent.slice(1 - REMEMBERED),
      { timestamp: new Date().toISOString(), type: event.type, jobId: data.id, webhookId },
    ];
    if (webhookId !== null) {
      if (this.#seen.has(webhookId)) return undefined;
      this.#seen.add(webhookId);
      for (const oldest of this.#seen) {
        if (this.#seen.size <= 10 * REMEMBERED) break;
        this.#seen.delete(oldest);
      }
    }
    const job = jobs.get(String(data.id));
    if (event.type === 'video.completed') job?.complete('Ready for download');
    else if (event.type === 'video.failed') job?.fail(reasonOf(data.error));
    return undefined;
  }
}

function parse(raw: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(raw));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  return isRecord(error) && typeof error.message === 'string' ? error.message : undefined;
}

/** The oldest is left out beyond: it is then looked for in the store. */
const MAX_KNOWN = 100_000;
const MAX_ENDED = 1_000;

interface KnownJob {
  readonly key: string;
  readonly jobId: string;
}

/** Which job is which key's, as far as this client has to do with it. */
export class KnownJobs {
  readonly #known = new Map<string, KnownJob>();
  readonly #ids = new Map<string, readonly string[]>();
  readonly #ended = new Set<string>();

  /** @param webhookId - What a webhook calls it, where that is another. */
  add(key: string, jobId: string, webhookId = jobId): void {
    this.delete(key);
    const ids = webhookId === jobId ? [jobId] : [jobId, webhookId];
    this.#ids.set(key, ids);
    for (const id of ids) this.#known.set(id, { key, jobId });
    if (this.#ids.size > MAX_KNOWN) this.delete(first(this.#ids.keys()));
  }

  find(id: string): KnownJob | undefined {
    return this.#known.get(id);
  }

  delete(key: string | undefined): void {
    if (key === undefined) return;
    for (const id of this.#ids.get(key) ?? []) this.#known.delete(id);
    this.#ids.delete(key);
  }

  /** True the first time that a job's end is told; of many ends, the newest are remembered. */
  isNews(id: string): boolean {
    if (this.#ended.has(id)) return false;
    this.#ended.add(id);
    if (this.#ended.size > MAX_ENDED) this.notWritten(first(this.#ended) ?? '');
    return true;
  }

  /** The end is to be told again. */
  notWritten(id: string): void {
    this.#ended.delete(id);
  }
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}

/**
 * By which a server knows a client again: it sends what it has to say of a job to the socket of the session that the job
 * was submitted in.
 */
export class Session {
  id: string;
  readonly #newId: () => string;
  /** Jobs of the sessions before. */
  readonly #older = new Set<string>();
  #connects = 0;

  constructor(newId: () => string) {
    this.#newId = newId;
    this.id = newId();
  }

  /** Its id, for a socket. */
  connect(): string {
    this.#connects += 1;
    return this.id;
  }

  /** False for a job of an earlier session: nothing comes of it here. */
  carries(jobId: string): boolean {
    return !this.#older.has(jobId);
  }

  /**
   * The socket was open, and an update of these jobs has not come by it. A server that takes the end of one socket for
   * that of the next, which has the same session, says nothing more to it: then there is to be a new one.
   */
  distrusted(jobIds: readonly string[]): void {
    if (this.#connects < 2) return;
    for (const jobId of jobIds) this.#older.add(jobId);
    this.#connects = 0;
    this.id = this.#newId();
  }
}

import type { JobStatus } from '../core/model.js';

/** What one process tells the others of a job. No URL is in it: a signed one is a credential. */
export interface SharedSnapshot {
  /** Which job of which server, as the client writes it: opaque here. */
  readonly id: string;
  readonly status: JobStatus;
  /** 0–100. */
  readonly progress: number;
  readonly message?: string | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly queuePosition?: number | undefined;
  /** When it was learned, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * How the processes that serve the same jobs wake one another: a webhook that lands on one of them ends the wait of
 * another. It keeps the furthest snapshot of each job, for a job is a state that only grows: nothing need be replayed.
 *
 * Whoever makes a bus closes it: a client leaves it open.
 */
export interface JobBus {
  /**
   * Keeps the snapshot where it is further than what is kept, and tells all that watch. What is not further is told
   * nobody. Rejects after 2 s at most where it cannot.
   */
  publish(snapshot: SharedSnapshot): Promise<void>;
  /**
   * Tells what is kept, at once, and then whatever is further; after a lost connection what is kept is read again, so
   * that nothing falls in between. Returns how to end that, which is safe to call twice.
   */
  watch(id: string, listener: (snapshot: SharedSnapshot) => void): () => void;
  /**
   * Whether the caller is to ask for the status of a job: false only where a claim of it is younger than `forMs`, in
   * milliseconds. Who has claimed it before gives no more than the time since, and so is refused by claims of others alone.
   * True also where that cannot be found out: better asked twice than never.
   */
  claim(id: string, forMs: number): Promise<boolean>;
  /** Gives the claim back: the call for which it was made failed. */
  unclaim?(id: string): void;
  /** Ends all watches, and the connection that it has made. */
  close(): Promise<void>;
}

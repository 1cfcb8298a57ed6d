import type { JobRecord } from '../index.js';
import { NO_SUCH_JOB } from './answer.js';
import { Few } from './few.js';
import { acknowledged, problem, readMessage } from './frames.js';
import type { JobHub } from './hub.js';
import { type Place, type RelayLimits, TokenBucket } from './limits.js';
import type { RelayUser } from './options.js';
import type { Turns } from './turns.js';
import { isExpired } from './users.js';
import type { WatchedJob, Watcher } from './watched-job.js';
import type { RelayMessage, RelayPeer } from './web-socket.js';

/** What a session needs of the relay. */
export interface SessionHost {
  readonly limits: RelayLimits;
  readonly hub: Pick<JobHub, 'watch' | 'unwatch'>;
  /** The record of a job that this user may watch; rejects where it is none. */
  find(user: RelayUser, jobId: string): Promise<JobRecord>;
  /** The words of an error, for a page. */
  wordsOf(error: unknown, key: string): string;
  /** When jobs are asked for. */
  readonly turns: Turns;
  /** Something waits until what was sent is gone. */
  waits(session: Session): void;
  ended(session: Session): void;
}

/** Messages that a page may send a second, once it has sent as many as it may at once. */
const MESSAGES_PER_SECOND = 50;

/** Close codes: RFC 6455, and one of ours. */
export const CLOSE = {
  goingAway: 1001,
  unsupported: 1003,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
  signInAgain: 4401,
} as const;

/** One socket of a page: what it wants to know, and what waits for it. */
export class Session implements Watcher {
  readonly user: RelayUser;
  readonly #peer: RelayPeer;
  readonly #host: SessionHost;
  readonly #place: Place;
  readonly #bucket: TokenBucket;
  /** Jobs that it asked for. */
  readonly #jobs = new Few<string>();
  /** Jobs whose newest is to be sent when there is room. */
  #waiting: Map<string, WatchedJob> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(peer: RelayPeer, user: RelayUser, place: Place, host: SessionHost) {
    this.#peer = peer;
    this.user = user;
    this.#place = place;
    this.#host = host;
    this.#bucket = new TokenBucket(2 * host.limits.jobsPerSocket, MESSAGES_PER_SECOND);
    this.#watchExpiry();
  }

  receive(message: RelayMessage): void {
    if (this.#isOver) return;
    if (isExpired(this.user)) this.close(CLOSE.signInAgain, 'Sign in again');
    else if (!this.#bucket.take()) this.close(CLOSE.policy, 'Too many messages');
    else {
      const size = sizeOf(message);
      if (size === undefined) this.close(CLOSE.unsupported, 'Text alone');
      else if (size > this.#host.limits.frameBytes) this.close(CLOSE.tooBig, 'Too large');
      else this.#act(message.text());
    }
  }

  #act(text: string): void {
    const message = readMessage(text);
    if ('error' in message) {
      this.send(problem(message.error));
      return;
    }
    const { action, jobId } = message;
    if (action === 'subscribe') {
      // Once more is asked for the newest once more.
      if (!this.#jobs.has(jobId) && this.#jobs.size >= this.#host.limits.jobsPerSocket) {
        this.close(CLOSE.policy, 'Too many jobs');
        return;
      }
      this.#jobs.add(jobId);
      this.#host.turns.begin(() => void this.#subscribe(jobId));
      return;
    }
    this.#jobs.delete(jobId);
    this.#waiting?.delete(jobId);
    this.#host.hub.unwatch(jobId, this);
    this.send(acknowledged(action, jobId));
  }

  async #subscribe(jobId: string): Promise<void> {
    if (!this.#jobs.has(jobId)) return;
    try {
      const record = await this.#host.find(this.user, jobId);
      // It may have changed its mind, or be gone.
      if (!this.#jobs.has(jobId)) return;
      this.send(acknowledged('subscribe', jobId));
      // That may have been too much for a slow page.
      if (!this.#isOver) this.#host.hub.watch(record, this);
    } catch (error) {
      if (this.#jobs.delete(jobId)) this.send(problem(this.#host.wordsOf(error, jobId), jobId));
    }
  }

  tell(job: WatchedJob): void {
    if (!job.isKnown || !this.#jobs.has(job.key)) return;
    if (job.isOver) {
      this.#jobs.delete(job.key);
      this.#waiting?.delete(job.key);
      this.send(job.frame);
    } else if (this.#buffered > 0) {
      this.#waiting ??= new Map();
      this.#waiting.set(job.key, job);
      this.#host.waits(this);
    } else this.send(job.frame);
  }

  forgotten(key: string): void {
    this.#waiting?.delete(key);
    if (this.#jobs.delete(key)) this.send(problem(NO_SUCH_JOB, key));
  }

  /** True where nothing waits any more. */
  flush(): boolean {
    for (const [key, job] of this.#waiting ?? []) {
      if (this.#isOver || this.#buffered > 0) break;
      this.#waiting?.delete(key);
      this.send(job.frame);
    }
    return this.#isOver || !this.#waiting?.size;
  }

  /** A page that reads too slowly is let go: it connects again, and is told the newest. */
  send(frame: string): void {
    if (this.#isOver) return;
    try {
      this.#peer.send(frame);
    } catch {
      this.ended(); // It is closed already.
    }
    if (this.#buffered <= this.#host.limits.bufferedBytes) return;
    this.ended();
    try {
      if (this.#peer.terminate === undefined) throw new Error('it can only be closed');
      this.#peer.terminate();
    } catch {
      // Of crossws on Deno, too, which has no such thing.
      this.#close(CLOSE.policy, 'Too slow');
    }
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return;
    this.ended();
    this.#close(code, reason);
  }

  #close(code: number, reason: string): void {
    try {
      this.#peer.close(code, reason);
    } catch {
      // It is closed already.
    }
  }

  /** Safe to call twice. */
  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    this.#place.leave();
    for (const jobId of this.#jobs) this.#host.hub.unwatch(jobId, this);
    this.#jobs.clear();
    this.#waiting = undefined;
    this.#host.ended(this);
  }

  #watchExpiry(): void {
    const { expiresAt } = this.user;
    if (expiresAt === undefined) return;
    this.#expiry = setTimeout(
      () => {
        if (isExpired(this.user)) this.close(CLOSE.signInAgain, 'Sign in again');
        else this.#watchExpiry();
      },
      Math.min(Math.max(0, expiresAt.getTime() - Date.now()), 2 ** 31 - 1),
    );
  }

  get #buffered(): number {
    return this.#peer.bufferedAmount ?? this.#peer.websocket?.bufferedAmount ?? 0;
  }
}

/** Undefined where it cannot be read at once, as a Blob. */
function sizeOf(message: RelayMessage): number | undefined {
  try {
    return message.uint8Array?.().byteLength ?? new TextEncoder().encode(message.text()).byteLength;
  } catch {
    return undefined;
  }
}

/** Why a request goes no further; the status and the message are all that the caller learns. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: 401 | 403 | 404 | 413 | 415 | 429 | 502 | 503;
  readonly retryAfter: string | undefined;

  constructor(status: Refusal['status'], message: string, retryAfter?: string) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Who sends these headers, by the sessions of your own application; undefined for nobody. */
export type UserOf = (headers: Headers) => string | undefined | Promise<string | undefined>;

/** Lets a caller in and says who it is. */
export type Admit = (headers: Headers) => Promise<string>;

/**
 * Lets in who is signed in, and calls no more often than that.
 *
 * A cookie goes along from any page, and a WebSocket knows no CORS: what another site's page sends is refused.
 */
export function createAdmit(userOf: UserOf, limit: RateLimit): Admit {
  return async (headers) => {
    const site = headers.get('origin')?.replace(/^https?:\/\//, '');
    if (site !== undefined && site !== headers.get('host')) throw new Refusal(403, 'not from this site');
    const user = await userOf(headers);
    if (user === undefined) throw new Refusal(401, 'not signed in');
    limit.take(user);
    return user;
  };
}

/** So many calls a minute for each user, in this process. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #windows = new Map<string, { calls: number; readonly endsAt: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts a call of this user. */
  take(user: string): void {
    const now = Date.now();
    let window = this.#windows.get(user);
    if (window === undefined || window.endsAt <= now) {
      window = { calls: 0, endsAt: now + 60_000 };
      this.#windows.set(user, window);
    }
    if (++window.calls <= this.#perMinute) return;
    throw new Refusal(429, 'too many requests', String(Math.ceil((window.endsAt - now) / 1_000)));
  }
}

/** Whose job it is. One process may keep it in a Map; several need a database, and so does a restart. */
export type JobOwners = Pick<Map<string, string>, 'get' | 'set'>;

/** A job of somebody else is not there, as far as this user can tell. */
export function checkOwner(owners: JobOwners, user: string, jobIds: readonly string[]): void {
  if (jobIds.every((jobId) => owners.get(jobId) === user)) return;
  throw new Refusal(404, 'no such job');
}

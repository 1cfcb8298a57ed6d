import { ConfigurationError } from '../index.js';

/** How much a relay takes. Beyond each of them there is a refusal. */
export interface RelayLimits {
  /** Sockets and event streams of one user at once; then 429. @default 20 */
  readonly socketsPerUser: number;
  /** Sockets and event streams at once; then 503. @default 20000 */
  readonly sockets: number;
  /** Jobs that one socket is told of; then it is closed with 1008. @default 100 */
  readonly jobsPerSocket: number;
  /** Jobs of one event stream; then 400. @default 100 */
  readonly jobsPerStream: number;
  /** Of the body of a submit, in bytes; then 413. @default 10485760 */
  readonly bodyBytes: number;
  /** Of one frame of a page, in bytes; then the socket is closed with 1009. @default 16384 */
  readonly frameBytes: number;
  /** What may wait for a page that reads too slowly, in bytes; then it is cut off. @default 1048576 */
  readonly bufferedBytes: number;
}

const DEFAULTS: RelayLimits = {
  socketsPerUser: 20,
  sockets: 20_000,
  jobsPerSocket: 100,
  jobsPerStream: 100,
  bodyBytes: 10 * 1_048_576,
  frameBytes: 16_384,
  bufferedBytes: 1_048_576,
};

/** @throws ConfigurationError that names the limit. */
export function resolveLimits(
  given: { readonly [Name in keyof RelayLimits]?: RelayLimits[Name] | undefined } = {},
) {
  // The names of anything else would be none, and the defaults hold in silence.
  if (typeof given !== 'object' || given === null || Array.isArray(given) || 'then' in given)
    throw new ConfigurationError('limits', 'limits must be an object of numbers, given at once');
  const limits: Record<string, number> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw wrong(name, `there is no limit ${JSON.stringify(name)}`);
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1)
      throw wrong(name, `limits.${name} must be a whole number from 1 to ${2 ** 31 - 1}`);
    limits[name] = value;
  }
  return limits as unknown as RelayLimits;
}

function wrong(name: string, message: string): ConfigurationError {
  return new ConfigurationError(`limits.${name}`, message);
}

/** How long a place is kept for a socket that was let in and does not come, in milliseconds. */
const RESERVED_MS = 10_000;

/** One place among the sockets and streams. */
export class Place {
  readonly user: string;
  readonly #places: Places;
  #isLeft = false;

  constructor(places: Places, user: string) {
    this.#places = places;
    this.user = user;
  }

  /** It is used: it is given back by `leave` alone. */
  take(): void {
    this.#places.taken(this);
  }

  /** Safe to call twice. */
  leave(): void {
    if (!this.#isLeft) this.#places.left(this);
    this.#isLeft = true;
  }
}

/** How many sockets and streams there are, and whose. */
export class Places {
  readonly #limits: Pick<RelayLimits, 'sockets' | 'socketsPerUser'>;
  readonly #byUser = new Map<string, number>();
  /** Until when each is kept; the oldest first. */
  readonly #reserved = new Map<Place, number>();
  #count = 0;

  constructor(limits: Pick<RelayLimits, 'sockets' | 'socketsPerUser'>) {
    this.#limits = limits;
  }

  /** Undefined where there is room for one more; else the status that says why not. */
  refusal(user?: string): 429 | 503 | undefined {
    this.#dropLate();
    if (this.#count >= this.#limits.sockets) return 503;
    return (this.#byUser.get(user ?? '') ?? 0) >= this.#limits.socketsPerUser ? 429 : undefined;
  }

  reserve(user: string): Place {
    const place = new Place(this, user);
    this.#count += 1;
    this.#byUser.set(user, (this.#byUser.get(user) ?? 0) + 1);
    this.#reserved.set(place, performance.now() + RESERVED_MS);
    return place;
  }

  taken(place: Place): void {
    this.#reserved.delete(place);
  }

  left(place: Place): void {
    this.#reserved.delete(place);
    this.#count -= 1;
    const others = (this.#byUser.get(place.user) ?? 1) - 1;
    if (others > 0) this.#byUser.set(place.user, others);
    else this.#byUser.delete(place.user);
  }

  #dropLate(): void {
    const now = performance.now();
    for (const [place, until] of this.#reserved) {
      if (until > now) return;
      place.leave();
    }
  }
}

/** Messages that may come at once, and then so many a second. */
export class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(size: number, perSecond: number, now = performance.now()) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#tokens = size;
    this.#at = now;
  }

  /** False where there is none left. */
  take(now = performance.now()): boolean {
    this.#tokens = Math.min(this.#size, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

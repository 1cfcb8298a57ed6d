import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RelayUser } from 'reelwire/relay';

/** Who may sign in. This stands for your accounts, and for the proof that somebody is who they say. */
const MEMBERS: ReadonlySet<string> = new Set(['ada', 'grace']);
const LIFETIME_MS = 8 * 3_600_000;
const COOKIE = 'session';

export interface SessionOptions {
  /** Shared by all processes: what one has signed the others believe. */
  readonly secret: string;
  /** The page comes over https: the cookie is for nothing else then. */
  readonly isSecure: boolean;
}

/** Sessions that need no store: the cookie says who it is and until when, and is signed. */
export class Sessions {
  readonly #secret: string;
  readonly #isSecure: boolean;

  constructor({ secret, isSecure }: SessionOptions) {
    this.#secret = secret;
    this.#isSecure = isSecure;
  }

  /** A header `Set-Cookie`; undefined where there is no such member. */
  signIn(id: string, now = Date.now()): string | undefined {
    if (!MEMBERS.has(id)) return undefined;
    const claim = `${id}.${now + LIFETIME_MS}`;
    // No script reads it, and no other site's form or link brings it along with a submit.
    const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${LIFETIME_MS / 1_000}`;
    return `${COOKIE}=${claim}.${this.#sign(claim)}; ${attributes}${this.#isSecure ? '; Secure' : ''}`;
  }

  /** Who sends these headers; undefined for nobody. */
  userOf(headers: Headers): RelayUser | undefined {
    const cookies = headers.get('cookie')?.split('; ') ?? [];
    const [, claim = '', signature = ''] =
      cookies
        .map((cookie) => new RegExp(`^${COOKIE}=(\\w+\\.\\d+)\\.([\\w-]+)$`).exec(cookie))
        .find((match) => match !== null) ?? [];
    if (!this.#isSigned(claim, signature)) return undefined;
    const [id = '', expiresAt] = claim.split('.');
    // The relay refuses whoever is late, and closes the sockets of who becomes so.
    return { id, expiresAt: new Date(Number(expiresAt)) };
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.#secret).update(claim).digest('base64url');
  }

  #isSigned(claim: string, signature: string): boolean {
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(claim))];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

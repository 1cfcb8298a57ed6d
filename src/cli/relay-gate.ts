import { ConfigurationError } from '../index.js';

/** As much of a request as is looked at. */
interface Asking {
  readonly method: string;
  readonly headers: Headers;
}

/** Whose the jobs are where no header says so. */
const ONLY_USER = 'local';
/** Without commas: a header that came twice has one. */
const USER = /^[\x21-\x2b\x2d-\x7e]{1,255}$/;
/** What these hold is secret, or about something else; a user's name is shown, and kept in the records. */
const TAKEN = /^(authorization|cookie|host|origin|content-.*|sec-.*)$/;

/**
 * Whom a relay on one's own machine lets in. Any page that is open on the machine can send to its port: those of other
 * sites say so by their `Origin`, and those whose own name leads here (DNS rebinding) by `Host`.
 */
export class RelayGate {
  readonly #userHeader: string | undefined;

  /** @throws ConfigurationError for what is no header, or has another meaning. */
  constructor(userHeader: string | undefined) {
    const name = userHeader?.toLowerCase();
    if (name !== undefined && (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || TAKEN.test(name))) {
      throw new ConfigurationError('--user-header', `no user can be named by the header ${userHeader}`, {
        hint: 'Give one of your own, such as --user-header x-user.',
      });
    }
    this.#userHeader = name;
  }

  /** The answer to whom is not let in, and to what a browser asks before it sends. */
  answerTo({ method, headers }: Asking): Response | undefined {
    const origin = headers.get('origin');
    if (!isOfThisMachine(`http://${headers.get('host')}`))
      return refusal(403, 'This relay is called localhost, or by an address of loopback');
    if (origin !== null && !isOfThisMachine(origin))
      return refusal(403, 'Pages of localhost alone may use this relay');
    if (method === 'OPTIONS' && headers.has('access-control-request-method')) return preflight(headers);
    if (this.userOf(headers) !== undefined) return undefined;
    const name = String(this.#userHeader);
    return refusal(
      401,
      `Who asks? The header ${name} must be a name: a word of at most 255 ASCII characters`,
    );
  }

  userOf(headers: Headers): string | undefined {
    if (this.#userHeader === undefined) return ONLY_USER;
    const user = headers.get(this.#userHeader) ?? '';
    return USER.test(user) ? user : undefined;
  }

  /** In words, for whoever starts it. */
  get whoIsWho(): string {
    return this.#userHeader === undefined
      ? `everybody who asks is one user, "${ONLY_USER}"`
      : `who asks is whoever the header ${this.#userHeader} says`;
  }
}

/** A page of another port may read the answer: that it is let in was decided before. */
export function allowOrigin(headers: Headers, origin: string | null): void {
  if (origin === null) return;
  headers.set('access-control-allow-origin', origin);
  headers.set('access-control-expose-headers', '*');
  headers.append('vary', 'Origin');
}

function preflight(headers: Headers): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '600',
      vary: 'Access-Control-Request-Headers',
    },
  });
}

function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: { 'cache-control': 'no-store' } });
}

/** Whether the host of a URL is this machine's own, by whichever port. */
export function isOfThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^https?:$/.test(protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

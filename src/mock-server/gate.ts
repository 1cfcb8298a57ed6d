import { json } from './exchange.js';

/** Whom a server lets in that anything on its machine, and any page open there, can reach. */
export interface MockGateOptions {
  /**
   * Origins of pages that are let in, such as `https://app.example.com`, besides those of this machine and of the
   * server's own host; `*` is every page that anybody opens. Others are answered 403, whatever they ask.
   *
   * @default []
   */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * Names that the server may be called by, besides loopback, IP addresses and names without a dot: any other may
   * be a page's that leads its own name here.
   *
   * @default []
   */
  allowedHosts?: readonly string[] | undefined;
}

/** Keeps pages of other sites out: those that send an `Origin`, and those whose own name leads here (DNS rebinding). */
export class Gate {
  readonly #origins: readonly string[];
  readonly #hosts: readonly string[];

  constructor({ allowedHosts = [], allowedOrigins = [] }: MockGateOptions, host: string) {
    this.#origins = allowedOrigins;
    this.#hosts = [host, ...allowedHosts].map((name) => name.toLowerCase());
  }

  /** The answer to whom is not let in. It has no CORS headers. `isStore`: of the origin of the files. */
  refusal(headers: Headers, isStore = false): Response | undefined {
    const host = hostnameOf(`http://${headers.get('host') ?? ''}`);
    if (host !== undefined && !this.#isOurs(host)) {
      const message = `The mock server is not called ${JSON.stringify(host)}: name it in allowedHosts (--allow-host).`;
      return json({ error: 'Forbidden', message }, 403);
    }
    const origin = headers.get('origin');
    if (origin === null || this.asked(origin)) return undefined;
    // A page that was redirected to the object store says `null`, and stores let anybody read by a signed URL.
    if (isStore && origin === 'null') return undefined;
    const page = hostnameOf(origin);
    if (page !== undefined && (isLoopback(page) || page === host)) return undefined;
    const message = `Pages of ${JSON.stringify(origin)} are not let in: name it in allowedOrigins (--allow-origin).`;
    return json({ error: 'Forbidden', message }, 403);
  }

  /** True where its owner named this origin. */
  asked(origin: string | null): boolean {
    return origin !== null && (this.#origins.includes('*') || this.#origins.includes(origin));
  }

  #isOurs(host: string): boolean {
    // No public page has an address, or a name without a dot, for its own name.
    return isLoopback(host) || isAddress(host) || !host.includes('.') || this.#hosts.includes(host);
  }
}

/** Of this machine, and of no other. */
export function isLoopback(hostname: string): boolean {
  return /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1\]$/.test(hostname);
}

function isAddress(hostname: string): boolean {
  return /^\d+(?:\.\d+){3}$|^\[[\da-f:.]+\]$/.test(hostname);
}

/** As a URL has it: in lower case, addresses in one form, without a dot at the end. */
function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

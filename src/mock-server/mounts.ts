import { didYouMean } from '../core/nearest.js';
import { ConfigurationError } from '../errors.js';
import type { Dialect } from './dialect.js';
import { DIALECT_NAMES, type MockDialect, type MockMount, mountOf } from './dialect-names.js';
import { matchRoute, type Route, type RouteMatch } from './routes.js';

/** Whose a request is, and its route. */
export interface Target {
  readonly dialect: Dialect;
  /** `wrong-method` where only the path is known. */
  readonly match: RouteMatch | 'wrong-method' | undefined;
}

/** These are at the root as well: no two of their routes are the same. */
const AT_ROOT = ['soraGateway', 'vidBuilder', 'openAIVideos'] as const;

/** Where each dialect is: several have the same routes, so each has a first part of the path to itself. */
export class Mounts {
  readonly #dialects: Readonly<Record<MockDialect, Dialect>>;
  readonly #byName: ReadonlyMap<string, Dialect>;
  readonly #atRoot: readonly Route[];

  constructor(dialects: Readonly<Record<MockDialect, Dialect>>) {
    this.#dialects = dialects;
    this.#byName = new Map(DIALECT_NAMES.map((name) => [mountOf(name), dialects[name]]));
    this.#atRoot = AT_ROOT.flatMap((name) => dialects[name].routes);
  }

  /** In the order of their registration. */
  get names(): readonly MockMount[] {
    return DIALECT_NAMES.map(mountOf);
  }

  /** Behind the server's own URL: what a client's `baseUrl` leads to. */
  pathOf(dialect: MockDialect): string {
    return `/${mountOf(dialect)}${this.#dialects[dialect].basePath ?? ''}`;
  }

  /** @throws ConfigurationError where there is no such dialect. */
  named(mount: string): MockDialect {
    const dialect = this.#byName.get(mount);
    if (dialect !== undefined) return dialect.name;
    throw new ConfigurationError('dialect', `the mock server speaks no dialect ${JSON.stringify(mount)}`, {
      hint: didYouMean(String(mount), this.names),
    });
  }

  /** Whose a WebSocket is, and whether there is one at this path. At the root it is that of the gateway. */
  findSocket(pathname: string): { readonly dialect: Dialect; readonly isThere: boolean } {
    const first = pathname.split('/', 2)[1] ?? '';
    const mounted = this.#byName.get(first);
    const dialect = mounted?.webSocket === undefined ? this.#dialects.soraGateway : mounted;
    const path = dialect === mounted ? pathname.slice(first.length + 1) : pathname;
    return { dialect, isThere: dialect.webSocket?.paths.includes(path) === true };
  }

  find(method: string, pathname: string): Target {
    const first = pathname.split('/', 2)[1] ?? '';
    const mounted = this.#byName.get(first);
    if (mounted !== undefined) {
      const path = pathname.slice(first.length + 1);
      return { dialect: mounted, match: matchRoute(mounted.routes, method, path) };
    }
    const match = matchRoute(this.#atRoot, method, pathname);
    // Where no route tells, the path has the look of one of them.
    const name = first === 'v1' || first === 'openai' ? 'openAIVideos' : 'soraGateway';
    const dialect = typeof match === 'object' ? match.route.dialect : name;
    return { dialect: this.#dialects[dialect === 'files' ? name : dialect], match };
  }
}

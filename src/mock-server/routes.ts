import type { ParsedBody } from './body.js';
import type { MockDialect } from './dialect-names.js';
import type { Exchange } from './exchange.js';
import type { MockRoute } from './fault.js';
import type { StruckFaults } from './faults.js';
import type { ComfyHub } from './hosted/comfy-ui/hub.js';
import type { MockJob, MockJobBehaviour } from './job.js';
import type { MockJobs } from './jobs.js';
import type { MockVariant } from './media/files.js';
import type { MockServiceOptions } from './options.js';
import type { MockRequest } from './request-log.js';
import type { MockStreams } from './streams/stream-log.js';
import type { UpstreamEvents } from './upstream-events.js';

/** What a route handler may use of the mock core. */
export interface RouteContext {
  readonly jobs: MockJobs;
  readonly options: MockServiceOptions;
  readonly account: { credits: number };
  /** Files that were uploaded, as their dialect tells of them, by id. */
  readonly uploads: Map<string, Readonly<Record<string, unknown>>>;
  /** The sockets, the queue and the history of ComfyUI. */
  readonly comfyUI: ComfyHub;
  readonly upstreamEvents: UpstreamEvents;
  readonly streams: MockStreams;
  /** Makes a job of a submit, or finds the one that an `Idempotency-Key` made before. */
  submit(call: Call, dialect: MockDialect, behaviour?: SubmitBehaviour): MockJob;
  /** The job that this submit's `Idempotency-Key` made before. */
  repeated(call: Call, dialect: MockDialect): MockJob | undefined;
  serve(call: Call, job: MockJob, variant: MockVariant): Promise<Response>;
  /** What a client's `baseUrl` is for this dialect, for the URLs in its answers. */
  urlOf(dialect: MockDialect): string;
  readonly signedUrl: (job: MockJob, variant: MockVariant) => string;
  /** Why a signed URL is refused; undefined where it is good. */
  signedUrlProblem(query: URLSearchParams): 'SignatureDoesNotMatch' | 'AccessDenied' | undefined;
}

/** How the job of a submit runs, and its id where its dialect makes that of more than chance. */
export type SubmitBehaviour = MockJobBehaviour & { readonly id?: string | undefined };

/** One call, on its way through. */
export interface Call {
  readonly exchange: Exchange;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: ParsedBody;
  readonly faults: StruckFaults;
  readonly entry: MockRequest;
  readonly context: RouteContext;
}

export interface Route {
  readonly name: MockRoute;
  readonly dialect: MockDialect | 'files';
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments that begin with `:` are parameters. */
  readonly path: string;
  /** Needs no credentials. @default false */
  readonly isPublic?: boolean;
  handle(call: Call): Response | Promise<Response>;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The route of a request; `wrong-method` where only its path is known. */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  pathname: string,
): RouteMatch | 'wrong-method' | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  let pathKnown = false;
  for (const route of routes) {
    const params = matchPath(route.path, pathname);
    if (params === undefined) continue;
    if (route.method === wanted) return { route, params };
    pathKnown = true;
  }
  return pathKnown ? 'wrong-method' : undefined;
}

function matchPath(pattern: string, pathname: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const segments = pathname.split('/');
  if (names.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? '';
    if (!name.startsWith(':')) {
      if (name !== segment) return undefined;
    } else {
      if (segment === '') return undefined;
      try {
        params[name.slice(1)] = decodeURIComponent(segment);
      } catch {
        return undefined;
      }
    }
  }
  return params;
}

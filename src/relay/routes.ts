/** What can be asked of a relay over HTTP. */
export type RouteName = 'generate' | 'status' | 'events' | 'download' | 'list' | 'forget' | 'webhook';

/** Where a request leads. */
export type Route =
  | { readonly name: RouteName; readonly jobId?: string }
  /** There is such a path, for these methods. */
  | { readonly name: 'other-method'; readonly allow: string }
  | { readonly name: 'nowhere' };

/** `*` stands for the id of a job. */
const ROUTES: readonly (readonly [method: string, path: string, name: RouteName])[] = [
  ['POST', '/api/generate', 'generate'],
  ['GET', '/api/videos/status/*', 'status'],
  ['GET', '/api/status', 'status'],
  ['GET', '/api/jobs/events', 'events'],
  ['GET', '/api/download', 'download'],
  ['GET', '/api/jobs', 'list'],
  ['DELETE', '/api/jobs/*', 'forget'],
  ['POST', '/webhook', 'webhook'],
];

/** The route of a request, by its method and the path of its URL. */
export function routeOf(basePath: string, method: string, pathname: string): Route {
  const path = below(basePath, pathname);
  if (path === undefined) return { name: 'nowhere' };
  const found = ROUTES.flatMap(([allowed, pattern, name]) => {
    const jobId = match(pattern, path);
    return jobId === undefined ? [] : [{ allowed, name, jobId }];
  });
  const route = found.find(({ allowed }) => allowed === method);
  if (route !== undefined) return { name: route.name, ...(route.jobId !== '' && { jobId: route.jobId }) };
  if (found.length === 0) return { name: 'nowhere' };
  return { name: 'other-method', allow: found.map(({ allowed }) => allowed).join(', ') };
}

/** Where the WebSocket is. */
export function isSocketPath(basePath: string, pathname: string): boolean {
  const path = below(basePath, pathname);
  return path === '' || path === '/';
}

function below(basePath: string, pathname: string): string | undefined {
  if (!pathname.startsWith(basePath)) return undefined;
  const path = pathname.slice(basePath.length);
  return path === '' || path.startsWith('/') ? path : undefined;
}

/** The id in the path, which is empty where the pattern has none; undefined where they do not fit. */
function match(pattern: string, path: string): string | undefined {
  if (!pattern.endsWith('*')) return path === pattern ? '' : undefined;
  const start = pattern.slice(0, -1);
  const segment = path.startsWith(start) ? path.slice(start.length) : '';
  // What is listed by a name of its own is no id.
  if (segment === '' || segment.includes('/') || path === '/api/jobs/events') return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

import { ConnectionLost, sleep } from '../../../src/mock-server/exchange.js';
import type { MockRoute } from '../../../src/mock-server/fault.js';
import type { MockFaults } from '../../../src/mock-server/faults.js';
import { alteredAnswer, beforeBody, replacedAnswer } from '../../../src/mock-server/http-faults.js';
import type { MockJob } from '../../../src/mock-server/job.js';
import type { MockStream } from '../../../src/mock-server/streams/stream.js';
import type { FetchHandler } from '../../../src/relay/node.js';
import { type RouteName, routeOf } from '../../../src/relay/routes.js';
import { altered, damaged } from './faulty-download.js';
import { faultyEventStream } from './faulty-event-stream.js';
import { NOWHERE } from './faulty-sockets.js';

/** A call of a page, as it left it. */
export interface PageRequest {
  readonly route: MockRoute | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

const ROUTES: Readonly<Record<Exclude<RouteName, 'webhook'>, MockRoute>> = {
  ...{ generate: 'generate', status: 'status', download: 'download', list: 'list' },
  ...{ events: 'sse', forget: 'delete' },
};

export const BASE_PATH = '/videos';

/** A relay's answers to pages, with something on the way that fails as it is told. */
export function faultyFetch(
  relay: FetchHandler,
  hands: {
    readonly faults: MockFaults;
    onRequest(request: PageRequest): void;
    onOpen(stream: MockStream): void;
    /** The server's job that a page calls so. */
    jobOf(jobId: string): MockJob | undefined;
  },
): FetchHandler {
  return async (request, context) => {
    const url = new URL(request.url);
    const found = routeOf(BASE_PATH, request.method, url.pathname);
    const route = found.name in ROUTES ? ROUTES[found.name as keyof typeof ROUTES] : undefined;
    hands.onRequest(pageRequest(request, route));
    if (route === undefined) return relay(request, context);

    const jobIds = [
      'jobId' in found ? found.jobId : undefined,
      url.searchParams.get('jobId'),
      ...(url.searchParams.get('jobIds')?.split(',') ?? []),
    ].filter((id) => typeof id === 'string');
    const faults = hands.faults.take(route, jobIds);
    await beforeBody(faults, request.signal);
    const buffer = route === 'sse' ? faults.find('buffer') : undefined;
    if (buffer?.headers) await sleep(buffer.forMs, request.signal);
    const reset = faults.find('reset')?.at;
    if (reset === 'after-body') {
      await request.arrayBuffer();
      throw new ConnectionLost('reset');
    }
    const replaced = replacedAnswer(faults, NOWHERE as never, hands.jobOf(jobIds[0] ?? ''));
    if (replaced !== undefined) return replaced;
    let answer = await relay(route === 'download' ? altered(request, faults) : request, context);
    if (route === 'sse' && answer.ok) answer = await faultyEventStream(answer, request, faults, hands.onOpen);
    else if (route === 'download' && answer.ok) answer = damaged(answer, faults, request.signal);
    else answer = await alteredAnswer(faults, answer, (text) => text);
    if (reset === 'after-handling') {
      await answer.body?.cancel();
      throw new ConnectionLost('reset');
    }
    return answer;
  };
}

export function pageRequest(
  { method, url, headers }: Pick<Request, 'method' | 'url' | 'headers'>,
  route: MockRoute | undefined,
): PageRequest {
  const { pathname: path, searchParams } = new URL(url, 'http://localhost');
  return {
    route,
    method,
    path,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers),
  };
}

import { type AnyBackend, VideoClient } from 'reelwire';
import { type Jobs, memoryJobs } from 'reelwire/jobs';
import { createRelay, type Relay } from 'reelwire/relay';

/** What a program that serves a relay is told. */
export interface SiteTask {
  /** The server behind, and its key. */
  readonly baseUrl: string;
  readonly token: string;
}

/** A relay whose users come with a cookie such as `session=ada`. Slow pages are cut off early. */
export function createSite({ baseUrl, token }: SiteTask, jobs: Jobs = memoryJobs()): Relay {
  return createRelay<AnyBackend>({
    client: new VideoClient<AnyBackend>({
      baseUrl,
      auth: { type: 'bearer', token },
      polling: { intervalMs: 50 },
      jobs,
    }),
    authenticate({ headers }) {
      const id = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1];
      return id === undefined ? undefined : { id };
    },
    inputOf: ({ script }) => ({ walletAddress: '0x123', script }) as never,
    limits: { bufferedBytes: 65_536, jobsPerSocket: 1_000_000 },
  });
}

/** Calls are the relay's, but for one that tells what it has open. */
export async function answer(relay: Relay, request: Request, context?: object): Promise<Response> {
  if (new URL(request.url).pathname === '/stats') return Response.json(relay.stats);
  return relay.fetch(request, context);
}

/** Whether a request wants to become a WebSocket. */
export function isUpgrade({ headers }: Request): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket';
}

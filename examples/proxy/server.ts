/**
 * Keeps the key of the video server out of the browser: a page of this site talks to `/videos` of this server, which
 * lets in who is signed in, adds the key, and passes on what a VideoClient needs. In the page (page.ts) there is no
 * secret.
 *
 * UPSTREAM_URL=https://videos.example.com UPSTREAM_KEY=… SESSION=… npx tsx examples/proxy/server.ts
 */
import { createServer, type Server } from 'node:http';
import { createAdmit, type JobOwners, RateLimit, type UserOf } from './guard.js';
import { toListener } from './node.js';
import { createRoutes } from './routes.js';
import type { Upstream } from './upstream.js';
import { relayWebSockets } from './web-socket.js';

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly userOf: UserOf;
  /** Filled by each submit. @default a Map, for one process */
  readonly owners?: JobOwners;
  /** For each user. @default 5 */
  readonly submitsPerMinute?: number;
  /** For each user, submits and streams among them. @default 600 */
  readonly requestsPerMinute?: number;
}

export function createProxy(options: ProxyOptions): Server {
  const { upstream, userOf, owners = new Map(), submitsPerMinute = 5, requestsPerMinute = 600 } = options;
  const admit = createAdmit(userOf, new RateLimit(requestsPerMinute));
  const routes = createRoutes({ upstream, admit, owners, submits: new RateLimit(submitsPerMinute) });
  const server = createServer(toListener(routes.fetch));
  relayWebSockets(server, { upstream, admit, owners });
  return server;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { UPSTREAM_URL, UPSTREAM_KEY, SESSION, PORT = '3000' } = process.env;
  if (!UPSTREAM_URL || !UPSTREAM_KEY || !SESSION) {
    console.error('UPSTREAM_URL, UPSTREAM_KEY and SESSION must be set');
    process.exit(2);
  }
  const server = createProxy({
    upstream: { url: UPSTREAM_URL, key: UPSTREAM_KEY },
    // One session for the trial; an application looks up its own.
    userOf: (headers) =>
      headers.get('cookie')?.split('; ').includes(`session=${SESSION}`) ? 'me' : undefined,
  });
  server.listen(Number(PORT), () => console.log('Listening on', server.address()));
}

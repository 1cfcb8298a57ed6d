import type { AnyBackend } from '../index.js';
import { type RelayOptions, type RelayUser, resolveRelayOptions } from './options.js';
import { RelayServer } from './relay-server.js';
import type { Relay } from './relay-types.js';

/**
 * Makes the relay: pages generate, follow and download through it, with the key of `client` and none of their own. It
 * speaks as `soraGateway` does, whatever the client's backend, and `relayBackend()` is for its pages.
 *
 * The page's id of a job is the key of its record, and the record's group is the user: what another's is, is not there.
 * Nothing that the server behind calls the job, and no address or key of it, comes to a page.
 *
 * Left to the application: who is signed in, limits of rate, payments, lines of jobs, other providers where one is down,
 * and the server of HTTP and WebSocket itself.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const relay = createRelay({
 *   client: new VideoClient({ backend: openRouter(), auth, jobs: fileJobs('.videos') }),
 *   authenticate: (request) => sessionOf(request.headers.get('cookie')),
 *   inputOf: ({ script }) => ({ model: 'google/veo-3.1', prompt: String(script) }),
 * });
 * const server = createServer(toNodeListener(relay.fetch));
 * attachRelay(server, relay);
 */
export function createRelay<B extends AnyBackend, User extends RelayUser = RelayUser>(
  options: RelayOptions<B, User>,
): Relay {
  return new RelayServer(resolveRelayOptions(options)).relay;
}

import { Refused, toResponse } from './answer.js';
import type { Doors } from './doors.js';
import { CONNECTED } from './frames.js';
import type { Place } from './limits.js';
import type { RelaySettings, RelayUser } from './options.js';
import { isOwnOrigin } from './origin.js';
import { isSocketPath } from './routes.js';
import { CLOSE, Session, type SessionHost } from './session.js';
import { Turns } from './turns.js';
import { identify } from './users.js';
import type { RelayPeer, RelayWebSocket } from './web-socket.js';

/** What `upgrade` leaves for `open`. */
interface Ticket {
  readonly user: RelayUser;
  readonly place: Place;
}

/** A name of the context that nobody else uses. */
const TICKET = 'reelwire:relay';
/** How often it is looked whether slow pages have read, where nothing tells, in milliseconds. */
const FLUSH_MS = 50;

/** The sockets of pages. */
export class Sockets {
  readonly hooks: RelayWebSocket;
  readonly #tickets = new WeakMap<object, Ticket>();
  readonly #sessions = new Map<RelayPeer, Session>();
  readonly #waiting = new Set<Session>();
  #flushing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    settings: RelaySettings,
    doors: Doors,
    host: Omit<SessionHost, 'turns' | 'waits' | 'ended'>,
    told: (error: unknown) => Response,
  ) {
    const upgrade: RelayWebSocket['upgrade'] = async (request) => {
      try {
        if (!isSocketPath(settings.basePath, new URL(request.url, 'http://localhost').pathname))
          return toResponse({ status: 404, body: { error: 'Not found' } });
        doors.checkOpen();
        if (!isOwnOrigin(request, settings.allowedOrigins)) throw new Refused(403, 'Not from this origin');
        const user = await identify(settings, request);
        const ticket: Ticket = { user, place: doors.enter(user.id) };
        this.#tickets.set(request, ticket);
        return { context: { [TICKET]: ticket } };
      } catch (error) {
        return told(error);
      }
    };
    const sessionHost: SessionHost = {
      ...host,
      turns: new Turns(),
      waits: (session) => this.#wait(session),
      ended: (session) => this.#waiting.delete(session),
    };
    const gone = (peer: RelayPeer) => {
      this.#sessions.get(peer)?.ended();
      this.#sessions.delete(peer);
    };
    this.hooks = {
      upgrade,
      open: (peer) => {
        const ticket = this.#ticketOf(peer);
        // Nobody asked who that is.
        if (ticket === undefined) return void peer.close(CLOSE.policy, 'Not let in');
        ticket.place.take();
        const session = new Session(peer, ticket.user, ticket.place, sessionHost);
        this.#sessions.set(peer, session);
        if (doors.isDraining) session.close(CLOSE.restart, 'Restarting');
        else session.send(CONNECTED);
      },
      message: (peer, message) => {
        const session = this.#sessions.get(peer);
        // It was open before this process began, as one of a Durable Object is that was put to sleep.
        if (session === undefined) peer.close(CLOSE.restart, 'Connect again');
        else session.receive(message);
      },
      drain: (peer) => {
        const session = this.#sessions.get(peer);
        if (session?.flush()) this.#waiting.delete(session);
      },
      close: gone,
      error: gone,
    };
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** How to close each. */
  closers(code: number, reason: string): (() => void)[] {
    return [...this.#sessions.values()].map((session) => () => session.close(code, reason));
  }

  #ticketOf({ context, request }: RelayPeer): Ticket | undefined {
    const ticket = (context as { readonly [TICKET]?: Ticket } | undefined)?.[TICKET];
    return ticket ?? (request && this.#tickets.get(request));
  }

  #wait(session: Session): void {
    this.#waiting.add(session);
    this.#flushing ??= setTimeout(() => {
      this.#flushing = undefined;
      for (const one of this.#waiting) {
        if (one.flush()) this.#waiting.delete(one);
        else this.#wait(one);
      }
    }, FLUSH_MS);
  }
}

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { toUpgrade } from './node-request.js';
import type { Relay } from './relay-types.js';
import type { RelayMessage, RelayPeer } from './web-socket.js';

const PING_MS = 30_000;
/** Pings without an answer, after which a page is gone. */
const MAX_MISSED = 2;
/** How long a page has to answer a close before its socket is cut, in milliseconds. */
const CLOSE_MS = 2_000;
/** How long another listener has to take an upgrade that is left to it, in milliseconds. */
const OTHERS_MS = 60_000;

/**
 * Takes the relay's WebSockets on a server of node:http, by `ws`. Upgrades at other paths are left to other listeners,
 * and refused with 404 where there are none.
 */
export function attachRelay(server: Server, relay: Pick<Relay, 'websocket' | 'limits'>): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: relay.limits.frameBytes,
    clientTracking: false,
    WebSocket: Peer,
  });
  const peers = new Peers(relay.websocket);

  server.on('upgrade', async (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const destroy = () => socket.destroy();
    socket.on('error', destroy);
    try {
      const verdict = await relay.websocket.upgrade(toUpgrade(incoming));
      if (verdict instanceof Response && verdict.status === 404 && server.listenerCount('upgrade') > 1)
        return leaveToOthers(socket);
      if (verdict instanceof Response) return await refuse(socket, verdict);
      webSockets.handleUpgrade(incoming, socket, head, (peer) => {
        socket.off('error', destroy);
        peer.join(peers, verdict.context);
      });
    } catch {
      destroy();
    }
  });
}

/**
 * Each listener may leave it to the others. What nobody reads would stay open for ever, and its error, to which nobody
 * listens, would end the process: `destroy` goes on listening.
 */
function leaveToOthers(socket: Duplex): void {
  const timer = setTimeout(() => {
    if (socket.readableFlowing === null) socket.destroy();
  }, OTHERS_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** All sockets of a server. */
class Peers {
  readonly hooks: Relay['websocket'];
  readonly #open = new Set<Peer>();
  #pinging: ReturnType<typeof setInterval> | undefined;

  constructor(hooks: Relay['websocket']) {
    this.hooks = hooks;
  }

  add(peer: Peer): void {
    this.#open.add(peer);
    this.#pinging ??= setInterval(() => {
      for (const one of this.#open) one.check();
    }, PING_MS);
  }

  delete(peer: Peer): void {
    this.#open.delete(peer);
    if (this.#open.size > 0) return;
    clearInterval(this.#pinging);
    this.#pinging = undefined;
  }
}

/** A socket of `ws`, as the relay knows sockets. Ten thousand may be open: nothing is made for each that all can have. */
class Peer extends WebSocket implements RelayPeer {
  context: object = {};
  peers: Peers | undefined;
  missed = 0;
  #cutting: ReturnType<typeof setTimeout> | undefined;

  get websocket(): this {
    return this;
  }

  join(peers: Peers, context: object): void {
    this.context = context;
    this.peers = peers;
    peers.add(this);
    this.on('message', onMessage);
    this.on('pong', onPong);
    this.on('error', ignore); // Its close follows.
    this.on('close', onClose);
    peers.hooks.open(this);
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    // One that does not read answers no close; `ws` itself would wait half a minute.
    if (this.readyState !== WebSocket.CLOSED) this.#cutting ??= setTimeout(() => this.terminate(), CLOSE_MS);
  }

  /** Is it still there? */
  check(): void {
    if (this.missed >= MAX_MISSED) this.terminate();
    else this.ping();
    this.missed += 1;
  }

  closed(): void {
    clearTimeout(this.#cutting);
    this.peers?.delete(this);
  }
}

function onMessage(this: WebSocket, data: RawData): void {
  const peer = this as Peer;
  peer.peers?.hooks.message(peer, new Message(data));
}

function onPong(this: WebSocket): void {
  (this as Peer).missed = 0;
}

function ignore(): void {}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  const peer = this as Peer;
  peer.closed();
  peer.peers?.hooks.close(peer, { code, reason: String(reason) });
}

class Message implements RelayMessage {
  readonly #data: RawData;

  constructor(data: RawData) {
    this.#data = data;
  }

  text(): string {
    return String(this.#data);
  }

  uint8Array(): Uint8Array {
    // As `ws` gives it where nobody asks for another type.
    return this.#data as Buffer;
  }
}

async function refuse(socket: Duplex, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const headers = new Headers(answer.headers);
  headers.set('content-length', String(body.length));
  headers.set('connection', 'close');
  const lines = [
    `HTTP/1.1 ${answer.status} Refused`,
    ...Array.from(headers, ([name, value]) => `${name}: ${value}`),
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
}

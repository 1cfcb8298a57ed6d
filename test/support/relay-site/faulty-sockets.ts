import { AsyncLocalStorage } from 'node:async_hooks';
import { type IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ConnectionLost } from '../../../src/mock-server/exchange.js';
import type { StruckFaults } from '../../../src/mock-server/faults.js';
import { beforeBody, replacedAnswer } from '../../../src/mock-server/http-faults.js';
import { MockStream } from '../../../src/mock-server/streams/stream.js';
import { wireOf } from '../../../src/mock-server/streams/websocket-upgrade.js';
import type { Relay, RelayPeer, RelayWebSocket } from '../../../src/relay/index.js';
import { attachRelay } from '../../../src/relay/node.js';
import { passOn } from './frames.js';

/** One upgrade on its way: what strikes it, and where it comes from. */
interface Upgrade {
  readonly faults: StruckFaults;
  readonly socket: Socket;
}

/** A socket as the relay has it, and what its page gets of it. */
interface Passage {
  readonly behind: RelayPeer;
  readonly stream: MockStream;
}

/** Attaches a relay to a server as a site does it, with something on the way that fails as it is told. */
export function attachFaulty(
  server: Server,
  relay: Pick<Relay, 'websocket' | 'limits'>,
  hands: {
    /** What strikes this upgrade. */
    take(incoming: IncomingMessage): StruckFaults;
    onOpen(stream: MockStream): void;
  },
): void {
  // It takes what the faults have let pass.
  const behind = new Server();
  const upgrades = new AsyncLocalStorage<Upgrade>();
  attachRelay(behind, {
    limits: relay.limits,
    websocket: faultyHooks(relay.websocket, upgrades, hands.onOpen),
  });

  server.on('upgrade', async (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const faults = hands.take(incoming);
    const gone = new AbortController();
    const leave = () => void socket.destroy();
    socket.on('error', leave).on('end', leave); // A page that gives up while it waits.
    socket.once('close', () => gone.abort());
    socket.resume();
    try {
      await beforeBody(faults, gone.signal);
      if (faults.find('reset')) throw new ConnectionLost('reset');
      socket.off('end', leave);
      upgrades.run({ faults, socket }, () => behind.emit('upgrade', incoming, socket, head));
    } catch (error) {
      if (error instanceof ConnectionLost && error.how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  });
}

function faultyHooks(
  hooks: RelayWebSocket,
  upgrades: AsyncLocalStorage<Upgrade>,
  onOpen: (stream: MockStream) => void,
): RelayWebSocket {
  const passages = new Map<RelayPeer, Passage>();
  const behindOf = (peer: RelayPeer) => passages.get(peer)?.behind ?? peer;
  return {
    async upgrade(request) {
      const upgrade = upgrades.getStore();
      const refusal = upgrade && replacedAnswer(upgrade.faults, NOWHERE as never, undefined);
      if (refusal !== undefined) return refusal;
      const verdict = await hooks.upgrade(request);
      return verdict instanceof Response ? verdict : { context: { ...verdict.context, upgrade } };
    },
    open(peer) {
      const { faults, socket } = (peer.context as { readonly upgrade: Upgrade }).upgrade;
      const wire = wireOf(peer.websocket as WebSocket, socket);
      const stream = new MockStream('websocket', wire, faults, () => {});
      const behind: RelayPeer = {
        ...{ context: peer.context, websocket: peer.websocket },
        send: (frame) => passOn(stream, frame),
        close: (code, reason) => peer.close(code, reason),
        terminate: () => peer.terminate?.(),
      };
      passages.set(peer, { behind, stream });
      onOpen(stream);
      stream.start();
      hooks.open(behind);
    },
    message(peer, message) {
      passages.get(peer)?.stream.received.push(message.text());
      hooks.message(behindOf(peer), message);
    },
    drain: (peer) => hooks.drain(behindOf(peer)),
    close(peer, details) {
      hooks.close(behindOf(peer), details);
      passages.get(peer)?.stream.ended(details?.code);
      passages.delete(peer);
    },
    error: (peer, error) => hooks.error(behindOf(peer), error),
  };
}

/** A call that is about no file. */
export const NOWHERE = { exchange: { origin: 'main' }, context: { signedUrl: () => '/' } };

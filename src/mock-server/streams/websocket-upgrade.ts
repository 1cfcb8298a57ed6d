import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ConnectionLost } from '../exchange.js';
import { exchangeOf } from '../http-adapter.js';
import { beforeBody } from '../http-faults.js';
import type { MockService } from '../service.js';
import type { Wire } from './stream.js';

/** Largest frame that is read, in bytes. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** Takes upgrades to WebSocket on an HTTP server's port. */
export class WebSocketUpgrades {
  readonly #service: MockService;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD_BYTES,
  });

  constructor(service: MockService) {
    this.#service = service;
  }

  async take(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const destroy = () => socket.destroy();
    socket.on('error', destroy);
    socket.on('end', destroy); // A caller that gives up while it waits.
    socket.resume();
    try {
      const exchange = exchangeOf(request, 'main', socket);
      const { faults, refusal, attach } = this.#service.upgrade(exchange);
      await beforeBody(faults, exchange.signal);
      if (faults.find('reset')) throw new ConnectionLost('reset');
      if (refusal !== undefined) return await refuse(socket, refusal);
      socket.off('end', destroy);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        const session = attach(wireOf(webSocket, socket));
        if (session === undefined) return;
        webSocket.on('message', (data, binary) => session.receive(binary ? undefined : String(data)));
        webSocket.on('close', (code) => session.stream.ended(code));
        webSocket.on('error', () => {}); // Its close follows.
        session.start();
      });
    } catch (error) {
      if (error instanceof ConnectionLost && error.how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}

/** @internal */
export function wireOf(webSocket: WebSocket, socket: Socket): Wire {
  return {
    send: (frame) => webSocket.send(frame),
    close(code, reason) {
      if (code === 1006) webSocket.terminate();
      else if (isSendable(code)) webSocket.close(code, reason);
      else {
        // A code that a WebSocket library refuses to send: the frame is made by hand.
        const text = Buffer.from(reason).subarray(0, 123);
        const payload = code === 1005 ? [] : [code >> 8, code & 0xff, ...text];
        socket.end(Buffer.from([0x88, payload.length, ...payload]));
      }
    },
    freeze() {
      // Whatever comes is swallowed, and nothing is answered: no pong, no close frame, no FIN.
      socket.removeAllListeners('data');
      socket.removeAllListeners('end');
      socket.on('data', () => {});
      socket.on('end', () => socket.destroy());
    },
  };
}

function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  );
}

async function refuse(socket: Socket, answer: Response): Promise<void> {
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

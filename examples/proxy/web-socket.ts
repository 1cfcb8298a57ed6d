import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { type Admit, type JobOwners, Refusal } from './guard.js';
import { headersOf } from './node.js';
import { type Upstream, upstreamUrl } from './upstream.js';

export interface WebSocketOptions {
  readonly upstream: Upstream;
  readonly admit: Admit;
  readonly owners: JobOwners;
}

/** A browser that reads so much too slowly is let go; it connects again and asks. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Relays WebSockets at `/videos/`, each to one of its own upstream. */
export function relayWebSockets(server: Server, { upstream, admit, owners }: WebSocketOptions): void {
  const browsers = new WebSocketServer({ noServer: true, maxPayload: 16_384 });

  async function take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (request.url !== '/videos/') throw new Refusal(404, 'not found');
    const user = await admit(headersOf(request));
    // First upstream, then the browser: what cannot be relayed is refused, and the client takes another transport.
    const remote = await connect(upstream);
    browsers.handleUpgrade(request, socket, head, (browser) =>
      relay(browser, remote, (jobId) => owners.get(jobId) === user),
    );
    if (socket.destroyed) remote.terminate();
    request.socket.setKeepAlive(true, 30_000); // Finds out about browsers that are gone without a word.
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    take(request, socket, head).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : 500;
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
  });
}

function connect(upstream: Upstream): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const remote = new WebSocket(upstreamUrl(upstream, '/'), {
      headers: { authorization: `Bearer ${upstream.key}` },
      handshakeTimeout: 10_000,
      maxPayload: 1_048_576,
      perMessageDeflate: false,
    });
    remote.once('open', () => {
      remote.pause(); // Until somebody listens.
      resolve(remote);
    });
    remote.on('error', () => reject(new Refusal(502, 'the video server cannot be reached')));
  });
}

function relay(browser: WebSocket, remote: WebSocket, isOwn: (jobId: string) => boolean): void {
  browser.on('message', (data) => {
    const message = parse(String(data));
    if (message === undefined || !isOwn(message.jobId)) {
      browser.send(JSON.stringify({ error: 'Unknown action or missing jobId' }));
    } else if (remote.readyState === WebSocket.OPEN) {
      remote.send(JSON.stringify(message));
    }
  });
  remote.on('message', (data) => {
    if (browser.bufferedAmount > MAX_BUFFERED_BYTES) browser.terminate();
    else browser.send(String(data));
  });
  browser.on('error', () => {}); // A close follows, here as there.
  browser.on('close', () => remote.close());
  remote.on('close', () => browser.close(1012, 'the video server hung up'));
  remote.resume();
}

/** What a page may say, and nothing beside it. */
function parse(text: string): { action: 'subscribe' | 'unsubscribe'; jobId: string } | undefined {
  try {
    const { action, jobId } = JSON.parse(text) as Record<string, unknown>;
    const isKnown = action === 'subscribe' || action === 'unsubscribe';
    return isKnown && typeof jobId === 'string' ? { action, jobId } : undefined;
  } catch {
    return undefined;
  }
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Relay } from '../relay/index.js';
import { attachRelay, type FetchHandler, toNodeListener } from '../relay/node.js';
import { allowOrigin, type RelayGate } from './relay-gate.js';

/** Nothing but this machine reaches it. */
export const RELAY_HOST = '127.0.0.1';

/** How long calls that are under way may take once it ends, in milliseconds: a submit may be paid for. */
const END_MS = 5_000;

/** What was asked, what it was answered, or which WebSocket has ended. */
export interface RelayEvent {
  readonly type: 'request' | 'answer' | 'closed';
  readonly at: Date;
  /** `WebSocket` for an upgrade. */
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly user?: string | undefined;
  readonly status?: number;
  /** That was made. */
  readonly jobId?: string | undefined;
  /** With which a WebSocket was closed. */
  readonly code?: number | undefined;
}

export type Report = (event: RelayEvent) => void;

export interface RelayServer {
  readonly port: number;
  /** Sockets are closed, calls that are under way get a moment. */
  end(): Promise<void>;
}

/** A relay on a port of this machine's own. Rejects where it is not to be had. */
export async function startRelay(
  relay: Relay,
  { gate, port, report }: { readonly gate: RelayGate; readonly port: number; readonly report: Report },
): Promise<RelayServer> {
  const server = createServer(toNodeListener(guarded(relay, gate, report)));
  attachRelay(server, { limits: relay.limits, websocket: guardedSockets(relay, gate, report) });
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    async end() {
      const closed = new Promise((resolve) => server.close(resolve));
      await relay.drain({ forMs: 0 });
      const cut = setTimeout(() => {
        for (const socket of connections) socket.destroy();
      }, END_MS);
      await closed;
      clearTimeout(cut);
      relay.close();
    },
  };
}

function guarded(relay: Relay, gate: RelayGate, report: Report): FetchHandler {
  return async (request, context) => {
    const { headers, method } = request;
    const about = { method, path: pathOf(request), user: gate.userOf(headers) };
    report({ type: 'request', at: new Date(), ...about });
    const origin = headers.get('origin');
    const refusal = gate.answerTo(request);
    // Which origins are let in was decided: the relay's own rule knows one of them.
    headers.delete('origin');
    const answer = refusal ?? (await relay.fetch(request, context));
    if (answer.status !== 403) allowOrigin(answer.headers, origin);
    const jobId = method === 'POST' ? await jobIdIn(answer) : undefined;
    report({ type: 'answer', at: new Date(), ...about, status: answer.status, jobId });
    return answer;
  };
}

function guardedSockets(relay: Relay, gate: RelayGate, report: Report): Relay['websocket'] {
  const abouts = new WeakMap<object, Pick<RelayEvent, 'method' | 'path' | 'user'>>();
  return {
    ...relay.websocket,
    async upgrade(request) {
      const { headers } = request;
      const about = { method: 'WebSocket', path: pathOf(request), user: gate.userOf(headers) };
      report({ type: 'request', at: new Date(), ...about });
      const refusal = gate.answerTo({ method: 'GET', headers });
      headers.delete('origin');
      const verdict = refusal ?? (await relay.websocket.upgrade(request));
      if (!(verdict instanceof Response)) abouts.set(verdict.context, about);
      const status = verdict instanceof Response ? verdict.status : 101;
      report({ type: 'answer', at: new Date(), ...about, status });
      return verdict;
    },
    close(peer, details) {
      relay.websocket.close(peer, details);
      const about = peer.context && abouts.get(peer.context);
      if (about !== undefined) report({ type: 'closed', at: new Date(), ...about, code: details?.code });
    },
  };
}

function pathOf({ url }: { readonly url: string }): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function jobIdIn(answer: Response): Promise<string | undefined> {
  if (answer.status !== 200) return undefined;
  const { jobId } = (await answer.clone().json()) as { readonly jobId?: string };
  return jobId;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, RELAY_HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

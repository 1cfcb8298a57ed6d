import { expect, it } from 'vitest';
import type { RelayMessage, RelayPeer } from '../../../src/relay/index.js';
import { type Site, script, startSite } from './support.js';

/** A socket as another runtime has it, and what became of it. */
class Peer implements RelayPeer {
  readonly sent: string[] = [];
  readonly closed: unknown[] = [];
  readonly context?: object;
  readonly request?: object;
  bufferedAmount = 0;
  /** Frames with this are never read. */
  deafTo: string | undefined;

  constructor(fields: { context?: object; request?: object }) {
    Object.assign(this, fields);
  }

  send(frame: string): void {
    this.sent.push(frame);
    if (this.deafTo !== undefined && frame.includes(this.deafTo)) this.bufferedAmount += frame.length;
  }

  close(code?: number, reason?: string): void {
    this.closed.push([code, reason]);
  }
}

function upgrade({ url }: Site): Request {
  return new Request(`${url}/videos`, { headers: { cookie: 'session=ada' } });
}

async function letIn(site: Site, request = upgrade(site)): Promise<{ context: object; request: Request }> {
  const verdict = await site.relay.websocket.upgrade(request);
  if (verdict instanceof Response) throw new Error(`refused with ${verdict.status}`);
  return { context: verdict.context, request };
}

async function openPeer(site: Site): Promise<Peer> {
  const { context } = await letIn(site);
  const peer = new Peer({ context });
  site.relay.websocket.open(peer);
  return peer;
}

const text = (message: unknown): RelayMessage => ({ text: () => JSON.stringify(message) });

it('a socket is known by its request where the context does not come along, as in a Durable Object', async () => {
  const site = await startSite();
  const { request } = await letIn(site);
  const peer = new Peer({ request, context: {} });
  site.relay.websocket.open(peer);
  expect(peer).toMatchObject({ sent: ['{"type":"connected"}'], closed: [] });
  const stranger = new Peer({ request: upgrade(site), context: {} });
  site.relay.websocket.open(stranger);
  expect(stranger).toMatchObject({ sent: [], closed: [[1008, 'Not let in']] });
});

it('a socket that was open before the process began is to connect again, and not left without an answer', async () => {
  const site = await startSite();
  const peer = new Peer({});
  site.relay.websocket.message(peer, text({ action: 'subscribe', jobId: 'x' }));
  expect(peer).toMatchObject({ sent: [], closed: [[1012, 'Connect again']] });
});

it('a frame that cannot be read at once, as a Blob, closes its socket and throws nothing', async () => {
  const site = await startSite();
  const peer = await openPeer(site);
  const unreadable = () => {
    throw new TypeError('Unsupported message type: [object Blob]');
  };
  site.relay.websocket.message(peer, { text: unreadable, uint8Array: unreadable });
  expect(peer.closed).toEqual([[1003, 'Text alone']]);
  expect(site.relay.stats.sockets).toBe(1);
  site.relay.websocket.close(peer);
  expect(site.relay.stats.sockets).toBe(0);
});

it.each(['has no terminate', 'has one that throws'])(
  'a page that reads too slowly is closed where its socket %s, and its jobs are followed no more',
  async (which) => {
    const site = await startSite({}, { limits: { bufferedBytes: 50 } });
    const { id } = await site.page().generate(script as never);
    const quick = await openPeer(site);
    site.relay.websocket.message(quick, text({ action: 'subscribe', jobId: id }));
    await expect.poll(() => quick.sent.length).toBe(3);
    // It ends by the acknowledgement, or by what is known of the job.
    for (const [frames, deafTo] of [
      [2, '"subscribed"'],
      [3, '"status"'],
    ] as const) {
      const deaf = Object.assign(await openPeer(site), { deafTo });
      if (which.includes('throws')) {
        const terminate = () => {
          throw new TypeError('this._internal.ws.terminate is not a function');
        };
        Object.assign(deaf, { terminate });
      }
      site.relay.websocket.message(deaf, text({ action: 'subscribe', jobId: id }));
      await expect.poll(() => deaf.closed).toEqual([[1008, 'Too slow']]);
      expect(deaf.sent).toHaveLength(frames);
    }
    site.relay.websocket.close(quick);
    expect(site.relay.stats.jobs).toBe(0);
  },
);

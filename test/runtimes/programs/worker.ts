import * as reelwire from 'reelwire';
import * as webhooks from 'reelwire/webhooks';
import { runScenario, type Task } from './scenario.js';

/** One client for all requests, as a worker has it that makes one at module level. */
const clients = new Map<string, reelwire.VideoClient>();

/** One request that waits for a job of its own: the snapshots of it that came, and by what. */
async function wait({ baseUrl, transport }: Wait): Promise<Response> {
  const client =
    clients.get(transport) ??
    new reelwire.VideoClient({ baseUrl, transports: [transport], polling: { intervalMs: 50 } });
  clients.set(transport, client);
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  const end = await job.completed({ timeoutMs: 10_000 });
  if (transport === 'polling') await client.poll(job.id, { timeoutMs: 10_000 });
  return Response.json({ id: job.id, ended: end.id, transport: end.transport });
}

/** What a request to `/wait` says. */
export interface Wait {
  readonly baseUrl: string;
  readonly transport: reelwire.TransportName;
}

/** The scenario in a worker at the edge, which has no file system to save to. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === '/wait') return wait((await request.json()) as Wait);
    const task = (await request.json()) as Task;
    const findings = await runScenario(task, {
      reelwire,
      webhooks,
      async save(video) {
        await video.save('out.mp4');
        return new Uint8Array();
      },
    });
    return Response.json(findings);
  },
};

import * as reelwire from 'reelwire';
import * as webhooks from 'reelwire/webhooks';
import { runScenario, type Task } from './scenario.js';

/** The scenario in a worker at the edge, which has no file system to save to. */
export default {
  async fetch(request: Request): Promise<Response> {
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

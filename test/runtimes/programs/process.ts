import { readFile } from 'node:fs/promises';
import * as reelwire from 'reelwire';
import * as webhooks from 'reelwire/webhooks';
import { runScenario, type Task } from './scenario.js';

/** The scenario in a process that has a file system. Says what was found, and must then exit by itself. */
const [task, path] = process.argv.slice(2);

runScenario(JSON.parse(String(task)) as Task, {
  reelwire,
  webhooks,
  async save(video) {
    await video.save(String(path));
    return new Uint8Array(await readFile(String(path)));
  },
}).then((findings) => {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  console.log(JSON.stringify({ version: bun ?? deno ?? node, findings }));
});

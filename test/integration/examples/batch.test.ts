import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fileJobs } from '../../../src/jobs/node.js';
import { type MockServer, mockMedia } from '../../../src/mock-server/index.js';
import { startServer, submits, temporaryFolder } from '../client/support.js';
import { startExample } from './support.js';

// Programs are started and submit a hundred jobs: on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 60_000 });
const patient = { timeout: 30_000 };

const video = Buffer.from(mockMedia('video'));
const script = (number: number) => `Explain number ${number}`;

/** A folder of a hundred scripts and the way to run the batch in it, as often as need be. */
async function hundred(server: MockServer) {
  const folder = await temporaryFolder();
  const scripts = join(folder, 'scripts.txt');
  const videos = join(folder, 'videos');
  await writeFile(scripts, Array.from({ length: 100 }, (_, index) => `${script(index + 1)}\n`).join(''));
  return {
    scripts,
    videos,
    /** How many records have the id of their job. */
    recorded: async () => {
      let count = 0;
      for await (const { jobId } of fileJobs(join(videos, '.jobs')).list()) if (jobId !== undefined) count++;
      return count;
    },
    start: () => startExample('batch/main.ts', [scripts, videos], { REELWIRE_BASE_URL: server.url }),
    saved: async () => (await readdir(videos)).filter((name) => name.endsWith('.mp4')).sort(),
  };
}

function accepted(server: MockServer): number {
  return server.requests.filter(({ route, status }) => route === 'generate' && status === 200).length;
}

describe('the batch of a hundred', () => {
  it('saves every video but the one that fails, though it is rate limited, and exits 1', async () => {
    const server = await startServer({
      manual: false,
      durationMs: 100,
      faults: [{ route: 'generate', type: 'status', status: 429, retryAfter: 0, after: 10, times: 2 }],
      onSubmit: ({ input }) => (input.script === script(13) ? { failWith: 'out of paper' } : undefined),
    });
    const batch = await hundred(server);
    const { code, stdout, stderr } = await batch.start().ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^line 13: job job-\w+ failed: out of paper$/m);
    expect(stdout).toMatch(/\n99 of 100 saved, 1 failed, 0 left running, 0 not submitted\n$/);
    expect(code).toBe(1);
    expect({ all: submits(server), accepted: accepted(server) }).toEqual({ all: 102, accepted: 100 });
    const saved = await batch.saved();
    expect(saved).toHaveLength(99);
    expect(saved).not.toContain('013.mp4');
    for (const name of saved) expect(await readFile(join(batch.videos, name)), name).toEqual(video);
  });

  it('goes on after it was killed, and submits nothing again', async () => {
    const server = await startServer();
    const batch = await hundred(server);
    const first = batch.start();
    await expect.poll(() => server.jobs.size, patient).toBe(100);
    await expect.poll(batch.recorded, patient).toBe(100);
    first.child.kill('SIGKILL');
    expect((await first.ended).code).toBeNull();
    for (const job of server.jobs) job.complete();

    const { code, stdout } = await batch.start().ended;
    expect(stdout).toContain('100 of 100 saved, 0 failed');
    expect({ code, submits: submits(server), saved: (await batch.saved()).length }).toEqual({
      ...{ code: 0, submits: 100 },
      saved: 100,
    });
  });

  it('does not pay again for a submit whose answer was lost', async () => {
    const server = await startServer({
      manual: false,
      durationMs: 50,
      faults: [{ route: 'generate', type: 'reset', at: 'after-handling', after: 40, times: 1 }],
    });
    const batch = await hundred(server);
    expect((await batch.start().ended).stdout).toContain('99 of 100 saved, 1 failed');
    const { code, stdout } = await batch.start().ended;
    expect(stdout).toMatch(
      /^line (\d+): the submit of key "line-\1" may have made a job or not: .*Look for the job on the server first/m,
    );
    expect({ code, submits: submits(server) }).toEqual({ code: 1, submits: 100 });
  });

  it('submits what was refused before once more, and saves only that', async () => {
    const server = await startServer({
      manual: false,
      durationMs: 50,
      faults: [{ route: 'generate', type: 'status', status: 402, after: 60, body: { error: 'no credits' } }],
    });
    const batch = await hundred(server);
    const poor = await batch.start().ended;
    expect(poor.stdout).toContain('60 of 100 saved, 40 failed');
    server.faults.clear();
    const rich = await batch.start().ended;
    expect(rich.stdout).toContain('100 of 100 saved, 0 failed');
    expect({ code: rich.code, accepted: accepted(server) }).toEqual({ code: 0, accepted: 100 });
    expect(server.requests.filter(({ route }) => route === 'download')).toHaveLength(100);
  });

  it('stops at Ctrl-C with a record of what it submitted', async () => {
    const server = await startServer();
    const batch = await hundred(server);
    const first = batch.start();
    await expect.poll(() => server.jobs.size, patient).toBe(100);
    first.child.kill('SIGINT');
    const { code, stdout } = await first.ended;
    expect(stdout).toBe('0 of 100 saved, 0 failed, 100 left running, 0 not submitted\n');
    expect(code).toBe(130);
    expect(await batch.recorded()).toBe(100);
  });

  it('refuses other scripts in the folder of these', async () => {
    const server = await startServer({ manual: false, durationMs: 50 });
    const batch = await hundred(server);
    await batch.start().ended;
    await writeFile(batch.scripts, `${script(1)}\nSomething else\n`);
    const { code, stdout } = await batch.start().ended;
    expect(stdout).toContain('line 2: key "line-2" is that of a submit with another input');
    expect(stdout).toContain('1 of 2 saved, 1 failed');
    expect({ code, submits: submits(server) }).toEqual({ code: 1, submits: 100 });
  });

  it('pays for no video again that is there, once its record is forgotten', async () => {
    const server = await startServer({ manual: false, durationMs: 50 });
    const batch = await hundred(server);
    await batch.start().ended;
    await rm(join(batch.videos, '.jobs'), { recursive: true });
    const { code, stdout } = await batch.start().ended;
    expect(stdout).toContain('100 of 100 saved, 0 failed');
    expect({ code, submits: submits(server) }).toEqual({ code: 0, submits: 100 });
  });
});

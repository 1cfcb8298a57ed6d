import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mockMedia } from '../../../src/mock-server/index.js';
import { submits, temporaryFolder } from '../client/support.js';
import { jsonLines, run, start, startServer } from './support.js';

const video = Buffer.from(mockMedia('video'));
const recordsIn = async (cwd: string) =>
  (await readdir(join(cwd, '.reelwire/jobs'))).filter((name) => name.endsWith('.jsonl')).length;

/** A server, and a folder to run commands in. */
async function place(options?: Parameters<typeof startServer>[0]) {
  const { server, env } = await startServer(options);
  const cwd = await temporaryFolder();
  return {
    ...{ server, cwd, env },
    reelwire: (...words: string[]) => run(words, { env, cwd }),
    begin: (...words: string[]) => start(words, { env, cwd }),
    complete: () => {
      for (const job of server.jobs) job.complete();
    },
  };
}

describe('generate --key', () => {
  it('follows the same job when it is given again, and submits it once', async () => {
    const { server, cwd, reelwire } = await place();
    const words = ['generate', 'Explain blockchain', '--key', 'order-7', '-o', 'out.mp4', '--json'];
    const [first, again] = [await reelwire(...words), await reelwire(...words)];
    const [job, same] = [first, again].map(({ stdout }) => jsonLines(stdout)[0]);
    expect(job).toEqual({ type: 'submitted', jobId: expect.stringMatching(/^job-/), key: 'order-7' });
    expect(same).toEqual(job);
    expect([first.code, again.code, submits(server)]).toEqual([0, 0, 1]);
    expect(await readFile(join(cwd, 'out.mp4'))).toEqual(video);
  });

  it('says whether it submitted the job, or a command before it did', async () => {
    const { complete, reelwire } = await place({ manual: true });
    const words = ['generate', 'Explain blockchain', '--key', 'order-7'];
    const id = (await reelwire(...words, '--no-wait')).stdout.trim();
    expect((await reelwire(...words, '--no-wait')).stderr).toMatch(/^Submitted before\. Follow it with:/);
    complete();
    expect((await reelwire(...words)).stderr).toMatch(new RegExp(`^Resumed job ${id}$`, 'm'));
  });

  it('says at Ctrl-C that the same command goes on, and that does', async () => {
    const { server, begin, reelwire } = await place({ manual: true });
    const words = ['generate', 'Explain blockchain', '--key', 'order-7'];
    const running = begin(...words);
    await running.until(/over (websocket|sse|polling)/);
    running.interrupt();
    const { code, stderr } = await running.ended;
    const [job] = [...server.jobs];
    expect(stderr).toContain(
      `Detached from job ${job?.id}; the server continues. Resume with:\n  reelwire watch ${job?.id}\n` +
        'Or give the same command again: with its --key it goes on with the same job, and makes no other.\n',
    );
    const again = await reelwire(...words, '--no-wait');
    expect({ code, id: again.stdout.trim(), submits: submits(server) }).toEqual({
      ...{ code: 130, id: job?.id },
      submits: 1,
    });
  });

  it('says so of a job whose time was too short, and exits 3, as resume does', async () => {
    const { reelwire } = await place({ manual: true });
    const short = ['--timeout-seconds', '1'];
    const first = await reelwire('generate', 'x', '--key', 'order-7', ...short);
    expect(first.stderr).toContain('Or give the same command again: with its --key');
    const { code, stderr } = await reelwire('resume', ...short);
    expect(stderr).toMatch(
      /The job may still be running\.\nIt comes again at the next resume\. Give it up with:\n {2}reelwire jobs forget order-7\n$/,
    );
    expect([first.code, code]).toEqual([3, 3]);
  });

  it('says where no answer had come that the same command makes no second job', async () => {
    const { server, begin } = await place({ faults: [{ route: 'generate', type: 'stall' }] });
    const running = begin('generate', 'x', '--key', 'order-7');
    await expect.poll(() => submits(server)).toBe(1);
    running.interrupt();
    expect((await running.ended).stderr).toContain(
      'the job may have been submitted. Give the same command again: with its --key it makes no second one.',
    );
  });

  it('refuses another input under a key, and sends nothing', async () => {
    const { server, reelwire } = await place({ manual: true });
    await reelwire('generate', 'Explain blockchain', '--key', 'order-7', '--no-wait');
    const { code, stderr } = await reelwire('generate', 'Something else', '--key', 'order-7', '--no-wait');
    expect({ code, submits: submits(server) }).toEqual({ code: 2, submits: 1 });
    expect(stderr).toContain('key "order-7" is that of a submit with another input');
    expect(stderr).toContain('Give another --key, or forget this one first');
  });

  it('is what makes the folder: without it there is none', async () => {
    const { cwd, reelwire } = await place({ manual: true });
    expect((await reelwire('generate', 'x', '--no-wait')).code).toBe(0);
    expect(await readdir(cwd)).toEqual([]);
    expect((await reelwire('generate', 'x', '--no-wait', '--key', 'order-7')).code).toBe(0);
    expect(await recordsIn(cwd)).toBe(1);
  });

  it('refuses what cannot be a key before anything is sent', async () => {
    const { server, cwd, reelwire } = await place();
    const { code, stderr } = await reelwire('generate', 'x', '--key', 'two words');
    expect({ code, submits: submits(server), files: await readdir(cwd) }).toEqual({
      ...{ code: 2, submits: 0 },
      files: [],
    });
    expect(stderr).toContain('key must be 1 to 255 printable ASCII characters');
  });
});

describe('resume', () => {
  it('goes on after a process that was killed, saves where that would have, and forgets the job', async () => {
    const { server, cwd, begin, complete, reelwire } = await place({ manual: true });
    const killed = begin('generate', 'Explain blockchain', '--key', 'order-7', '-o', 'out.mp4');
    await killed.until(/Submitted job[\s\S]*over (websocket|sse|polling)/);
    killed.interrupt('SIGKILL');
    expect((await killed.ended).code).toBeNull();
    complete();

    const { code, stdout, stderr } = await reelwire('resume');
    expect(stderr).toMatch(/^Resumed job job-\w+ of key order-7$/m);
    expect(stdout).toBe(`Saved ${join(cwd, 'out.mp4')} (14.2 kB)\n`);
    expect(await readFile(join(cwd, 'out.mp4'))).toEqual(video);
    expect({ code, submits: submits(server), records: await recordsIn(cwd) }).toEqual({
      ...{ code: 0, submits: 1 },
      records: 0,
    });
  }, 90_000);

  it('says that there is nothing, and makes no folder', async () => {
    const { cwd, reelwire } = await place();
    expect(await reelwire('resume')).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'No jobs were left in .reelwire/jobs.\n',
    });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('says what is unknown and what to do, submits nothing, and takes the job that is found', async () => {
    const { server, cwd, complete, reelwire } = await place({
      ...{ manual: true, faults: [{ route: 'generate', type: 'reset', at: 'after-handling', times: 1 }] },
    });
    const lost = await reelwire('generate', 'x', '--key', 'order 7'.replace(' ', "'"), '-o', 'out.mp4');
    expect(lost.code).toBe(3);
    const unknown = await reelwire('resume');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('Look for the job on the server first.');
    const key = `'order'\\''7'`;
    for (const { stderr } of [lost, unknown]) {
      expect(stderr).toContain(
        `reelwire jobs adopt ${key} JOBID; where it is not, reelwire jobs forget ${key}`,
      );
    }
    const [job] = [...server.jobs];
    expect((await reelwire('jobs', 'adopt', "order'7", job?.id ?? '')).stdout).toBe(
      `Job ${job?.id} is that of order'7\n`,
    );
    complete();
    expect((await reelwire('resume')).code).toBe(0);
    expect(await readFile(join(cwd, 'out.mp4'))).toEqual(video);
    expect(submits(server)).toBe(1);
  });

  it('tells each job with --json, saves into a folder, and tells of a failed one once', async () => {
    const { server, cwd, reelwire } = await place({ manual: true });
    for (const key of ['a', 'b', 'c']) await reelwire('generate', 'x', '--key', key, '--no-wait');
    const [a, b, c] = [...server.jobs];
    a?.complete();
    b?.fail('out of paper');
    c?.complete();
    await mkdir(join(cwd, 'videos'));
    const { code, stdout, stderr } = await reelwire('resume', '--json', '-o', 'videos');
    const told = jsonLines(stdout);
    const keysOf = (wanted: string) => told.filter(({ type }) => type === wanted).map(({ key }) => key);
    expect(keysOf('resumed').sort()).toEqual(['a', 'b', 'c']);
    expect(keysOf('forgotten').sort()).toEqual(['a', 'b', 'c']);
    expect(told.filter(({ type }) => type === 'error')).toEqual([
      expect.objectContaining({ code: 'job-failed', key: 'b', jobId: b?.id }),
    ]);
    expect(stderr).toContain('failed: out of paper');
    expect((await readdir(join(cwd, 'videos'))).length).toBe(2);
    expect({ code, records: await recordsIn(cwd) }).toEqual({ code: 1, records: 0 });
  });

  it('keeps the record of a job whose video nobody saved, and says how to', async () => {
    const { server, cwd, complete, reelwire } = await place({ manual: true });
    await reelwire('generate', 'x', '--key', 'order-7', '--no-wait');
    complete();
    const { code, stdout, stderr } = await reelwire('resume');
    const [job] = [...server.jobs];
    expect(stdout).toBe(`Job ${job?.id} is completed\n`);
    expect(stderr).toContain(
      `  reelwire download --output video.mp4 ${job?.id}\n  reelwire jobs forget order-7`,
    );
    expect({ code, records: await recordsIn(cwd) }).toEqual({ code: 0, records: 1 });
  });

  it('keeps the record of a job whose video could not be saved', async () => {
    const { cwd, complete, reelwire } = await place({
      ...{ manual: true, faults: [{ route: 'download', type: 'status', status: 403 }] },
    });
    await reelwire('generate', 'x', '--key', 'order-7', '--no-wait', '-o', 'out.mp4');
    complete();
    const { code, stderr } = await reelwire('resume');
    expect(stderr).toContain('Give it up with:\n  reelwire jobs forget order-7');
    expect(code).not.toBe(0);
    expect({ records: await recordsIn(cwd), saved: existsSync(join(cwd, 'out.mp4')) }).toEqual({
      ...{ records: 1, saved: false },
    });
  });

  it('detaches at Ctrl-C, and prints itself', async () => {
    const { cwd, begin, reelwire } = await place({ manual: true });
    await reelwire('generate', 'x', '--key', 'order-7', '--jobs', 'my jobs', '--no-wait');
    const running = begin('resume', '--jobs', 'my jobs');
    await running.until(/over (websocket|sse|polling)/);
    running.interrupt();
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /Detached from job job-\w+; the server continues\. Resume with:\n {2}reelwire resume --jobs 'my jobs'\n$/,
    );
    expect(await readdir(cwd)).toEqual(['my jobs']);
  });

  it('leaves jobs of another server alone, and says so', async () => {
    const { cwd, reelwire } = await place({ manual: true });
    await reelwire('generate', 'x', '--key', 'order-7', '--no-wait');
    const other = await startServer();
    const { code, stderr } = await run(['resume'], { env: other.env, cwd });
    expect(stderr).toContain('1 left alone: they are of another server');
    expect({ code, records: await recordsIn(cwd) }).toEqual({ code: 0, records: 1 });
  });

  it('takes a folder for videos alone', async () => {
    const { reelwire } = await place();
    const { code, stderr } = await reelwire('resume', '-o', 'out.mp4');
    expect(code).toBe(2);
    expect(stderr).toContain('--output: out.mp4 is no folder');
  });
});

describe('jobs', () => {
  it('lists what is kept and forgets it, without a server', async () => {
    const { server, cwd, reelwire } = await place({ manual: true });
    for (const key of ['order-7', 'order-8']) await reelwire('generate', 'x', '--key', key, '--no-wait');
    const ids = [...server.jobs].map(({ id }) => id);
    await server.close();
    const offline = (...words: string[]) => run(words, { cwd });
    const { stdout } = await offline('jobs', 'list');
    expect(stdout.trimEnd().split('\n').sort()).toEqual(
      ids.map((id, index) =>
        expect.stringMatching(
          new RegExp(`^order-${index + 7}  submitted {3}${id}  \\d+ s ago  soraGateway ${server.url}/?$`),
        ),
      ),
    );
    const listed = jsonLines((await offline('jobs', 'list', '--json')).stdout);
    expect(listed).toContainEqual(
      expect.objectContaining({ type: 'record', key: 'order-7', state: 'submitted', jobId: ids[0] }),
    );
    expect(JSON.stringify(listed)).not.toContain('idempotencyKey');

    expect(await offline('jobs', 'forget', 'order-7', 'order-8')).toMatchObject({
      ...{ code: 0, stdout: 'Forgot order-7\nForgot order-8\n' },
    });
    expect(await offline('jobs', 'list')).toEqual({
      ...{ code: 0, stdout: '', stderr: 'There are no jobs in .reelwire/jobs.\n' },
    });
  });

  it('says of a key that there is no record of it, and exits 2', async () => {
    const { reelwire } = await place();
    for (const words of [
      ['forget', 'nobody'],
      ['adopt', 'nobody', 'job-1'],
    ]) {
      const { code, stderr } = await reelwire('jobs', ...words);
      expect(code).toBe(2);
      expect(stderr).toContain('there is no record of key "nobody"');
      expect(stderr).toContain('reelwire jobs list');
    }
  });
});

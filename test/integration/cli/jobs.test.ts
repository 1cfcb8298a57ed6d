import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mockMedia } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';
import { submits, temporaryFolder } from '../client/support.js';
import { jsonLines, run, start, startServer } from './support.js';

const video = Buffer.from(mockMedia('video'));
const ESCAPE = '\u001b';

describe('generate', () => {
  it('saves the whole video, and tells of it in plain lines where there is no terminal', async () => {
    const { env } = await startServer();
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await run(['generate', 'Explain blockchain', '-o', 'out.mp4'], {
      env,
      cwd,
    });
    expect(stderr).toMatch(/^Submitted job job-\w+$/m);
    expect(stderr).toMatch(/^job-\w+: processing \d+ % over websocket, \d+ s$/m);
    expect(stdout).toBe('Saved out.mp4 (14.2 kB)\n');
    expect(stdout + stderr).not.toContain(ESCAPE);
    expect(code).toBe(0);
    expect(await readFile(join(cwd, 'out.mp4'))).toEqual(video);
  });

  it('writes nothing but JSON to stdout with --json, one object a line', async () => {
    const { env } = await startServer();
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await run(['generate', 'x', '-o', 'out.mp4', '--json'], { env, cwd });
    const events = jsonLines(stdout);
    expect(events[0]).toEqual({ type: 'submitted', jobId: expect.stringMatching(/^job-/) });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'update', status: 'completed', progress: 100 }),
    );
    expect(events.at(-1)).toMatchObject({ type: 'saved', path: 'out.mp4', bytes: video.length });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('prints the id alone with --no-wait, and the commands that follow take it', async () => {
    const { server, env } = await startServer({ manual: true });
    const { code, stdout, stderr } = await run(['generate', 'x', '--no-wait'], { env });
    const id = stdout.trimEnd();
    expect(stderr).toContain(`reelwire watch ${id}`);
    expect(code).toBe(0);
    server.jobs.get(id)?.complete();
    expect((await run(['watch', id], { env })).stdout).toBe(`Job ${id} is completed\n`);
  });

  it('exits 1 for a job that failed, and shows the reason as text', async () => {
    const { env } = await startServer({ failWith: `out of \u001b[2Jpaper\u009b1m` });
    const { code, stderr } = await run(['generate', 'x'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('failed: out of \\u{1b}[2Jpaper\\u{9b}1m');
    expect(stderr).not.toContain(ESCAPE);
  });

  it('keeps JSON free of what a terminal would obey', async () => {
    const failWith = 'a \u001b[2J \u009b \u202e end';
    const { env } = await startServer({ failWith });
    const { stdout } = await run(['generate', 'x', '--json'], { env });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that must not be there.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(jsonLines(stdout)).toContainEqual(expect.objectContaining({ type: 'update', error: failWith }));
  });

  it('submits nothing where the video could not be saved', async () => {
    const { server, env } = await startServer();
    const { code, stderr } = await run(['generate', 'x', '-o', '/nowhere/out.mp4'], { env });
    expect({ code, submits: submits(server) }).toEqual({ code: 2, submits: 0 });
    expect(stderr).toContain('nothing can be written to /nowhere');
  });

  it('reads scenes from stdin and images from files for vidBuilder', async () => {
    const { server, env } = await startServer();
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'logo.png'), Buffer.from('\x89PNG', 'latin1'));
    const scenes = [{ type: 'hero-title', duration: 3, content: { title: 'Hello' } }];
    const flags = [
      '--backend',
      'vid-builder',
      '--webhook-url',
      'https://example.com/hook',
      '--image',
      'logo.png',
    ];
    const outcome = await run(['generate', '--input', '-', '-o', 'out.mp4', ...flags], {
      ...{ env: { ...env, REELWIRE_USERNAME: 'u', REELWIRE_PASSWORD: 'p' }, cwd },
      input: JSON.stringify({ scenes }),
    });
    expect(outcome.stderr).toMatch(/completed 100 % over polling/);
    const request = server.requests.find(({ route }) => route === 'generate');
    expect(request?.files.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['logo.png', 'image/png'],
    ]);
    expect(request?.headers.authorization).toBe(`Basic ${btoa('u:p')}`);
  });

  it('gives a prompt and a model to openAIVideos, with the token of a file', async () => {
    const { server, env } = await startServer({ auth: { type: 'bearer', token: 'sk-secret' } });
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'token'), 'sk-secret\n');
    const flags = ['--backend', 'openAIVideos', '--model', 'sora-2', '--token-file', 'token', '--no-wait'];
    const { code, stdout, stderr } = await run(['generate', 'A cat', ...flags], { env, cwd });
    expect({ code, leaked: (stdout + stderr).includes('sk-secret') }).toEqual({ code: 0, leaked: false });
    expect(server.requests[0]?.body).toMatchObject({ model: 'sora-2', prompt: 'A cat' });
  });

  it.each([
    ['soraGateway', '--model', 'sora-2'],
    ['soraGateway', '--webhook-url', 'https://example.com/hook'],
    ['openAIVideos', '--wallet', '0x1'],
    ['replicate', '--webhook-url', 'https://example.com/hook'],
    ['vidBuilder', '--model', 'm'],
    ['comfyUI', '--model', 'm'],
  ])('refuses what the backend %s makes nothing of: %s', async (backend, flag, value) => {
    const { server, env } = await startServer();
    const given = ['generate', 'A cat', '--backend', backend, flag, value, '--no-wait'];
    const { code, stderr } = await run(given, { env: { ...env, REPLICATE_API_TOKEN: 't' } });
    expect({ code, submits: submits(server) }).toEqual({ code: 2, submits: 0 });
    expect(stderr).toContain(`the backend ${backend} takes no ${flag}`);
  });

  it('takes a variable for that of another backend', async () => {
    const { env } = await startServer();
    const both = { ...env, REELWIRE_WALLET: '0x1', REELWIRE_MODEL: 'sora-2' };
    expect(await run(['generate', 'A cat', '--no-wait'], { env: both })).toMatchObject({ code: 0 });
  });

  it('reads the prompt from stdin where it is a hyphen', async () => {
    const { server, env } = await startServer();
    const input = 'Explain blockchain,\nslowly\n';
    const outcome = await run(['generate', '-', '--wallet', '0x1', '--no-wait'], { env, input });
    expect(outcome).toMatchObject({ code: 0 });
    expect(server.requests[0]?.body).toMatchObject({ script: 'Explain blockchain,\nslowly' });
  });

  it('reads what Windows wrote with a byte order mark in front: a prompt, the input, variables', async () => {
    const { server, env } = await startServer();
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'video.env'), '\uFEFFREELWIRE_WALLET=0x1\n');
    const words = ['--config', 'video.env', '--no-wait'];
    const options = { env, cwd };
    const prompt = await run(['generate', '-', ...words], { ...options, input: '\uFEFFA cat\n' });
    const file = await run(['generate', '--input', '-', ...words], {
      ...options,
      input: '\uFEFF{"script":"A dog"}',
    });
    expect([prompt.code, file.code]).toEqual([0, 0]);
    expect(server.requests.map(({ body }) => body)).toMatchObject([
      { walletAddress: '0x1', script: 'A cat' },
      { walletAddress: '0x1', script: 'A dog' },
    ]);
  });

  it.each([
    ['nothing', '\n', [], 'is empty'],
    ['more than a prompt', 'x'.repeat(1024 * 1024 + 1), [], 'more than 1048576 bytes'],
    ['two things', '{}', ['--input', '-'], 'cannot both be read from stdin'],
    ['a prompt for scenes', 'x', ['--backend', 'vidBuilder'], 'takes scenes'],
  ])('submits nothing where stdin holds %s', async (_, input, flags, told) => {
    const { server, env } = await startServer();
    const { code, stderr } = await run(['generate', '-', ...flags], { env, input });
    expect({ code, submits: submits(server) }).toEqual({ code: 2, submits: 0 });
    expect(stderr).toContain(told);
  });
});

describe('list', () => {
  const backend = ['--backend', 'openAIVideos'];

  it('has a line for each job, and the command for the next page', async () => {
    const { server, env } = await startServer();
    const submit = (prompt: string) =>
      fetch(`${server.url}/v1/videos`, { method: 'POST', body: JSON.stringify({ prompt }) });
    for (const prompt of ['a', 'b', 'c']) await submit(prompt);
    const ids = [...server.jobs].map(({ id }) => id).reverse();
    const first = await run(['list', ...backend, '--limit', '2'], { env });
    expect(first.stdout).toMatch(new RegExp(`^${ids[0]}  \\w+ .* %\n${ids[1]}  \\w+ .* %\n$`));
    const more = `reelwire list ${backend.join(' ')} --limit 2 --after ${ids[1]}`;
    expect(first.stderr).toBe(`There are more:\n  ${more}\n`);
    const second = await run([...more.split(' ').slice(1), '--json'], { env });
    expect(jsonLines(second.stdout)).toMatchObject([
      { type: 'job', jobId: ids[2] },
      { type: 'page', hasMore: false },
    ]);
    expect(second).toMatchObject({ code: 0, stderr: '' });
  });

  it('exits 2 for a backend that has none', async () => {
    const { code, stderr } = await run(['list']);
    expect(stderr).toContain('the backend soraGateway has no list of jobs');
    expect(code).toBe(2);
  });
});

describe('REELWIRE_LOG', () => {
  it('tells each call on stderr, without a secret, and leaves stdout to JSON', async () => {
    const { server, env } = await startServer({ auth: { type: 'bearer', token: 'sk-secret' } });
    server.jobs.create({ id: 'j1', manual: true });
    const log = { ...env, REELWIRE_LOG: 'debug', REELWIRE_TOKEN: 'sk-secret' };
    const { code, stdout, stderr } = await run(['status', 'j1', '--json'], { env: log });
    expect(stderr).toMatch(/^[\d:.]+ debug .*GET .*\/api\/videos\/status\/j1 .*200/m);
    expect(stderr).not.toContain('sk-secret');
    expect(jsonLines(stdout)).toMatchObject([{ type: 'status' }]);
    expect(code).toBe(0);
  });

  it('is silent where it is not set, and says no more than its level', async () => {
    const { env } = await startServer({ manual: false, faults: [{ route: 'websocket', type: 'refuse' }] });
    const plain = await run(['generate', 'x', '--json'], { env });
    expect(plain.stderr).toBe('');
    const info = await run(['generate', 'x', '--json'], { env: { ...env, REELWIRE_LOG: 'info' } });
    expect(info.stderr).toMatch(/^[\d:.]+ info .*WebSocket/m);
    expect(info.stderr).not.toMatch(/debug/);
  });

  it('exits 2 for a level that there is not', async () => {
    const { code, stderr } = await run(['status', 'j1'], { env: { REELWIRE_LOG: 'loud' } });
    expect(stderr).toContain('Choose from debug, info, warn, error, silent.');
    expect(code).toBe(2);
  });
});

describe('credentials', () => {
  it('come from a file of variables, which those that are set win over', async () => {
    const { server } = await startServer({ auth: { type: 'bearer', token: 'sk-good' } });
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'video.env'), `REELWIRE_BASE_URL=${server.url}\nREELWIRE_TOKEN=sk-good\n`);
    server.jobs.create({ id: 'j1', manual: true });
    const args = ['status', 'j1', '--config', 'video.env'];
    expect((await run(args, { cwd })).code).toBe(0);
    const refused = await run(args, { cwd, env: { REELWIRE_TOKEN: 'sk-bad' } });
    expect(refused.code).toBe(4);
    expect(refused.stdout + refused.stderr).not.toMatch(/sk-/);
    expect(refused.stderr).toContain('Check REELWIRE_TOKEN, or --token-file.');
  });

  it('of a file with a name that there is not go to no server', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'video.env'), 'REELWIRE_BASEURL=https://videos.example.com\n');
    const { code, stderr } = await run(['generate', 'x', '--config', 'video.env'], { cwd });
    expect(stderr).toContain('Did you mean REELWIRE_BASE_URL?');
    expect(code).toBe(2);
  });
});

describe('status', () => {
  it('has a line for each job, and exits 1 where one is not there', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'a', manual: true }).advance({ status: 'processing', progress: 40 });
    server.jobs.create({ id: 'b', manual: true }).fail('no credits');
    const both = await run(['status', 'a', 'b'], { env });
    expect(both.stdout).toMatch(/^a {2}processing {3}40 %$/m);
    expect(both.stdout).toMatch(/^b {2}failed {8}0 % {2}no credits$/m);
    expect(both.code).toBe(0);
    const missing = await run(['status', 'a', 'nope', '--json'], { env });
    expect(jsonLines(missing.stdout)).toMatchObject([
      { type: 'status', jobId: 'a', status: 'processing', progress: 40 },
      { type: 'error', jobId: 'nope', code: 'not-found' },
    ]);
    expect(missing.code).toBe(1);
  });

  it('tells no percentage before the server gives one', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'a', manual: true });
    expect((await run(['status', 'a'], { env })).stdout).toBe('a  queued\n');
    const { stdout } = await run(['status', 'a', '--json'], { env });
    expect(jsonLines(stdout)).toMatchObject([{ status: 'queued', progress: 0, indeterminate: true }]);
  });
});

describe('cancel', () => {
  const backend = ['--backend', 'openAIVideos'];

  it('ends jobs at the server, and leaves those alone that have ended', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'runs', dialect: 'openAIVideos', manual: true });
    server.jobs.create({ id: 'done', dialect: 'openAIVideos', manual: true }).complete();
    const { code, stdout } = await run(['cancel', 'runs', 'done', 'runs', ...backend], { env });
    expect(stdout).toMatch(/^runs {2}failed .*\ndone {2}completed {3}100 %\n$/);
    expect(code).toBe(0);
    const deleted = server.requests.filter(({ method }) => method === 'DELETE').map(({ jobId }) => jobId);
    expect(deleted).toEqual(['runs']);
    expect(server.jobs.has('done')).toBe(true);
  });

  it('exits 1 where the job goes on, and says so', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', dialect: 'openAIVideos', manual: true });
    server.faults.add({ type: 'status', status: 409, route: 'delete' });
    const { code, stdout } = await run(['cancel', 'j1', ...backend, '--json'], { env });
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'cancel', jobId: 'j1', ended: false, status: 'queued' },
    ]);
    expect(code).toBe(1);
  });

  it('exits 2 for a backend that cannot, and 1 for a job that is not there', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true });
    const cannot = await run(['cancel', 'j1'], { env });
    expect(cannot.stderr).toContain('soraGateway cannot cancel');
    const missing = await run(['cancel', 'nope', ...backend], { env });
    expect([cannot.code, missing.code]).toEqual([2, 1]);
  });
});

describe('watch', () => {
  it('follows several jobs to their ends, and exits 1 where one failed', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'good', durationMs: 300 });
    server.jobs.create({ id: 'bad', durationMs: 300, failWith: 'too long' });
    const { code, stdout } = await run(['watch', 'good', 'bad', 'good', '--json'], { env });
    const ends = jsonLines(stdout).filter(({ status }) => status === 'completed' || status === 'failed');
    expect(ends.map(({ jobId, status }) => `${jobId} ${status}`).sort()).toEqual([
      'bad failed',
      'good completed',
    ]);
    expect(code).toBe(1);
  });

  it('does not save the videos of several jobs into one file', async () => {
    const { server, env } = await startServer();
    const { code, stderr } = await run(['watch', '-o', 'a.mp4', 'j', 'k'], { env });
    expect({ code, requests: server.requests.length }).toEqual({ code: 2, requests: 0 });
    expect(stderr).toContain('--output takes the video of one job');
  });
});

describe('download', () => {
  it('uses the name of the server in a folder, and replaces nothing there', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true }).complete();
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, 'videos'));
    const { code, stdout } = await run(['download', 'j1', '-o', 'videos'], { env, cwd });
    const path = /^Saved (\S+)/.exec(stdout)?.[1] ?? '';
    expect(path).toMatch(/^videos\/.+\.mp4$/);
    expect(code).toBe(0);
    expect(await readFile(join(cwd, path))).toEqual(video);
    const again = await run(['download', 'j1', '-o', 'videos'], { env, cwd });
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${path} is there already`),
    });
  });

  it('keeps both videos where two commands save under one name at once', async () => {
    const cwd = await temporaryFolder();
    const { url } = await listen(async (request, response) => {
      const id = new URL(request.url ?? '', 'http://server').searchParams.get('jobId') ?? '';
      response.writeHead(200, {
        ...{ 'content-type': 'video/mp4', 'content-length': id.length + 1 },
        'content-disposition': 'attachment; filename="video.mp4"',
      });
      response.write('\0');
      // Both have looked for the name, and begun to write beside it.
      while ((await readdir(cwd)).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      response.end(id);
    });
    const env = { REELWIRE_BASE_URL: url };
    const both = await Promise.all(['aaaa', 'bbbb'].map((id) => run(['download', id], { env, cwd })));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const told = both.map(({ stdout }) => /^Saved (\S+)/.exec(stdout)?.[1] ?? '');
    expect((await readdir(cwd)).sort()).toEqual(['video-2.mp4', 'video.mp4']);
    const videos = await Promise.all(told.map((path) => readFile(join(cwd, path), 'utf8')));
    expect(videos).toEqual(['\0aaaa', '\0bbbb']);
  });

  it('writes the video to stdout with -o -, and nothing else', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true }).complete();
    const running = start(['download', 'j1', '-o', '-'], { env });
    const { code } = await running.ended;
    expect(code).toBe(0);
    expect(Buffer.from(await running.until(/^/), 'latin1').subarray(0, video.length)).toEqual(video);
  });
});

describe('how to go on', () => {
  it('is a command that is no shorter than the default where following timed out', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true });
    const { code, stderr } = await run(['watch', 'j1', '--timeout-seconds', '1', '-o', 'a.mp4'], { env });
    expect(stderr).toMatch(
      /^Error: job j1 did not end within 1000 ms\n {2}The job may still be running\.\nResume with:\n {2}reelwire watch --output a\.mp4 j1\n$/m,
    );
    expect(stderr.match(/resume/gi)).toHaveLength(1);
    expect(code).toBe(3);
  });

  it('is told by the error itself to programs', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true });
    const { code, stdout } = await run(['watch', 'j1', '--timeout-seconds', '1', '--json'], { env });
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      ...{ type: 'error', code: 'job-timeout' },
      hint: 'The job may still be running. Resume with reelwire watch j1, or give a larger --timeout-seconds.',
    });
    expect(code).toBe(3);
  });

  it('is one command for all jobs that did not end', async () => {
    const { server, env } = await startServer();
    for (const id of ['j1', 'j2']) server.jobs.create({ id, manual: true });
    server.jobs.create({ id: 'j3', manual: true }).fail('no paper');
    const { code, stderr } = await run(['watch', 'j1', 'j2', 'j3', '--timeout-seconds', '1'], { env });
    expect(stderr).toMatch(/Resume with:\n {2}reelwire watch j1 j2\n$/);
    expect(stderr.match(/resume/gi)).toHaveLength(1);
    expect(code).toBe(3);
  });

  it('is no command that can do no better than this one', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true }).complete();
    const nobody = await run(['watch', ''], { env });
    expect(nobody.stderr).toBe(
      'Error: the id of the job is empty\n  Give the id of the job as the server gave it.\n',
    );
    const { code, stderr } = await run(['download', 'j1', '--variant', 'nope', '-o', 'a.mp4'], { env });
    expect(stderr).toContain('Resume with:\n  reelwire download --output a.mp4 j1\n');
    expect([nobody.code, code]).toEqual([2, 2]);
  });

  it('is not said of a job that is not there', async () => {
    const { env } = await startServer();
    const { code, stderr } = await run(['watch', 'nope', '--transports', 'polling'], { env });
    expect(stderr).not.toContain('Resume with:');
    expect(code).toBe(1);
  });

  it('is in words of the command for the video of a job that still runs', async () => {
    const { server, env } = await startServer();
    server.jobs.create({ id: 'j1', manual: true });
    const { stderr } = await run(['download', 'j1'], { env });
    expect(stderr).toContain('reelwire watch j1');
    expect(stderr).not.toMatch(/client|completed\(\)|subscribe/);
  });
});

describe('doctor', () => {
  it('reports each transport, and exits 0 when one works', async () => {
    const { env } = await startServer({ faults: [{ type: 'status', status: 403, route: 'websocket' }] });
    const { code, stdout } = await run(['doctor'], { env });
    expect(stdout).toMatch(/^✗ websocket /m);
    expect(stdout).toMatch(/^✓ sse /m);
    expect(stdout).toMatch(/^✓ polling /m);
    expect(stdout).toContain('Jobs are followed over sse.');
    expect(code).toBe(0);
  });

  it('exits 1 when nothing works, and says what to do', async () => {
    const { server, env } = await startServer();
    await server.close();
    const { code, stdout } = await run(['doctor', '--json'], { env });
    expect(jsonLines(stdout)).toMatchObject([{ type: 'diagnosis', ok: false }]);
    expect(stdout).toContain('--base-url has its host and port');
    expect(stdout).not.toMatch(/that baseUrl/);
    expect(code).toBe(1);
  });
});

describe('exit codes', () => {
  it.each([
    ['no command', []],
    ['an unknown flag', ['generate', 'x', '--nonsense']],
    ['nothing to generate', ['generate']],
    ['a prompt for a backend of scenes', ['generate', 'x', '--backend', 'vidBuilder']],
    ['an unknown backend', ['status', 'j', '--backend', 'veo']],
    ['an unknown transport', ['status', 'j', '--transports', 'websocket,carrier-pigeon']],
    ['a base URL that is none', ['status', 'j', '--base-url', 'localhost']],
    ['a file that is not there', ['generate', '--input', 'nowhere.json']],
    ['stdout for two things', ['download', 'j', '-o', '-', '--json']],
  ])('2 for %s', async (_, args) => {
    const { code, stderr } = await run(args);
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
    expect(code).toBe(2);
  });

  it('3 where nothing answers', async () => {
    const { server, env } = await startServer();
    await server.close();
    expect((await run(['generate', 'x'], { env })).code).toBe(3);
  });

  it.runIf(process.platform !== 'win32')(
    '143 where the system ends it, and it still says how to go on',
    async () => {
      const { server, env } = await startServer({ manual: true });
      server.jobs.create({ id: 'j1' });
      const running = start(['watch', 'j1'], { env });
      await running.until(/queued/);
      running.interrupt('SIGTERM');
      const { code, stderr } = await running.ended;
      expect(stderr).toContain('Resume with:\n  reelwire watch j1\n');
      expect(code).toBe(143);
    },
  );

  it('0 where whoever reads has enough', async () => {
    const { env } = await startServer({ manual: true });
    const running = start(['status', ...Array.from({ length: 20 }, (_, index) => `j${index}`), '--json'], {
      env,
    });
    running.stopReading();
    expect((await running.ended).code).toBe(0);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mockMedia } from '../../../src/mock-server/index.js';
import { workflow } from '../../support/workflow.js';
import { submits, temporaryFolder } from '../client/support.js';
import { jsonLines, run, startServer } from './support.js';

const video = Buffer.from(mockMedia('video'));

const SERVICES = [
  { backend: 'openrouter', variable: 'OPENROUTER_API_KEY', model: 'google/veo-3.1' },
  { backend: 'replicate', variable: 'REPLICATE_API_TOKEN', model: 'google/veo-3.1' },
  { backend: 'runway', variable: 'RUNWAYML_API_SECRET', model: 'seedance2_5' },
  { backend: 'xai', variable: 'XAI_API_KEY', model: 'grok-imagine-video' },
  { backend: 'fal', variable: 'FAL_KEY', model: 'fal-ai/veo3.1' },
] as const;

/** The mock server in the place of the service; the key is in the service's own variable. */
async function service({ backend, variable }: (typeof SERVICES)[number], manual = false) {
  const { server } = await startServer({ auth: { type: 'bearer', token: 'sk-secret-key' }, manual });
  return {
    server,
    flags: ['--backend', backend, '--base-url', server.urlOf(backend)],
    env: { [variable]: 'sk-secret-key' },
  };
}

describe.each(SERVICES)('reelwire with --backend $backend', (one) => {
  it('makes a video of a prompt and a model, and never shows the key', async () => {
    const { server, flags, env } = await service(one);
    const cwd = await temporaryFolder();
    const args = ['generate', ...flags, '--model', one.model, 'A paper boat', '-o', 'boat.mp4', '--json'];
    const log = { ...env, REELWIRE_LOG: 'debug' };
    const { code, stdout, stderr } = await run(args, { env: log, cwd });
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'saved', path: 'boat.mp4', bytes: video.length });
    expect(await readFile(join(cwd, 'boat.mp4'))).toEqual(video);
    expect(stderr).toContain('answered 20');
    expect(stdout + stderr).not.toContain('sk-secret');
    expect(code).toBe(0);
    expect(submits(server)).toBe(1);
  });

  it('asks, follows and downloads by the id alone, in other processes', async () => {
    const { server, flags, env } = await service(one, true);
    const made = await run(['generate', ...flags, '--model', one.model, 'x', '--no-wait'], { env });
    const id = made.stdout.trimEnd();
    expect(made.stderr).toContain(`reelwire watch --base-url ${flags[3]} --backend ${one.backend} ${id}`);
    const waiting = await run(['status', ...flags, id], { env });
    // Neither service tells a percentage.
    expect(waiting.stdout).toBe(`${id}  queued\n`);
    server.jobs.get(id)?.complete();
    expect((await run(['status', ...flags, id], { env })).stdout).toMatch(`${id}  completed`);
    expect((await run(['watch', ...flags, id], { env })).stdout).toBe(`Job ${id} is completed\n`);
    const cwd = await temporaryFolder();
    await run(['download', ...flags, id, '-o', 'x.mp4'], { env, cwd });
    expect(await readFile(join(cwd, 'x.mp4'))).toEqual(video);
  });

  it('exits 2, before anything is sent, where there is no key or no model, and names what to set', async () => {
    const { server, flags, env } = await service(one);
    const noKey = await run(['generate', '--backend', one.backend, '--model', one.model, 'x']);
    expect(noKey).toMatchObject({ code: 2, stderr: expect.stringContaining(`${one.variable} is not set`) });
    const noModel = await run(['generate', ...flags, 'x'], { env });
    expect(noModel).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Give --model, or REELWIRE_MODEL.'),
    });
    expect(noModel.stderr).not.toMatch(/client|\(\{/);
    expect(submits(server)).toBe(0);
  });

  it('exits 4 where the key is refused, and says which', async () => {
    const { flags } = await service(one);
    const env = { [one.variable]: 'sk-wrong-key' };
    const { code, stdout, stderr } = await run(['status', ...flags, 'a/b/requests/job-1'], { env });
    expect(stderr).toContain(`Check ${one.variable}, or --token-file.`);
    expect(stdout + stderr).not.toContain('sk-wrong');
    expect(code).toBe(4);
  });

  it('has its key in a file of variables, too', async () => {
    const { server, flags } = await service(one);
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'video.env'), `${one.variable}=sk-secret-key\nREELWIRE_MODEL=${one.model}\n`);
    const args = ['generate', ...flags, '--config', 'video.env', 'x', '--no-wait'];
    expect(await run(args, { cwd })).toMatchObject({ code: 0 });
    expect(submits(server)).toBe(1);
  });

  it('has its ways tried by doctor', async () => {
    const { flags, env } = await service(one);
    const { code, stdout } = await run(['doctor', ...flags], { env });
    expect(stdout).toMatch(/^✓ polling /m);
    expect(code).toBe(0);
  });
});

it('openRouter can neither cancel nor list, and the command says so', async () => {
  const { server, flags, env } = await service(SERVICES[0]);
  const { stdout } = await run(
    ['generate', ...flags, '--model', 'google/veo-3.1', 'x', '--no-wait'],
    ...[{ env }],
  );
  const cancelled = await run(['cancel', ...flags, stdout.trimEnd()], { env });
  expect(cancelled).toMatchObject({ code: 2, stderr: expect.stringContaining('openRouter cannot cancel') });
  const listed = await run(['list', ...flags], { env });
  expect(listed).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('openRouter has no list of jobs'),
  });
  expect(submits(server)).toBe(1);
});

describe('reelwire with --backend replicate', () => {
  const replicate = SERVICES[1];
  const submit = async (flags: readonly string[], env: Record<string, string>) => {
    const { stdout } = await run(['generate', ...flags, '--model', replicate.model, 'x', '--no-wait'], {
      env,
    });
    return stdout.trimEnd();
  };

  it('cancels', async () => {
    const { flags, env } = await service(replicate, true);
    const id = await submit(flags, env);
    const { code, stdout } = await run(['cancel', ...flags, id], { env });
    expect(stdout).toMatch(new RegExp(`^${id}  failed`));
    expect(code).toBe(0);
  });

  it('lists, a hundred a page, and goes on from a cursor', async () => {
    const { server, flags, env } = await service(replicate);
    for (let made = 0; made < 101; made++) server.jobs.create({ dialect: 'replicate', manual: true });
    const first = await run(['list', ...flags], { env });
    expect(first.stdout.trimEnd().split('\n')).toHaveLength(100);
    const cursor = /--after (\S+)\n$/.exec(first.stderr)?.[1] ?? '';
    const second = await run(['list', ...flags, '--after', cursor, '--json'], { env });
    expect(jsonLines(second.stdout)).toMatchObject([{ type: 'job' }, { type: 'page', hasMore: false }]);
    const limited = await run(['list', ...flags, '--limit', '3'], { env });
    expect(limited).toMatchObject({ code: 2, stderr: expect.stringContaining('Leave --limit out') });
  });
});

describe('reelwire with --backend comfyui', () => {
  it('makes a video of the workflow that ComfyUI exports, shows how far it is, and saves it', async () => {
    const { server } = await startServer({ durationMs: 1_500 });
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'workflow_api.json'), JSON.stringify(workflow()));
    const flags = ['--backend', 'comfyui', '--base-url', server.urlOf('comfyui')];
    const args = ['generate', ...flags, '--input', 'workflow_api.json', '-o', 'boat.mp4', '--json'];
    const { code, stdout, stderr } = await run(args, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    const lines = jsonLines(stdout);
    expect(lines.at(-1)).toMatchObject({ type: 'saved', path: 'boat.mp4', bytes: video.length });
    expect(await readFile(join(cwd, 'boat.mp4'))).toEqual(video);
    expect(lines).toContainEqual(expect.objectContaining({ message: 'SaveVideo', transport: 'websocket' }));
    expect(submits(server)).toBe(1);
  });

  it('takes other fields beside the workflow, and cancels', async () => {
    const { server } = await startServer({ manual: true });
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'job.json'), JSON.stringify({ workflow: workflow(), front: true }));
    const flags = ['--backend', 'comfyui', '--base-url', server.urlOf('comfyui')];
    const made = await run(['generate', ...flags, '--input', 'job.json', '--no-wait'], { cwd });
    const id = made.stdout.trim();
    expect(server.requests.at(-1)?.body).toMatchObject({ front: true, prompt_id: id });
    expect((await run(['cancel', ...flags, id])).code).toBe(0);
    expect(server.jobs.has(id)).toBe(false);
  });

  it('says what is missing before anything is sent: where the server is, or the workflow', async () => {
    const noPlace = await run(['status', '--backend', 'comfyui', 'x']);
    expect(noPlace).toMatchObject({ code: 2, stderr: expect.stringContaining('give --base-url') });
    const { server } = await startServer();
    const flags = ['--backend', 'comfyui', '--base-url', server.urlOf('comfyui')];
    const prompt = await run(['generate', ...flags, 'A paper boat']);
    expect(prompt).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('takes a workflow, not a prompt'),
    });
    expect(submits(server)).toBe(0);
  });
});

describe('reelwire with --backend fal', () => {
  const [fal] = SERVICES.filter(({ backend }) => backend === 'fal') as [(typeof SERVICES)[number]];

  it('takes a prompt beside a file of what the model takes, a picture, and where to report', async () => {
    const { server, flags, env } = await service(fal, true);
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'in.json'), JSON.stringify({ input: { duration: '4s' } }));
    await writeFile(join(cwd, 'a.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    const more = { REELWIRE_WEBHOOK_URL: 'https://app.test/hook', REELWIRE_MODEL: fal.model };
    const args = ['generate', ...flags, 'A boat', '--input', 'in.json', '--image', 'a.png', '--no-wait'];
    expect(await run(args, { env: { ...env, ...more }, cwd })).toMatchObject({ code: 0 });
    const [submit] = server.requests;
    const image_url = expect.stringMatching(/^data:image\/png;base64,/);
    expect(submit?.body).toEqual({ prompt: 'A boat', duration: '4s', image_url });
    expect(submit?.query).toEqual({ fal_webhook: 'https://app.test/hook' });
    const two = await run([...args, '--image', 'a.png'], { env: { ...env, ...more }, cwd });
    expect(two).toMatchObject({ code: 2, stderr: expect.stringContaining('fal takes one image') });
  });

  it('goes on by the bare id of a request where the model is set, and says what is wrong where not', async () => {
    const { server, flags, env } = await service(fal, true);
    const { id, upstreamId } = server.jobs.create({ dialect: 'fal' });
    const known = await run(['status', ...flags, upstreamId], { env: { ...env, REELWIRE_MODEL: fal.model } });
    expect(known.stdout).toBe(`${upstreamId}  queued\n`);
    const unknown = await run(['status', ...flags, upstreamId], { env });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('owner/app/requests/ID') });
    expect((await run(['cancel', ...flags, id], { env })).code).toBe(0);
    expect(server.jobs.get(id)?.ended).toBe(true);
  });

  it('tells what the model refused', async () => {
    const { flags, env } = await service(fal);
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'in.json'), JSON.stringify({ input: { duration: 8 } }));
    const args = ['generate', ...flags, '--model', fal.model, 'A boat', '--input', 'in.json'];
    const { code, stderr } = await run(args, { env, cwd });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("body.duration: Input should be '4s', '6s', '8s'"),
    ]);
  });
});

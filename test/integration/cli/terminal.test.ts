import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mockMedia } from '../../../src/mock-server/index.js';
import { submits, temporaryFolder } from '../client/support.js';
import { jsonLines, run, start, startInTerminal, startServer } from './support.js';

const video = Buffer.from(mockMedia('video'));
const CTRL_C = '\u0003';
const CLEAR_SCREEN = '\u001b[2J';
const SHOW_CURSOR = '\u001b[?25h';
const RED = '\u001b[31m';

it('a person sees a bar with percent, status, elapsed time and transport, and then where the video is', async () => {
  const { server, env } = await startServer({ manual: true, style: 'field', onSubmit: () => ({ id: 'j1' }) });
  const cwd = await temporaryFolder();
  const { ended, until } = await startInTerminal(['generate', 'Explain blockchain', '-o', 'out.mp4'], {
    env,
    cwd,
  });
  await until(/\d s +websocket/);
  server.jobs.get('j1')?.advance({ status: 'processing', progress: 10, message: 'Rendering' });
  await until(/█{2}░{18} +10 % +processing +\d+ s +websocket +Rendering/);
  server.jobs.get('j1')?.complete();
  const { code, text } = await ended;
  expect(text).toMatch(/█{20} +100 % +saved/);
  expect(text).toContain('Saved out.mp4 (14.2 kB)');
  expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  expect(code).toBe(0);
  expect(await readFile(join(cwd, 'out.mp4'))).toEqual(video);
});

it('a bar moves, and tells no percentage, until the server gives one', async () => {
  const { server, env } = await startServer({ manual: true, style: 'field', onSubmit: () => ({ id: 'j1' }) });
  const { ended, until } = await startInTerminal(['generate', 'Explain blockchain'], { env });
  // Two drawings, one after the other, of which the second has it elsewhere.
  expect(await until(/(░+)█{4}░+ +processing[^░█]+(?!\1█)░+█{4}░+ +processing/)).not.toContain('%');
  server.jobs.get('j1')?.advance({ progress: 10 });
  expect(await until(/█{2}░{18} +10 % +processing/)).not.toMatch(/(?<!1)0 %/);
  server.jobs.get('j1')?.complete();
  expect((await ended).text).toMatch(/█{20} +100 % +completed/);
});

it('Ctrl-C detaches with the id of the job, and the command it prints brings the video', async () => {
  const { server } = await startServer({ manual: true, onSubmit: () => ({ id: "it's job 7" }) });
  const cwd = await temporaryFolder();
  const flags = ['--base-url', server.url, '-o', 'my video.mp4'];
  const terminal = await startInTerminal(['generate', 'x', ...flags], { cwd });
  await terminal.until(/queued .* websocket/);
  terminal.type(CTRL_C);
  const { code, text } = await terminal.ended;
  expect(code).toBe(130);
  expect(text).toContain("Detached from job it's job 7; the server continues. Resume with:");
  expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  const resume = /^ {2}reelwire (watch .+?)\r?$/m.exec(text)?.[1] ?? '';
  // As a shell would read it.
  const words = [...resume.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\(')/g, '$1$2'),
  );
  server.jobs.get("it's job 7")?.complete();
  const resumed = await run(words, { cwd });
  expect({ code: resumed.code, submits: submits(server) }).toEqual({ code: 0, submits: 1 });
  expect(await readFile(join(cwd, 'my video.mp4'))).toEqual(video);
});

it('Ctrl-C detaches from each job that still runs, and from no other', async () => {
  const { server, env } = await startServer({ manual: true });
  for (const id of ['done', 'running', 'waiting']) server.jobs.create({ id });
  server.jobs.get('done')?.complete();
  const terminal = await startInTerminal(['watch', 'done', 'running', 'waiting'], { env });
  await terminal.until(/completed[\s\S]*queued[\s\S]*queued .* websocket/);
  terminal.type(CTRL_C);
  const { code, text } = await terminal.ended;
  expect(text).toContain('reelwire watch running waiting');
  expect(code).toBe(130);
});

it('a program that interrupts gets the command as JSON', async () => {
  const { env } = await startServer({ manual: true, onSubmit: () => ({ id: 'j1' }) });
  const running = start(['generate', 'x', '--json'], { env });
  await running.until(/"status":"queued"|"type":"transport"/);
  running.interrupt();
  const { code, stdout } = await running.ended;
  expect(jsonLines(stdout).at(-1)).toEqual({
    ...{ type: 'detached', jobIds: ['j1'] },
    resume: 'reelwire watch --json j1',
  });
  expect(code).toBe(130);
});

it('an interrupted submit says that the job may be there', async () => {
  const { server, env } = await startServer({ faults: [{ type: 'stall', route: 'generate' }] });
  const terminal = await startInTerminal(['generate', 'x'], { env });
  while (submits(server) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  terminal.type(CTRL_C);
  const { code, text } = await terminal.ended;
  expect(text).toContain('the job may have been submitted');
  expect(code).toBe(130);
});

it('nothing that a server says moves the cursor of a terminal', async () => {
  const { env } = await startServer({ failWith: `paper ${CLEAR_SCREEN} jam` });
  const { code, text } = await (await startInTerminal(['generate', 'x'], { env })).ended;
  expect(text).toContain('paper \\u{1b}[2J jam');
  expect(text).not.toContain(CLEAR_SCREEN);
  expect(code).toBe(1);
});

it('errors are red, unless NO_COLOR is set', async () => {
  const { env } = await startServer({ failWith: 'paper jam' });
  const coloured = await (await startInTerminal(['generate', 'x'], { env })).ended;
  expect(coloured.text).toContain(`${RED}Error:`);
  const plain = await (await startInTerminal(['generate', 'x'], { env: { ...env, NO_COLOR: '1' } })).ended;
  expect(plain.text).toContain('Error: job');
  expect(plain.text).not.toMatch(new RegExp(`${RED[0]}\\[\\d*m`));
});

it('a terminal that cannot move its cursor gets plain lines', async () => {
  const { server, env } = await startServer({ manual: true, onSubmit: () => ({ id: 'job-1' }) });
  const terminal = await startInTerminal(['generate', 'x'], { env: { ...env, TERM: 'dumb' } });
  await terminal.until(/^job-1: queued over websocket, \d+ s/m);
  server.jobs.get('job-1')?.advance({ status: 'processing', progress: 50 });
  await terminal.until(/50 %/);
  server.jobs.get('job-1')?.complete();
  const { text } = await terminal.ended;
  expect(text).toMatch(/^job-1: processing 50 % over websocket/m);
  expect(text).not.toContain('\u001b');
});

it('Ctrl-C while a video is saved leaves nothing in the folder, and says how to go on', async () => {
  const { server, env } = await startServer({ faults: [{ type: 'trickle', bytesPerSecond: 200 }] });
  server.jobs.create({ id: 'j1', manual: true }).complete();
  for (const output of [[], ['-o', 'out.mp4']]) {
    const cwd = await temporaryFolder();
    const terminal = await startInTerminal(['download', 'j1', ...output], { env, cwd });
    await terminal.until(/\d+ B/);
    await expect.poll(async () => (await readdir(cwd)).length).toBe(1);
    terminal.type(CTRL_C);
    const { code, text } = await terminal.ended;
    expect(text).toContain(`reelwire download ${output.length === 0 ? '' : '--output out.mp4 '}j1`);
    expect({ code, left: await readdir(cwd) }).toEqual({ code: 130, left: [] });
  }
});

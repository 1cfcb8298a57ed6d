import { spawn } from 'node:child_process';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { createMockServer, type MockServer, mockMedia } from 'reelwire/mock-server';
import { expect, it, onTestFinished } from 'vitest';
import { asOneProgram } from '../../support/build-program.js';
import { type Block, blocksOf, documents, root } from '../../support/documents.js';
import { freePort } from '../../support/free-port.js';
import { temporaryFolder } from '../client/support.js';

const SECRET = 'shared with the server';

/** What the environment of a reader's program would have. */
const environment = {
  PATH: process.env.PATH,
  API_TOKEN: 'token-of-a-test',
  WEBHOOK_SECRET: SECRET,
};

/** For what a block of a page needs of it. */
const PAGE = "Object.assign(globalThis, { document: Object.assign(new EventTarget(), { title: '' }) });\n";

/** For a block that only exports a route: it is called as its framework would. */
const CALL_ROUTE = `
import { createWebhookFactory } from 'reelwire/webhooks/testing';
console.warn = () => {}; // Of the tampered one.
const factory = createWebhookFactory({ secret: process.env.WEBHOOK_SECRET ?? '' });
const genuine = await factory.completed('job-1');
const tampered = await factory.tampered(genuine);
const answers = [await POST(genuine), await POST(tampered)].map(({ status }) => status);
if (String(answers) !== '200,401') throw new Error('answered ' + answers);
`;

async function startMock(): Promise<MockServer> {
  let made = 0;
  const server = await createMockServer({
    durationMs: 300,
    webhooks: { vidBuilder: { secret: SECRET } },
    onSubmit: () => ({ id: `job-${++made}` }),
  });
  onTestFinished(() => server.close());
  return server;
}

/** With the sources of the package in it, so that starting it compiles nothing. */
async function bundle(contents: string, language: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents, resolveDir: root, loader: language as 'ts' | 'tsx' | 'js' },
    tsconfig: join(root, 'tsconfig.json'),
    outfile,
    ...asOneProgram,
    logLevel: 'silent',
  });
}

/** Runs a block as a program of its own, in a folder of its own, against a server of its own. */
async function run({
  code,
  language,
}: Block): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [server, port, folder] = await Promise.all([startMock(), freePort(), temporaryFolder()]);
  const program = code
    .replaceAll(/http:\/\/localhost:3001|https:\/\/videos\.example\.com/g, server.url)
    .replaceAll(/\b3000\b/g, String(port));
  const before = /\bdocument\./.test(code) ? PAGE : '';
  const after = /^export const POST\b/m.test(code) ? CALL_ROUTE : '';
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await bundle(before + program + after, language, join(folder, 'program.mjs'));

  const child = spawn(process.execPath, ['program.mjs'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Of one that does not exit by itself; a busy machine takes seconds to start one.
    timeout: 30_000,
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.mp4'))) {
    expect(new Uint8Array(await readFile(join(folder, file))), file).toEqual(new Uint8Array(mockMedia()));
  }
  return { code: exitCode, stdout: stdout.replaceAll(server.url, 'http://localhost:3001'), stderr };
}

/** The programs of the documents, each with the output that stands right below it, where one does. */
const programs = documents.flatMap((document) => {
  const blocks = blocksOf(document);
  return blocks.flatMap((block, index) => {
    if (!block.runs) return [];
    const next = blocks[index + 1];
    const isBelow = next?.language === 'text' && next.line - block.line === block.code.split('\n').length + 2;
    return [{ name: `${document}:${block.line}`, block, output: isBelow ? next.code : undefined }];
  });
});

it.each(programs)('$name runs and exits by itself', async ({ block, output }) => {
  const outcome = await run(block);
  expect(outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(.*job-of-yesterday.*\n)*$/) }); // The client warns of a job that is not there.
  if (output !== undefined) expect(outcome.stdout).toBe(output);
});

it('there are programs in the README and in each guide', () => {
  const without = documents.filter((document) => !programs.some(({ block }) => block.document === document));
  expect(without.filter((document) => document !== 'examples/README.md')).toEqual([]);
});

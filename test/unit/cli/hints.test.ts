import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inShellWords, withoutResume } from '../../../src/cli/hints.js';
import { Output } from '../../../src/cli/output.js';
import { ApiError } from '../../../src/index.js';

beforeEach(() => void vi.stubEnv('npm_command', ''));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it.each([
  [
    'Wait for its end first: await client.subscribe("job-1").completed().',
    'Wait for its end first: reelwire watch job-1.',
  ],
  [
    'The job may still be running. Resume with client.subscribe("it\'s \\"$(x)\\""), or give a larger timeoutMs.',
    `The job may still be running. Resume with reelwire watch 'it'\\''s "$(x)"', or give a larger --timeout-seconds.`,
  ],
  ['Resume with client.subscribe("job-1") of a new VideoClient.', 'Resume with reelwire watch job-1.'],
  ['Try it again with client.cancel("j").', 'Try it again with reelwire cancel j.'],
  ['Look for it with client.status("\\u001b[2J").', "Look for it with reelwire status $'\\033[2J'."],
  ['client.diagnose() tells which.', 'reelwire doctor tells which.'],
  [
    'Where the job is on the server, call client.adopt("it\'s", its id); where it is not, client.forget("it\'s"), and generate again.',
    "Where the job is on the server, reelwire jobs adopt 'it'\\''s' JOBID; where it is not, reelwire jobs forget 'it'\\''s', and generate again.",
  ],
  ['Then client.forget("-k").', 'Then reelwire jobs forget -- -k.'],
  ['Look for the job first, or give an idempotencyKey.', 'Look for the job first.'],
  [
    'Check the server, or give a larger timeouts.requestMs (jobMs where it answers when the video is made).',
    'Check the server.',
  ],
  [
    'Nothing was left behind. Give another path, or use stream(), blob() or bytes().',
    'Nothing was left behind. Give another path, or use --output - for stdout.',
  ],
  ['Check the auth option.', 'Check REELWIRE_TOKEN, or --token-file.'],
  [
    'Check that the server runs, and the port in baseUrl.',
    'Check that the server runs, and the port in --base-url.',
  ],
  [
    'Look for the job first. Where it honours an idempotencyKey, give one from the first try on.',
    'Look for the job first.',
  ],
  ['Check that baseUrl and backend fit the server.', 'Check that --base-url and --backend fit the server.'],
  ['Look at the backend.', 'Look at the backend.'],
  [
    'Leave it out of transports; the others serve. Or give the option WebSocket a class.',
    'Leave it out of --transports; the others serve.',
  ],
  [
    'Give it with the input, or once to openRouter({ model }); client.backend.models() lists them.',
    'Give --model, or REELWIRE_MODEL.',
  ],
  [
    "Give task: 'image_to_video' or task: 'video_to_video' as well, or one of them alone.",
    'Give "task": "image_to_video" or "task": "video_to_video" in --input as well, or one of them alone.',
  ],
  [
    'Check that the store can be reached and written.',
    'Check that the folder of the records can be read and written: .reelwire/jobs, or that of --jobs.',
  ],
  ['client.status("broken\\q")', 'client.status("broken\\q")'],
  [
    'Check that the server is running (npm run dev), and that baseUrl has its host and port.',
    'Check that the server is running, and that --base-url has its host and port.',
  ],
])('a hint is in words of the command line: %s', (hint, told) => {
  expect(inShellWords(hint)).toBe(told);
});

it('a hint about a record names the folder that it is in, where that is not the usual one', () => {
  expect(inShellWords('Call client.forget("k").', undefined, '.reelwire/jobs')).toBe(
    'Call reelwire jobs forget k.',
  );
  expect(inShellWords('Call client.forget("k").', undefined, 'my jobs')).toBe(
    "Call reelwire jobs forget --jobs 'my jobs' k.",
  );
});

it.each([
  'Resume with client.subscribe("a \\" b"), or give a larger timeoutMs.',
  'Resume with client.subscribe("j") of a new VideoClient.',
  'Resume with client.subscribe("j").',
  'Then follow the job again with client.subscribe("j").',
])('a hint says once how to go on, where the command that does is told behind it: %s', (resume) => {
  expect(withoutResume(`The job may still be running. ${resume}`)).toBe('The job may still be running.');
});

it('a command in a hint begins as this one was begun', () => {
  vi.stubEnv('npm_command', 'exec');
  expect(inShellWords('Resume with client.subscribe("j").')).toBe('Resume with npx reelwire watch j.');
  expect(inShellWords('client.diagnose() tells which.')).toBe('npx reelwire doctor tells which.');
});

it.each([
  'Check that the server runs, and the port in baseUrl.',
  'Check that the server is running (npm run dev), and that baseUrl has its host and port.',
])('who named no server is told of the mock server: %s', (hint) => {
  const output = new Output();
  expect(output.hintOf(hint)).toMatch(/^Check that the server .*--base-url/);
  output.atMock = true;
  expect(output.hintOf(hint)).toBe(
    'Start a server, such as by reelwire mock in another terminal, or give --base-url.',
  );
  expect(output.hintOf('Check the job id.')).toBe('Check the job id.');
});

it.each([
  ['once where the message has them', 'GET /x answered 404: Not found · {"type":"gone"}', 0],
  ['where the message has them not', 'GET /x answered 404: Not found', 1],
])('what the server said besides is told %s', (_, message, times) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  new Output().error(new ApiError(message, { status: 404, details: { type: 'gone' } }));
  expect(String(write.mock.calls[0]?.[0]).split('The server said more: {"type":"gone"}')).toHaveLength(
    times + 1,
  );
});

it('a hint about the token says where that comes from', () => {
  expect(inShellWords('Check the auth option.', 'OPENROUTER_API_KEY, or --token-file')).toBe(
    'Check OPENROUTER_API_KEY, or --token-file.',
  );
});

/** Words that are of use in a program alone. */
const OF_PROGRAMS =
  /client\.|VideoClient|process\.env|\) =>|Buffer\.|\w\(\)|\w\(\{|\b(?:baseUrl|webSocketUrl|timeoutMs|idempotencyKey|job\.id)\b|\b(?:timeouts|retry|polling)\.\w|\bauth\b|\b(?:and|that) backend\b/;

/** Every sentence of the library: its hints are, and what is written to a job's warnings. */
const sentences = [
  ...['errors.ts', 'backends', 'client', 'core', 'download', 'http', 'job', 'jobs', 'transports'],
  ...['webhooks/explain.ts', 'webhooks/flaws.ts', 'webhooks/refused.ts', 'webhooks/secret.ts'],
]
  .flatMap((room) => filesOf(fileURLToPath(new URL(`../../../src/${room}`, import.meta.url))))
  .flatMap(sentencesOf);

function filesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.browser.ts'))
    .map((name) => `${path}/${name}`);
}

function sentencesOf(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map(({ expression, literal }) => {
        const value = /^(?:JSON\.stringify|name$)/.test(expression.getText()) ? '"x"' : 'x';
        return value + literal.text;
      });
      found.push(node.head.text + rest.join(''));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  return found.filter((text) => /^[A-Z][^ ]* .* /.test(text));
}

it('no sentence of the library is told by the command in words of programs', () => {
  expect(sentences.length).toBeGreaterThan(60);
  // What is told of pages, of generateMany, and of options that the command does not take.
  const others = /^(?:A browser cannot|Pass what soraGateway)/;
  const told = sentences.filter((text) => !others.test(text)).map((text) => inShellWords(text));
  expect(told.filter((text) => OF_PROGRAMS.test(text))).toEqual([]);
});

import type { RequestListener } from 'node:http';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../../src/webhooks/index.js';
import { listen } from '../../support/listen.js';
import { temporaryFolder } from '../client/support.js';
import { type RunOptions, run, start, startInTerminal } from './support.js';

/** Titles, the clipboard, the screen, colours, C1, directions, zero widths, tags, lines, and what a shell would run. */
const EVIL =
  '\u001b]0;PWNED\u0007\u001b]52;c;UFdORUQ=\u0007\u001b[2J\u001b[31m\u009b31m\u009d0;x\u009c\u202e\u2066\u200b\u00ad' +
  '\u3164\u{e0041}\u2028\u0085\r\nFORGED $(touch pwned) `touch pwned` \' " \\ !! \b\u007f';
const ID = `job${EVIL}`;

/** None of these is ours, on a terminal neither: a bar moves the cursor and hides it, and that is all. */
const NEVER = [
  ...[
    '\u0007',
    '\b',
    '\u007f',
    '\u0085',
    '\u009b',
    '\u009c',
    '\u009d',
    '\u00ad',
    '\u200b',
    '\u2028',
    '\u202e',
  ],
  ...['\u2066', '\u3164', '\u{e0041}', '\u001b]', '\u001b[2J', '\u001b[31m\u009b', '\nFORGED'],
];

/** Everything a server can say, evil in each of its words. */
const words = { jobId: ID, id: ID, message: EVIL, error: EVIL, url: `/${EVIL}`, step: EVIL, title: EVIL };
const MODES: Readonly<Record<string, RequestListener>> = {
  completed: (request, response) => {
    request.resume();
    if (request.url?.includes('download')) {
      const name = encodeURIComponent(`video${EVIL}.mp4`);
      // A header may hold no control character but these of Latin-1.
      response.setHeader(
        'content-disposition',
        `attachment; filename="\u009b31m.mp4"; filename*=UTF-8''${name}`,
      );
      response.setHeader('content-type', 'video/mp4').end('\0video');
    } else answer(response, 200, { ...words, status: 'completed', progress: 100 });
  },
  failed: (request, response) => {
    request.resume();
    const status = request.method === 'POST' ? 'queued' : 'failed';
    answer(response, 200, { ...words, status, errorCode: EVIL, progress: 10 });
  },
  refused: (request, response) => {
    request.resume();
    if (request.method === 'POST') return answer(response, 200, { ...words, status: 'queued' });
    const told = { ...words, code: EVIL, hint: EVIL, details: [EVIL], [EVIL]: EVIL };
    answer(response, 402, told);
  },
  unreadable: (request, response) => {
    request.resume();
    if (request.method === 'POST')
      return answer(response, 402, { ...words, error: { code: EVIL, message: EVIL } });
    answer(response, 200, { [EVIL]: EVIL, status: { [EVIL]: 1 } });
  },
  page: (request, response) => {
    request.resume();
    response.setHeader('x-request-id', '\u009b31m').setHeader('content-type', `text/html; a="\u009b"`);
    response
      .writeHead(request.method === 'POST' ? 400 : 200, `\u009b31m`)
      .end(`<title>${EVIL}</title>${EVIL}`);
  },
  redirected: (request, response) => {
    request.resume();
    if (request.method === 'POST') return answer(response, 200, { ...words, status: 'queued' });
    response.writeHead(302, { location: `http://127.0.0.1:1/${encodeURI(EVIL)}\u009b31m` }).end();
  },
};

function answer(response: Parameters<RequestListener>[1], status: number, body: unknown): void {
  response.setHeader('x-request-id', '\u009b31m');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function expectHarmless(text: string): void {
  expect(NEVER.filter((part) => text.includes(part))).toEqual([]);
}

/** To a pipe, as JSON, and to a terminal. */
async function expectHarmlessEverywhere(args: readonly string[], options: RunOptions): Promise<void> {
  const piped = async (...flags: string[]) => {
    const { stdout, stderr } = await run([...args, ...flags], options);
    return stdout + stderr;
  };
  const terminal = async () => (await (await startInTerminal(args, options)).ended).text;
  const [plain, json, shown] = await Promise.all([piped(), piped('--json'), terminal()]);
  for (const text of [plain, json]) {
    expectHarmless(text);
    expect([text.includes('\u001b'), text.includes('\r')]).toEqual([false, false]);
  }
  expectHarmless(shown.replaceAll('\r', ''));
}

const COMMANDS: readonly (readonly string[])[] = [
  ['generate', 'hi', '--no-wait'],
  ['generate', 'hi', '--transports', 'polling', '--timeout-seconds', '1', '-o', '.'],
  ['watch', '--transports', 'polling', '--timeout-seconds', '1', ID],
  ['status', ID, 'other'],
  ['cancel', ID, '--backend', 'openAIVideos'],
  ['download', ID],
  ['doctor'],
];

describe.each(Object.keys(MODES))('nothing that a server says reaches the terminal as it is: %s', (mode) => {
  // One that leads nowhere is asked again for seconds.
  const commands = mode === 'redirected' ? COMMANDS.slice(2, 3) : COMMANDS;
  it.each(commands.map((args) => [args[0], args] as const))('%s', async (_, args) => {
    const { url } = await listen(MODES[mode] as RequestListener);
    await expectHarmlessEverywhere(args, { env: { REELWIRE_BASE_URL: url }, cwd: await temporaryFolder() });
  });
});

it('nothing that a receiver answers reaches the terminal as it is', async () => {
  const { url } = await listen((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain' }).end(EVIL);
  });
  await expectHarmlessEverywhere(['webhook', 'send', '--url', url, '--job-id', ID], {
    env: { REELWIRE_WEBHOOK_SECRET: 'of the test' },
  });
});

it('nothing that a delivery says reaches the terminal as it is, genuine or not', async () => {
  const secret = 'of the test';
  const body = JSON.stringify({ ...words, status: 'failed', type: EVIL });
  const headers = await signWebhook({ body, secret });
  for (const input of [body, `${body} `]) {
    for (const flags of [[], ['--json']]) {
      const given = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
      const args = ['webhook', 'verify', ...given, ...flags];
      const { stdout, stderr } = await run(args, { env: { REELWIRE_WEBHOOK_SECRET: secret }, input });
      expect(stdout).not.toBe('');
      expectHarmless(stdout + stderr);
    }
  }
});

it('nothing that a caller sends to the mock server reaches the terminal as it is', async () => {
  for (const flags of [[], ['--json']]) {
    const mock = start(['mock', '--port', '0', ...flags]);
    const url = new URL(/http:\/\/127\.0\.0\.1:\d+/.exec(await mock.until(/listening|Ctrl-C/))?.[0] ?? '');
    const input = { walletAddress: EVIL, script: EVIL, [EVIL]: EVIL };
    await fetch(`${url}api/generate?renderVersion=v3`, { method: 'POST', body: JSON.stringify(input) });
    await fetch(`${url}api/videos/status/${encodeURIComponent(ID)}`);
    await new Promise<void>((resolve) => {
      const socket = createConnection(Number(url.port), '127.0.0.1', () => {
        socket.write(
          `GET /a\u009b31m\u202e HTTP/1.1\r\nHost: \u009b31m\r\nConnection: close\r\n\r\n`,
          'latin1',
        );
      });
      socket.resume().on('close', () => resolve());
    });
    await fetch(`${url}api/videos/status/last`);
    await mock.until(/status\/last[\s\S]*status\/last|"path":"\/api\/videos\/status\/last"/);
    mock.interrupt();
    const { stdout, stderr } = await mock.ended;
    expect(stdout).toContain('generate');
    expectHarmless(stdout + stderr);
  }
});

it('nor does an id that the command takes for a flag', async () => {
  const { code, stderr } = await run(['watch', `--${ID}`]);
  expectHarmless(stderr);
  expect(code).toBe(2);
});

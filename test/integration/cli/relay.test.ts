import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as requestByNode } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'vite';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { relayBackend } from '../../../src/backends/relay.js';
import { VideoClient } from '../../../src/client/client.js';
import { type MockServer, mockMedia } from '../../../src/mock-server/index.js';
import { temporaryFolder } from '../client/support.js';
import { PageSocket, refusedWith } from '../relay/support.js';
import { jsonLines, type RunOptions, run, start, startServer } from './support.js';

const KEY = 'sk-of-whoever-runs-the-relay';
const input = { model: 'google/veo-3.1', prompt: 'A paper boat' };
const byHeader = ['--user-header', 'x-user'];

type Options = RunOptions & { server?: MockServer; backend?: 'openrouter' | 'soragateway' };

/** The command as it is typed, before the mock server in the place of OpenRouter. */
async function startRelay(flags: readonly string[] = [], options: Options = {}) {
  const server = options.server ?? (await upstream());
  const cwd = options.cwd ?? (await temporaryFolder());
  const { backend = 'openrouter' } = options;
  const service = ['--backend', backend, '--base-url', server.urlOf(backend)];
  const relay = start(['relay', ...service, '--port', '0', ...flags], {
    cwd,
    env: { OPENROUTER_API_KEY: KEY, REELWIRE_TOKEN: KEY, ...options.env },
  });
  const text = await relay.until(/http:\/\/127\.0\.0\.1:\d+\/videos/);
  const url = /http:\/\/127\.0\.0\.1:\d+\/videos/.exec(text)?.[0] ?? '';
  return {
    ...{ server, cwd, url, ...relay },
    page(user = 'ada', options = {}) {
      const client = new VideoClient({
        baseUrl: url,
        backend: relayBackend(),
        headers: { 'x-user': user },
        polling: { intervalMs: 50 },
        logger: 'silent',
        ...options,
      });
      onTestFinished(() => client.close());
      return client;
    },
    call: (path: string, headers: Record<string, string> = { 'x-user': 'ada' }, init: RequestInit = {}) =>
      fetch(url + path, { ...init, headers }),
    async end() {
      relay.interrupt();
      return relay.ended;
    },
  };
}

async function upstream(manual = false): Promise<MockServer> {
  const { server } = await startServer({ auth: { type: 'bearer', token: KEY }, manual });
  return server;
}

/** With headers that `fetch` does not let a program set. */
function raw(url: string, headers: Record<string, string | string[]>, method = 'GET') {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    requestByNode(url, { method, headers }, async (answer) => {
      let body = '';
      for await (const chunk of answer) body += chunk;
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    })
      .on('error', reject)
      .end(method === 'POST' ? JSON.stringify(input) : undefined);
  });
}

describe('reelwire relay', () => {
  it('says first who reaches it, whom it believes, and who pays', async () => {
    const relay = await startRelay(byHeader);
    const { code, stdout } = await relay.end();
    const [first, ...rest] = stdout.split('\n');
    expect(first).toBe(`Relay to openRouter at ${relay.url}. Ctrl-C ends it.`);
    const said = rest.join('\n');
    expect(said).toContain('this machine alone reaches it');
    expect(said).toContain('Never let a network reach it: who asks is whoever the header x-user says.');
    expect(said).toContain('paid for, with your key. Records are in .reelwire/jobs.');
    expect(said).toContain(`new VideoClient({ baseUrl: '${relay.url}', backend: relayBackend() })`);
    expect(code).toBe(0);
  });

  it.each(['websocket', 'sse', 'polling'] as const)(
    'lets a page generate, follow over %s and download, with a key that is nowhere shown',
    async (transport) => {
      const server = await upstream(true);
      const options = { server, backend: 'soragateway', env: { REELWIRE_LOG: 'debug' } } as const;
      const relay = await startRelay(byHeader, options);
      const page = relay.page('ada', { transports: [transport] });
      const job = await page.generate({ walletAddress: '0x1', script: 'Explain blockchain' });
      const served = new Promise((resolve) => job.once('transport', resolve));
      const following = job.completed({ timeoutMs: 30_000 });
      await served;
      const [made] = server.jobs;
      made?.complete();
      expect((await following).transport).toBe(transport);
      const video = await job.download();
      expect(Buffer.from(await video.bytes())).toEqual(Buffer.from(mockMedia()));
      const { stdout, stderr } = await relay.end();
      expect(stdout).toMatch(/^[\d:.]+ → POST \/videos\/api\/generate \(ada\)$/m);
      expect(stdout).toMatch(
        new RegExp(`^[\\d:.]+ ← 200 /videos/api/generate \\(ada\\) job ${job.id}$`, 'm'),
      );
      expect(stdout).toMatch(/^[\d:.]+ ← 200 \/videos\/api\/download\?jobId=\S+ \(ada\)$/m);
      expect(stderr).toMatch(/debug POST \S+\/soragateway\/api\/generate\S* answered 200/);
      expect(stdout + stderr).not.toContain(KEY);
      expect(stdout).not.toContain(made?.id);
    },
  );

  it('keeps the jobs of users apart, by the header', async () => {
    const relay = await startRelay(byHeader);
    const { id } = await relay.page('ada').generate(input);
    const [hers, his] = [relay.page('ada').backend, relay.page('bob').backend];
    expect((await hers.list()).jobs.map(({ jobId }) => jobId)).toEqual([id]);
    expect((await his.list()).jobs).toEqual([]);
    for (const path of [`/api/videos/status/${id}`, `/api/download?jobId=${id}`]) {
      expect((await relay.call(path, { 'x-user': 'ada' })).status).not.toBe(401);
      expect((await relay.call(path, { 'x-user': 'bob' })).status).toBe(404);
    }
    const socket = await PageSocket.open(relay.url, { 'x-user': 'bob' });
    socket.say('subscribe', id);
    await socket.until({ error: 'No such job', jobId: id });
  });

  it('answers 401, and names the header, where that names nobody', async () => {
    const relay = await startRelay(byHeader);
    const names: Record<string, string | string[]>[] = [
      {},
      { 'x-user': '' },
      { 'x-user': 'two words' },
      { 'x-user': ['ada', 'bob'] },
      { 'x-user': 'x'.repeat(256) },
      { 'x-user': 'ad\u00e0' },
      { 'x-user': 'ada\tbob' },
    ];
    for (const headers of names) {
      const answer = await raw(`${relay.url}/api/jobs`, headers);
      expect(answer).toMatchObject({ status: 401, body: expect.stringContaining('The header x-user') });
    }
    expect(await refusedWith(PageSocket.open(relay.url, {}))).toBe(401);
    expect((await raw(`${relay.url}/api/jobs`, { 'x-user': 'x'.repeat(255) })).status).toBe(200);
    expect(relay.server.requests).toEqual([]);
  });

  it('takes everybody for one user where no header is named', async () => {
    const relay = await startRelay();
    const { id } = await relay.page('ada').generate(input);
    expect((await relay.page('bob').backend.list()).jobs.map(({ jobId }) => jobId)).toEqual([id]);
    const { stdout } = await relay.end();
    expect(stdout).toContain('everybody who asks is one user, "local"');
    expect(stdout).toContain('(local)');
  });

  it('gives the backend what the page gives, and the page what the backend says of it', async () => {
    const relay = await startRelay();
    await relay.page().generate({ ...input, seed: 7, aspect_ratio: '16:9' });
    const [submit] = relay.server.requests;
    expect(submit?.body).toMatchObject({ ...input, seed: 7, aspect_ratio: '16:9' });
    const refused = await relay.call('/api/generate', {}, { method: 'POST', body: '{"prompt":"x"}' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({ error: expect.stringContaining('model') });
    expect(relay.server.requests).toHaveLength(1);
  });
});

describe('pages and a relay on one machine', () => {
  const submit = (headers: Record<string, string>) => ({ 'x-user': 'ada', ...headers });
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-user' };

  it('those of localhost are let in, from another port, too', async () => {
    const relay = await startRelay(byHeader);
    for (const origin of [
      'http://localhost:5173',
      'http://127.0.0.1:80',
      'http://[::1]:3000',
      'https://localhost',
    ]) {
      const asked = await raw(`${relay.url}/api/generate`, { origin, ...preflight }, 'OPTIONS');
      const allowed = { 'access-control-allow-origin': origin, vary: expect.stringContaining('Origin') };
      const headers = { ...allowed, 'access-control-allow-headers': 'x-user' };
      expect(asked).toMatchObject({ status: 204, headers });
      const made = await raw(`${relay.url}/api/generate`, submit({ origin }), 'POST');
      expect(made).toMatchObject({ status: 200, headers: allowed });
      // A page is to see why it is refused.
      const nobody = await raw(`${relay.url}/api/jobs`, { origin });
      expect(nobody).toMatchObject({ status: 401, headers: allowed });
      await (await PageSocket.open(relay.url, submit({ origin }))).until({ type: 'connected' });
    }
  });

  it('those of other sites are refused, whatever they ask, and read nothing', async () => {
    const relay = await startRelay(byHeader);
    const { id } = await relay.page().generate(input);
    const before = relay.server.requests.length;
    const near = [
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example:80',
      'http://evil.localhost',
    ];
    const others = ['https://evil.example', 'http://192.168.0.7:5173', 'file://localhost', 'null', ''];
    for (const origin of [...near, ...others]) {
      for (const [path, headers, method] of [
        ['/api/generate', { origin, ...preflight }, 'OPTIONS'],
        ['/api/generate', submit({ origin }), 'POST'],
        [`/api/jobs/${id}`, submit({ origin }), 'DELETE'],
        [`/api/videos/status/${id}`, submit({ origin }), 'GET'],
        [`/api/jobs/events?jobIds=${id}`, submit({ origin }), 'GET'],
        ['/api/jobs', submit({ origin }), 'GET'],
      ] as const) {
        const answer = await raw(relay.url + path, headers, method);
        const told = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
        expect({ origin, status: answer.status, told }).toEqual({ origin, status: 403, told: [] });
      }
      expect(await refusedWith(PageSocket.open(relay.url, submit({ origin })))).toBe(403);
    }
    expect(relay.server.requests).toHaveLength(before);
  });

  it('those whose own name leads here are refused', async () => {
    const relay = await startRelay(byHeader);
    const far = ['evil.example', 'localhost.evil.example:3001', '0.0.0.0', '192.168.0.7'];
    for (const host of [...far, 'localhost, evil.example']) {
      for (const origin of [{}, { origin: `http://${host}` }]) {
        const headers = submit({ host, ...origin });
        expect(await raw(`${relay.url}/api/jobs`, headers)).toMatchObject({ status: 403 });
        expect(await raw(`${relay.url}/api/generate`, headers, 'POST')).toMatchObject({ status: 403 });
        expect(await refusedWith(PageSocket.open(relay.url, headers))).toBe(403);
      }
    }
    expect(relay.server.requests).toEqual([]);
  });

  it('one without a name, and with two of them, is refused', async () => {
    const relay = await startRelay();
    const { port } = new URL(relay.url);
    for (const head of ['1.0', '1.1\r\nHost:', '1.1\r\nHost: localhost\r\nHost: evil.example']) {
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.end(`GET /videos/api/jobs HTTP/${head}\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
    }
  });

  it('one that its dev server leads here keeps the name of that', async () => {
    const relay = await startRelay(byHeader);
    const headers = submit({ host: 'localhost:5173', origin: 'http://localhost:5173' });
    expect((await raw(`${relay.url}/api/generate`, headers, 'POST')).status).toBe(200);
    await (await PageSocket.open(relay.url, headers)).until({ type: 'connected' });
  });
});

it('a page behind the proxy of its dev server follows over WebSocket, as the user that the proxy names', async () => {
  const relay = await startRelay(byHeader);
  const proxied = { target: new URL(relay.url).origin, ws: true, headers: { 'x-user': 'ada' } };
  const dev = await createServer({
    ...{ root: relay.cwd, configFile: false, logLevel: 'silent', optimizeDeps: { noDiscovery: true } },
    server: { host: '127.0.0.1', port: 0, ws: false, watch: null, proxy: { '/videos': proxied } },
  });
  onTestFinished(() => dev.close());
  await dev.listen();
  const [origin = ''] = dev.resolvedUrls?.local ?? [];
  const baseUrl = `${origin}videos`;
  const options = {
    baseUrl,
    headers: { origin: origin.replace(/\/$/, '') },
    transports: ['websocket'],
  } as const;
  const job = await relay.page('', options).generate(input);
  expect((await job.completed({ timeoutMs: 30_000 })).transport).toBe('websocket');
  const { stdout } = await relay.end();
  expect(stdout).toMatch(/ 101 \/videos\/ \(ada\)$/m);
});

it.runIf(process.platform !== 'win32')('a relay ends with the script that started it', async () => {
  const command = [process.execPath, inject('cli'), 'relay', '--port', '0'];
  const starter = spawn('sh', ['-c', '"$0" "$@" & read line', ...command], { cwd: await temporaryFolder() });
  onTestFinished(() => void starter.kill('SIGKILL'));
  let text = '';
  for await (const chunk of starter.stdout) {
    text += chunk;
    if (text.includes('Ctrl-C')) starter.stdin.end();
  }
  expect(text).toContain('The process that started it has ended, and so does it.');
});

describe('a relay that is started again', () => {
  it('knows whose job is whose, and follows them to the end', async () => {
    const server = await upstream(true);
    const first = await startRelay(byHeader, { server });
    const { id } = await first.page('ada').generate(input);
    first.interrupt('SIGKILL');
    await first.ended;
    const second = await startRelay(byHeader, { server, cwd: first.cwd });
    const following = second.page('ada').subscribe(id).completed({ timeoutMs: 20_000 });
    await second.until(/ 101 \/videos\/ /);
    for (const job of server.jobs) job.complete();
    expect((await following).status).toBe('completed');
    expect((await second.call(`/api/videos/status/${id}`, { 'x-user': 'bob' })).status).toBe(404);
    expect([...server.jobs]).toHaveLength(1);
  });

  it('keeps its records where --jobs says, and "reelwire resume" leaves them alone', async () => {
    const relay = await startRelay([...byHeader, '--jobs', 'kept']);
    const { id } = await relay.page('ada').generate(input);
    await relay.end();
    const connection = ['--backend', 'openrouter', '--base-url', relay.server.urlOf('openrouter')];
    const options = { cwd: relay.cwd, env: { OPENROUTER_API_KEY: KEY } };
    const resumed = await run(['resume', ...connection, '--jobs', 'kept'], options);
    expect(resumed).toMatchObject({ code: 0, stdout: '' });
    expect(resumed.stderr).toMatch(/^1 left alone: they are .* of a relay/m);
    const listed = await run(['jobs', 'list', '--jobs', 'kept', '--json'], options);
    expect(jsonLines(listed.stdout)).toEqual([expect.objectContaining({ key: id, group: 'ada' })]);
  });
});

describe('Ctrl-C', () => {
  it('sends pages away in good order, lets what is under way end, and exits 0', async () => {
    const relay = await startRelay(byHeader);
    const socket = await PageSocket.open(relay.url, { 'x-user': 'ada' });
    await socket.until({ type: 'connected' });
    relay.server.faults.add({ route: 'generate', type: 'slow', delayMs: 500 });
    const submitted = relay.call('/api/generate', undefined, { method: 'POST', body: JSON.stringify(input) });
    await expect.poll(() => relay.server.requests.length).toBe(1);
    relay.interrupt();
    expect(await socket.closed).toBe(1012);
    expect((await submitted).status).toBe(200);
    const { code, stdout, stderr } = await relay.ended;
    expect(stdout).toMatch(/^[\d:.]+ × WebSocket \/videos \(ada\) closed with 1012$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('waits for nobody who says nothing, and a second one waits for nothing at all', async () => {
    const halves = [
      '',
      'GET /videos/api/jobs HTTP/1.1\r\nHost: lo',
      'POST /videos/api/generate HTTP/1.1\r\n',
    ];
    const holding = async () => {
      const relay = await startRelay();
      const { port } = new URL(relay.url);
      for (const half of halves) {
        const socket = connectTcp(Number(port), '127.0.0.1');
        socket.on('error', () => {});
        onTestFinished(() => void socket.destroy());
        socket.write(half);
        await new Promise((resolve) => socket.once('connect', resolve));
      }
      // All that came before has been taken by then.
      await relay.call('/api/jobs');
      relay.interrupt();
      return relay;
    };
    expect((await (await holding()).ended).code).toBe(0);
    const relay = await holding();
    await expect.poll(() => relay.call('/api/jobs').catch(() => 'closed')).toBe('closed');
    relay.interrupt();
    expect((await relay.ended).code).toBe(130);
  });
});

it('a relay whose key is refused tells whoever runs it, and no page', async () => {
  const relay = await startRelay([], { env: { OPENROUTER_API_KEY: 'sk-wrong' } });
  const answer = await relay.call('/api/generate', {}, { method: 'POST', body: JSON.stringify(input) });
  expect(answer.status).toBe(502);
  expect(await answer.json()).toEqual({ error: 'The video server refused' });
  const { stderr, stdout } = await relay.end();
  expect(stderr).toMatch(/warn .*generate.* answered 502: .*401/);
  expect(stdout + stderr).not.toContain('sk-wrong');
});

it('what a page sends moves no cursor, and breaks no line', async () => {
  const relay = await startRelay(byHeader);
  const { port } = new URL(relay.url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  socket.end(
    `GET /videos/%1b[2J\u202e${'x'.repeat(5_000)} HTTP/1.1\r\nHost: localhost\r\nx-user: a\u009bb\r\n\r\n`,
    'latin1',
  );
  for await (const _ of socket);
  const { stdout } = await relay.end();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that there must be none of
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThan(400);
});

it('a program is told all of it, a line each', async () => {
  const relay = await startRelay([...byHeader, '--json']);
  const { id } = await relay.page('ada').generate(input);
  await relay.call('/api/jobs', {});
  const lines = jsonLines((await relay.end()).stdout);
  expect(lines[0]).toEqual({ type: 'listening', url: relay.url });
  expect(lines).toContainEqual({
    ...{ type: 'answer', at: expect.any(String), method: 'POST', path: '/videos/api/generate' },
    ...{ user: 'ada', status: 200, jobId: id },
  });
  expect(lines).toContainEqual({
    ...{ type: 'answer', at: expect.any(String), method: 'GET', path: '/videos/api/jobs', status: 401 },
  });
});

describe('wrong usage of reelwire relay', () => {
  const env = { OPENROUTER_API_KEY: KEY };
  const service = ['--backend', 'openrouter'];

  it('exits 2, and says what to change', async () => {
    const taken = await startServer();
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const wrong: [readonly string[], RegExp][] = [
      [
        [...service, '--port', String(taken.server.port)],
        /relay cannot listen .*EADDRINUSE[\s\S]*another --port/,
      ],
      [[...service, '--port', '70000'], /whole number from 0 to 65535/],
      [['--port', '3001'], /port 3001 is where the server is that the relay is to call/],
      [['--backend', 'sora'], /there is no backend "sora"[\s\S]*openRouter/],
      [['--backend', 'replicate', '--port', '0'], /REPLICATE_API_TOKEN is not set/],
      [[...service, '--port', '0', '--user-header', 'x user'], /no user can be named by the header x user/],
      [[...service, '--port', '0', '--user-header', 'Authorization'], /no user can be named by the header/],
      [[...service, '--port', '0', '--user-header', '\u001b[2J'], /by the header \\u\{1b\}\[2J/],
    ];
    for (const [flags, words] of wrong) {
      const { code, stderr } = await run(['relay', ...flags], { env, cwd: folder });
      expect(stderr).toMatch(words);
      expect(code).toBe(2);
    }
  });

  it('a folder of records that is none is known before the first job', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'file'), '');
    const { code, stderr } = await run(['relay', ...service, '--port', '0', '--jobs', 'file'], { env, cwd });
    expect(stderr).toMatch(/Error: .*ENOTDIR|Error: .*record/);
    expect(code).toBe(1);
  });
});

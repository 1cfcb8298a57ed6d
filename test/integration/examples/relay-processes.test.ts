import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMockServer, type MockServer, patternBytes } from 'reelwire/mock-server';
import { build } from 'vite';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { afterAllTests } from '../../support/after-all-tests.js';
import { freePort } from '../../support/free-port.js';
import { type RedisServer, startRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { temporaryFolder } from '../client/support.js';
import { type Member, nginxConf, pageOf, signIn, startNginxOfExample } from './relay-support.js';
import { type Example, startExample } from './support.js';

// Programs are started and a page is built, on a machine that others use.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const file = (path: string) => fileURLToPath(new URL(`../../../examples/relay/${path}`, import.meta.url));

const VIDEO_BYTES = 40_000_000;
const KEYS = { OPENROUTER_API_KEY: 'key-of-the-provider', WEBHOOK_SECRET: 'shared' };

const atTheEnd = afterAllTests();
let redis: RedisServer;
let provider: MockServer;
let ports: readonly [number, number];
let processes: Example[] = [];
let ada: Member;

/** A process of the site, which serves once this resolves. */
async function startProcess(port: number): Promise<Example> {
  const env = {
    ...KEYS,
    SESSION_SECRET: 'of all processes',
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    OPENROUTER_URL: provider.urlOf('openrouter'),
    PUBLIC_URL: ada.origin,
    PORT: String(port),
    // Nothing but webhooks and the bus tells anything in time.
    ...{ POLL_MS: '600000', DRAIN_MS: '1000' },
  };
  const example = startExample('relay/process.ts', [], env, atTheEnd);
  const [line] = await once(createInterface(example.child.stdout as NodeJS.ReadableStream), 'line');
  expect(line).toBe(`Relay at http://127.0.0.1:${port}/videos`);
  return example;
}

beforeAll(async () => {
  redis = await startRedis();
  atTheEnd(() => redis.stop());
  provider = await createMockServer({
    ...{ manual: true, videoBytes: VIDEO_BYTES },
    auth: { type: 'bearer', token: KEYS.OPENROUTER_API_KEY },
    webhooks: { secrets: { openRouter: KEYS.WEBHOOK_SECRET } },
  });
  atTheEnd(() => provider.close());
  const page = await temporaryFolder(atTheEnd);
  await build({ root: file('page'), logLevel: 'error', build: { outDir: page, emptyOutDir: true } });
  ports = [await freePort(), await freePort()];
  const nginx = await startNginxOfExample(ports, { root: page }, atTheEnd);
  ada = { origin: nginx.url, cookie: '', setCookie: '' };
  processes = await Promise.all(ports.map(startProcess));
  ada = await signIn(`${nginx.url}/sign-in?user=ada`);
});

beforeEach(async () => {
  const page = pageOf(ada);
  for (const { jobId } of (await page.backend.list()).jobs) await page.backend.forget(jobId);
});

/** What a process has open now. */
async function openAt(port: number): Promise<number> {
  const { sockets, streams } = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as {
    readonly sockets: number;
    readonly streams: number;
  };
  return sockets + streams;
}

/** A page of its own that follows the job over this stream, once it does. */
async function follow(jobId: string, stream: 'websocket' | 'sse') {
  const job = pageOf(ada, stream).subscribe(jobId);
  const ends: string[] = [];
  let serving: unknown;
  for (const name of ['completed', 'failed', 'stopped'] as const) job.on(name, () => ends.push(name));
  job.on('transport', ({ transport }) => {
    serving = transport;
  });
  await until(() => serving === stream);
  return { ended: job.completed(), ends };
}

/** A job that the page's own id and the provider's lead to. */
async function submit() {
  const { id } = await pageOf(ada).generate({ script: 'A paper boat' });
  const job = [...provider.jobs].at(-1);
  if (job === undefined) throw new Error('the provider has no job');
  return { id, job };
}

const statusCalls = () => provider.requests.filter(({ route }) => route === 'status').length;

/** How many there are once those of who has just begun to follow are made: a page is told that it follows before. */
async function settledCalls(): Promise<number> {
  for (;;) {
    const calls = statusCalls();
    await sleep(700);
    if (statusCalls() === calls) return calls;
  }
}

describe('two processes behind nginx, with the lines of the example', () => {
  it('serve the page', async () => {
    const page = await fetch(`${ada.origin}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html']);
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    expect((await fetch(ada.origin + script)).status).toBe(200);
  });

  it.each(['websocket', 'sse'] as const)(
    'tell pages of both of an end that one of them received, over %s',
    async (stream) => {
      const { id, job } = await submit();
      const pages = [await follow(id, stream)];
      while ((await Promise.all(ports.map(openAt))).includes(0)) pages.push(await follow(id, stream));
      const asked = await settledCalls();
      const deliveries = provider.webhooks.deliveries.length;
      job.complete();
      const told = await Promise.all(pages.map(({ ended }) => ended));
      expect(told.map(({ status }) => status)).toEqual(pages.map(() => 'completed'));
      await expect
        .poll(() => provider.webhooks.deliveries.slice(deliveries))
        .toMatchObject([{ attempt: 1, status: 200 }]);
      expect(statusCalls()).toBe(asked);
      expect(pages.map(({ ends }) => ends)).toEqual(pages.map(() => ['completed']));
    },
  );

  it('lose nothing where one is drained, and the other serves on', async () => {
    const [port] = ports;
    const [drained] = processes;
    if (drained === undefined) throw new Error('no process was started');
    const made = await submit();
    made.job.complete();
    await pageOf(ada).subscribe(made.id).completed();
    const download = await fetch(`http://127.0.0.1:${port}/videos/api/download?jobId=${made.id}`, {
      headers: { cookie: ada.cookie },
    });
    expect(download.status).toBe(200);

    const jobs = [await submit(), await submit(), await submit(), await submit()];
    const pages = [];
    for (const { id } of jobs) pages.push(await follow(id, 'websocket'), await follow(id, 'sse'));
    expect(await openAt(port)).toBeGreaterThan(0);

    drained.child.kill('SIGTERM');
    await until(async () => (await fetch(`http://127.0.0.1:${port}/health`)).status === 503);
    for (const { job } of jobs.slice(0, 2)) job.complete();
    await until(() =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        () => false,
        () => true,
      ),
    );
    for (const { job } of jobs.slice(2)) job.complete();
    const told = await Promise.all(pages.map(({ ended }) => ended));
    expect(told.map(({ status }) => status)).toEqual(pages.map(() => 'completed'));
    expect(pages.map(({ ends }) => ends)).toEqual(pages.map(() => ['completed']));

    // It ends when what it was sending is whole, and not before.
    expect(drained.child.exitCode).toBeNull();
    const bytes = new Uint8Array(await download.arrayBuffer());
    expect(Buffer.compare(bytes, patternBytes(0, VIDEO_BYTES))).toBe(0);
    expect(await drained.ended).toMatchObject({ code: 0, stderr: '' });

    // Whoever is sent to the one that is gone is sent on, with a submit as well.
    await pageOf(ada).backend.forget(made.id);
    const before = provider.jobs.size;
    const { id } = await submit();
    for (let call = 0; call < 4; call++)
      expect((await pageOf(ada).backend.list()).jobs.map(({ jobId }) => jobId)).toContain(id);
    expect(provider.jobs.size).toBe(before + 1);
  });
});

describe('the example for docker compose', () => {
  const { services } = parse(readFileSync(file('compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Record<string, { readonly environment?: Record<string, string>; command?: unknown }>;
  };
  const read = (path: string) => readFileSync(file(path), 'utf8');

  it('starts what nginx leads to, at the port that it leads to', () => {
    const servers = [...nginxConf.matchAll(/server (\S+):(\d+)/g)].map(([, name, port]) => ({ name, port }));
    const relays = Object.keys(services).filter((name) => name.startsWith('relay-'));
    expect(servers).toEqual(relays.map((name) => ({ name, port: services[name]?.environment?.PORT })));
  });

  it.each(['process.ts', 'provider.ts'])(
    'gives %s all that it must be told, and nothing that it ignores',
    (path) => {
      const known = new Set(read(path).match(/\b[A-Z]+(_[A-Z]+)+\b|\b(HOST|PORT)\b/g));
      const name = path === 'process.ts' ? 'relay-1' : 'provider';
      const given = Object.keys(services[name]?.environment ?? {});
      expect(given.filter((variable) => !known.has(variable))).toEqual([]);
      const must = [...read(path).matchAll(/needed\('(\w+)'\)/g)].map(([, variable]) => variable);
      expect(must.filter((variable) => !given.includes(variable ?? ''))).toEqual([]);
    },
  );
});

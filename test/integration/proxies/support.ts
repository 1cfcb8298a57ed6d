import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';
import type { JobSnapshot, TransportName } from '../../../src/core/model.js';
import type { VideoJob } from '../../../src/job/job.js';
import { blocksOf } from '../../support/documents.js';
import { freePort } from '../../support/free-port.js';
import { temporaryFolder } from '../client/support.js';

// Programs are started, and proxies have timeouts of whole seconds.
vi.setConfig({ testTimeout: 60_000 });

/** The lines that the guide on proxies gives for one of them. */
export function guideLines(proxy: 'nginx' | 'haproxy' | 'caddy'): string {
  const block = blocksOf('examples/guides/node-backend.md').find(({ language }) => language === proxy);
  if (block === undefined) throw new Error(`the guide has no block of ${proxy}`);
  return block.code;
}

export interface Proxy {
  readonly url: string;
}

/** When a server is ended: `onTestFinished`, or `afterAll`. */
export type AtTheEnd = (end: () => void | Promise<void>) => void;

interface Upstream {
  readonly port: number;
}

/** As a page asks: it says nothing of encodings, and the browser takes what is compressed. */
export const asPage: typeof fetch = (url, init) => {
  const headers = new Headers(init?.headers);
  headers.set('accept-encoding', 'gzip');
  return fetch(url, { ...init, headers });
};

/** The `fetch` of Node, and how often it was called. */
export function countedFetch() {
  const sent: unknown[] = [];
  const counted: typeof fetch = (url, init) => {
    sent.push(url);
    return fetch(url, init);
  };
  return { fetch: counted, sent };
}

/** Follows a job, and tells what brings its updates. */
export function follow(job: VideoJob) {
  let transport: TransportName | undefined;
  const told: JobSnapshot[] = [];
  const ends: string[] = [];
  job.on('transport', (change) => {
    transport = change.transport;
  });
  job.on('update', (snapshot) => told.push(snapshot));
  for (const name of ['completed', 'failed', 'stopped'] as const) job.on(name, () => ends.push(name));
  return { served: (by: TransportName | undefined) => until(() => transport === by), told, ends };
}

/** However slow the machine is. */
export function until(condition: () => boolean): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 40_000, interval: 5 });
}

/** A real nginx before that server. `lines` are of its `location`: none is nginx as it comes. */
export function startNginx(upstream: Upstream, lines = '', http = ''): Promise<Proxy> {
  return startNginxWith(
    (port) => `
  ${http}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream.port};
      ${lines}
    }
  }`,
  );
}

/** A real nginx that has this in its `http` block. */
export function startNginxWith(http: (port: number) => string, atTheEnd?: AtTheEnd): Promise<Proxy> {
  const plan = (port: number, folder: string) => ({
    args: ['-p', folder, '-e', 'stderr', '-c', 'proxy.conf'],
    config: `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
  ${http(port)}
}`,
  });
  return start('nginx', plan, atTheEnd);
}

/** A real HAProxy before that server. `lines` are of its `backend`; what it needs besides is ten seconds of anything. */
export function startHAProxy(upstream: Upstream, lines = '', defaults = ''): Promise<Proxy> {
  return start('haproxy', (port) => ({
    args: ['-db', '-q', '-f', 'proxy.conf'],
    config: `
defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
  ${defaults}

frontend front
  bind 127.0.0.1:${port}
  default_backend back

backend back
  server one 127.0.0.1:${upstream.port}
${lines}
`,
  }));
}

/** A real Caddy before that server. `lines` are of its site. */
export function startCaddy(upstream: Upstream, lines: string): Promise<Proxy> {
  return startCaddyWith(lines.replaceAll('localhost:3001', `127.0.0.1:${upstream.port}`));
}

/** A real Caddy that has these lines in its site. */
export function startCaddyWith(lines: string): Promise<Proxy> {
  return start('caddy', (port) => ({
    args: ['run', '--config', 'proxy.conf', '--adapter', 'caddyfile'],
    config: `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  ${lines}
}
`,
  }));
}

/** Runs it as we run, in a folder of its own, until the test is over. */
async function start(
  program: string,
  plan: (port: number, folder: string) => { args: readonly string[]; config: string },
  atTheEnd: AtTheEnd = onTestFinished,
): Promise<Proxy> {
  const [port, folder] = await Promise.all([freePort(), temporaryFolder(atTheEnd)]);
  const { args, config } = plan(port, folder);
  await writeFile(join(folder, 'proxy.conf'), config);
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin`, HOME: folder };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk) => {
    told += chunk;
  });
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (cause) => {
      failure = new Error(
        `${program} could not be started. These tests need it: run .ci/machine, or install it by hand.`,
        { cause },
      );
      resolve();
    });
    child.once('exit', (code, signal) => {
      failure ??= new Error(`${program} ended (${code ?? signal}): ${told}`);
      resolve();
    });
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  atTheEnd(async () => {
    process.off('exit', kill);
    kill();
    await ended;
  });
  while (!(await isListening(port))) {
    if (failure !== undefined) throw failure;
    await sleep(10);
  }
  return { url: `http://127.0.0.1:${port}` };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

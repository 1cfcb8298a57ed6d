import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Engine, findEngines } from '../browser/support/engines.js';
import { openWindow } from '../browser/support/window.js';
import type { Runtime } from './matrix.js';
import type { Findings, Task } from './programs/scenario.js';
import { leftOpen, type Result, toResult } from './result.js';
import type { Stage } from './stage.js';

const RUN_MS = 60_000;

interface Report {
  readonly userAgent: string;
  readonly findings: Findings;
}

/** A page bundled of the tarball's browser build, of an origin that is not the server's. */
export async function runBrowser(runtime: Runtime, engine: Engine, stage: Stage): Promise<Result> {
  // Says what to install where the browser is missing.
  const launch = findEngines().find(([name]) => name === engine)?.[1];
  if (launch === undefined) throw new Error(`missing: ${engine}`);
  const script = await stage.compile('page', 'page.js', { format: 'esm', platform: 'browser' });
  const { server, task } = await stage.serve();
  const page = await servePage(readFileSync(script, 'utf8'), task);
  const window = await openWindow(engine, launch);
  try {
    const [{ userAgent, findings }] = await Promise.all([page.report(), window.goto(page.url)]);
    const stranger = server.requests.find(({ headers }) => headers['user-agent'] !== userAgent);
    if (stranger !== undefined) throw new Error(`it called itself ${stranger.headers['user-agent']}`);
    const run = { findings, exits: await leftOpen(server) };
    return toResult(runtime, versionOf(userAgent), { esm: run });
  } finally {
    await window.close();
    page.close();
    await server.close();
  }
}

/** Serves the page and its script, gives it its task, and takes its report. */
async function servePage(script: string, task: Task) {
  const answers: Readonly<Record<string, readonly [type: string, body: string]>> = {
    '/': [
      'text/html',
      '<!doctype html><title>Runtimes</title><script type="module" src="/page.js"></script>',
    ],
    '/page.js': ['text/javascript', script],
    '/task': ['application/json', JSON.stringify(task)],
  };
  const http = createServer(async (request, response) => {
    if (request.method === 'POST') http.emit('report', JSON.parse(await text(request)));
    const [type, body] = answers[String(request.url)] ?? ['text/plain', ''];
    response.setHeader('content-type', type).end(body);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    async report(): Promise<Report> {
      const [report] = await once(http, 'report', { signal: AbortSignal.timeout(RUN_MS) });
      return report as Report;
    },
    close() {
      http.close();
      http.closeAllConnections();
    },
  };
}

/** WebKit calls itself Safari, and Chromium all of them. */
function versionOf(userAgent: string): string {
  const names = [/Chrome\/([\d.]+)/, /Firefox\/([\d.]+)/, /Version\/([\d.]+)/];
  return names.map((name) => name.exec(userAgent)?.[1]).find(Boolean) ?? userAgent;
}

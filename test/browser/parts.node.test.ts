import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../src/mock-server/index.js';
import { findEngines } from './support/engines.js';
import { type BrowserWindow, openWindow } from './support/window.js';

/** Three browsers may have to start beside it. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });

const root = join(import.meta.dirname, '../..');
const engines = findEngines();

const browserCounterparts: Plugin = {
  name: 'browser-counterparts',
  setup(build) {
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
      const counterpart = resolve(resolveDir, path.replace(/js$/, 'browser.ts'));
      return existsSync(counterpart) ? { path: counterpart } : undefined;
    });
  },
};

/** The scripts of an application's page, by name: `parts-page.js` and what that loads. */
async function bundle(splitting: boolean, entry = 'page'): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [join(root, `test/browser/support/parts-${entry}.ts`)],
    ...{ bundle: true, format: 'esm', platform: 'browser', write: false, outdir: '/', logLevel: 'error' },
    splitting,
    plugins: [browserCounterparts],
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

const split = bundle(true);
const whole = bundle(false);

/** Where the page comes from; what is `gone` was replaced by a deploy. */
async function startSite(scripts: ReadonlyMap<string, Uint8Array>) {
  const asked: string[] = [];
  const site = { asked, gone: /^$/, url: '', stop: () => {} };
  const http = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '', 'http://site').pathname);
    asked.push(name);
    const script = site.gone.test(name) ? undefined : scripts.get(name);
    if (name === '') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Parts</title><script type="module" src="parts-page.js"></script>');
    } else if (script === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store' }).end(script);
    }
  });
  site.stop = () => {
    http.close();
    http.closeAllConnections();
  };
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => site.stop());
  site.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  return site;
}

async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ manual: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** What a service worker made of a job. */
async function madeByWorker(window: BrowserWindow, script: string, type: WorkerType): Promise<unknown> {
  await window.evaluate(`
    globalThis.made = undefined;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => { globalThis.made = data; };
    navigator.serviceWorker.register(${JSON.stringify(script)}, { type: ${JSON.stringify(type)} }).then((registered) => {
      const worker = registered.installing ?? registered.active;
      const tell = () => worker.state === 'activated' && worker.postMessage('make', [port2]);
      worker.addEventListener('statechange', tell);
      tell();
    }).catch((error) => { globalThis.made = { message: String(error) }; });`);
  await eventually(() => window.evaluate('return globalThis.made')).toBeTruthy();
  return window.evaluate('return globalThis.made');
}

const did = (window: BrowserWindow) =>
  window.evaluate('return globalThis.did') as Promise<Record<string, unknown>>;

async function load(window: BrowserWindow, site: { url: string }, server: MockServer): Promise<void> {
  await window.goto(`${site.url}?server=${encodeURIComponent(server.url)}`);
  await eventually(() => window.evaluate('return typeof actions')).toBe('object');
}

async function generate(window: BrowserWindow): Promise<string> {
  await window.evaluate('actions.generate()');
  await eventually(() => did(window)).toMatchObject({ id: expect.any(String) });
  return (await did(window)).id as string;
}

describe.each(engines)('a page in %s', (engine, launch) => {
  async function open(): Promise<BrowserWindow> {
    const window = await openWindow(engine, launch);
    onTestFinished(() => window.close());
    return window;
  }

  it('follows and downloads a job although its site is gone since the job began', async () => {
    const server = await startServer();
    const site = await startSite(await split);
    const window = await open();
    await load(window, site, server);
    const id = await generate(window);
    for (const part of ['download', 'sse', 'follower', 'seldom']) {
      await eventually(() => site.asked).toContainEqual(expect.stringMatching(`^${part}-`));
    }
    await eventually(() => did(window)).toMatchObject({ transport: expect.any(String) });
    site.stop();
    server.jobs.get(id)?.complete();
    await eventually(() => did(window)).toMatchObject({ end: 'completed' });
    await window.evaluate("actions.download('bytes')");
    await eventually(() => did(window)).toMatchObject({ bytes: expect.any(Number) });
    // What was not needed before is not to be had any more, and says so.
    await window.evaluate('actions.diagnose()');
    await eventually(() => did(window)).toMatchObject({ diagnosis: { code: 'part-not-loaded' } });
  });

  it('tells of a download that a deploy has taken away, and has it after a reload, as the error says', async () => {
    const server = await startServer();
    const site = await startSite(await split);
    site.gone = /^download-/;
    const window = await open();
    await load(window, site, server);
    const id = await generate(window);
    server.jobs.get(id)?.complete();
    await eventually(() => did(window)).toMatchObject({ end: 'completed' });
    await window.evaluate("actions.download('failed')");
    const failed = {
      code: 'part-not-loaded',
      jobId: id,
      hint: expect.stringContaining(`subscribe("${id}")`),
    };
    await eventually(() => did(window)).toMatchObject({ failed });
    site.gone = /^$/;
    await window.evaluate("actions.download('again')");
    // Firefox remembers that a script could not be had.
    const again = engine === 'firefox' ? failed : expect.any(Number);
    await eventually(() => did(window)).toMatchObject({ again });
    await load(window, site, server);
    await window.evaluate(`actions.subscribe(${JSON.stringify(id)})`);
    await window.evaluate("actions.download('bytes')");
    await eventually(() => did(window)).toMatchObject({ bytes: expect.any(Number) });
  });

  it('polls where neither a WebSocket nor the part for SSE is to be had', async () => {
    const server = await startServer({ faults: [{ route: 'websocket', type: 'refuse' }] });
    const site = await startSite(await split);
    site.gone = /^sse-/;
    const window = await open();
    await load(window, site, server);
    const id = await generate(window);
    await eventually(() => did(window)).toMatchObject({ transport: 'polling' });
    server.jobs.get(id)?.complete();
    await eventually(() => did(window)).toMatchObject({ end: 'completed' });
  });

  it('sends nothing under a key where the part for records is not to be had, and keeps no record', async () => {
    const server = await startServer();
    const site = await startSite(await split);
    site.gone = /^records-/;
    const window = await open();
    await load(window, site, server);
    await window.evaluate("actions.keep('failed')");
    const failed = { code: 'part-not-loaded', message: expect.stringContaining('"records"') };
    await eventually(() => did(window)).toMatchObject({ failed });
    expect(server.jobs.size).toBe(0);
    expect(await window.evaluate('return localStorage.length')).toBe(0);
    site.gone = /^$/;
    await load(window, site, server);
    await window.evaluate("actions.keep('id'); actions.keep('same');");
    await eventually(() => did(window)).toMatchObject({ id: expect.any(String), same: expect.any(String) });
    const { id, same } = await did(window);
    expect([[...server.jobs].map((job) => job.id), same]).toEqual([[id], id]);
  });

  it('needs nothing more of its site where it is bundled in one file', async () => {
    const server = await startServer();
    const scripts = await whole;
    expect([...scripts.keys()]).toEqual(['parts-page.js']);
    const site = await startSite(scripts);
    const window = await open();
    await load(window, site, server);
    site.stop();
    const id = await generate(window);
    server.jobs.get(id)?.complete();
    await eventually(() => did(window)).toMatchObject({ end: 'completed' });
    await window.evaluate("actions.download('bytes'); actions.diagnose(); actions.generateMany();");
    await eventually(() => did(window)).toMatchObject({
      bytes: expect.any(Number),
      diagnosis: true,
      many: 2,
    });
  });

  it('makes a video in a service worker that is bundled in one file', async () => {
    const server = await startServer({ manual: false, durationMs: 300 });
    const site = await startSite(await bundle(false, 'worker'));
    const window = await open();
    await window.goto(site.url);
    const script = `parts-worker.js?server=${encodeURIComponent(server.url)}`;
    const made = await madeByWorker(window, script, 'classic');
    expect(made).toEqual({ status: 'completed', bytes: expect.any(Number) });
  });

  // Others have no service workers of modules, in all of their versions that are about.
  if (engine !== 'chromium') return;
  it('says of a bundle that was split what a service worker may not do', async () => {
    const server = await startServer();
    const site = await startSite(await bundle(true, 'worker'));
    const window = await open();
    await window.goto(site.url);
    const script = `parts-worker.js?server=${encodeURIComponent(server.url)}`;
    const made = await madeByWorker(window, script, 'module');
    expect(made).toMatchObject({ code: 'part-not-loaded', message: expect.stringContaining('import()') });
  });
});

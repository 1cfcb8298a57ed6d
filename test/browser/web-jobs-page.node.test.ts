import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { build, type Plugin } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../src/mock-server/index.js';
import { findEngines } from './support/engines.js';
import { type BrowserWindow, openWindow } from './support/window.js';

/** Three browsers may have to start beside it. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

const root = join(import.meta.dirname, '../..');

/** The library by its names, as it is for pages. */
const library: Plugin = {
  name: 'library',
  setup(build) {
    build.onResolve({ filter: /^reelwire(\/jobs)?$/ }, ({ path }) => ({
      path: join(root, path === 'reelwire' ? 'src/index.ts' : 'src/jobs/index.ts'),
    }));
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
      const counterpart = resolve(resolveDir, path.replace(/js$/, 'browser.ts'));
      return existsSync(counterpart) ? { path: counterpart } : undefined;
    });
  },
};

const script = build({
  entryPoints: [join(root, 'test/browser/support/jobs-page.ts')],
  ...{ bundle: true, format: 'esm', platform: 'browser', write: false, outdir: '/', logLevel: 'error' },
  plugins: [library],
});

async function startSite() {
  const told: string[] = [];
  const { outputFiles } = await script;
  const http = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://site');
    if (pathname === '/told') {
      told.push(await text(request));
      response.end();
      return;
    }
    const isScript = pathname === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? outputFiles?.[0]?.contents
        : '<!doctype html><title>Jobs</title><button>Two</button><script type="module" src="/page.js"></script>',
    );
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  return { told, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` };
}

async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ manual: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

const submits = (server: MockServer) =>
  server.requests.filter(({ route, method }) => route === 'generate' && method === 'POST').length;

/** The answer to the first submit never comes, though it was carried out. */
const ANSWER_LOST = {
  faults: [{ route: 'generate', type: 'slow', delayMs: 600_000, times: 1 }],
} satisfies MockServerOptions;

const did = (window: BrowserWindow) =>
  window.evaluate('return globalThis.did') as Promise<Record<string, unknown>>;

describe.each(findEngines())('a page in %s that keeps records of its jobs', (engine, launch) => {
  async function open(server: MockServer, keys: 'honoured' | 'ignored') {
    const site = await startSite();
    const window = await openWindow(engine, launch);
    onTestFinished(() => window.close());
    const load = async () => {
      await window.goto(`${site.url}?server=${encodeURIComponent(server.url)}&keys=${keys}`);
      await eventually(() => window.evaluate('return typeof actions')).toBe('object');
    };
    await load();
    return { site, window, load };
  }

  it('and is left while it follows a job finds it again, until it forgets it', async () => {
    const server = await startServer();
    const { window, load } = await open(server, 'ignored');
    await window.evaluate('actions.generate("order-7")');
    await eventually(() => did(window)).toMatchObject({ id: expect.stringMatching(/^job-/) });
    const { id } = await did(window);
    for (const round of [1, 2]) {
      await load();
      await window.evaluate('actions.resume()');
      await eventually(() => did(window)).toMatchObject({ resumed: [`order-7 ${id}`] });
      if (round === 2) await window.evaluate('actions.forget("order-7")');
    }
    await eventually(() => did(window)).toMatchObject({ forgotten: true });
    await load();
    await window.evaluate('actions.resume()');
    await eventually(() => did(window)).toMatchObject({ resumed: [] });
    expect(submits(server)).toBe(1);
  }, 60_000);

  it('and is left before the answer has its one job by its key, where keys are honoured', async () => {
    const server = await startServer(ANSWER_LOST);
    const { window, load } = await open(server, 'honoured');
    await window.evaluate('actions.generate("order-7")');
    await eventually(() => submits(server)).toBe(1);
    await load();
    await window.evaluate('actions.generate("order-7")');
    await eventually(() => did(window)).toMatchObject({ id: expect.stringMatching(/^job-/) });
    expect([...server.jobs].map(({ id }) => id)).toEqual([(await did(window)).id]);
  }, 60_000);

  it('and is left before the answer pays for nothing again, where keys are ignored, and takes what was found', async () => {
    const server = await startServer(ANSWER_LOST);
    const { window, load } = await open(server, 'ignored');
    await window.evaluate('actions.generate("order-7")');
    await eventually(() => submits(server)).toBe(1);
    await load();
    await window.evaluate('actions.generate("order-7")');
    await eventually(() => did(window)).toMatchObject({ id: 'submit-outcome-unknown' });
    await window.evaluate('actions.resume()');
    await eventually(() => did(window)).toMatchObject({ resumed: ['order-7 submit-outcome-unknown'] });
    expect(submits(server)).toBe(1);
    const found = 'job-found-by-hand';
    server.jobs.create({ id: found });
    await window.evaluate(`actions.adopt("order-7", "${found}")`);
    await eventually(() => did(window)).toMatchObject({ adopted: true });
    await load();
    await window.evaluate('actions.resume()');
    await eventually(() => did(window)).toMatchObject({ resumed: [`order-7 ${found}`] });
    expect(submits(server)).toBe(1);
  }, 60_000);

  it('and another tab of it submit a key once, and both have its job', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 1_000 }] });
    const { site, window } = await open(server, 'ignored');
    await window.click('button');
    await eventually(() => did(window)).toMatchObject({ id: expect.stringMatching(/^job-/) });
    await eventually(() => site.told).toEqual([(await did(window)).id]);
    expect(submits(server)).toBe(1);
  }, 60_000);
});

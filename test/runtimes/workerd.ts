import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MockServer } from '../../src/mock-server/index.js';
import { importInstalled } from './install.js';
import type { Runtime } from './matrix.js';
import type { Findings } from './programs/scenario.js';
import type { Wait } from './programs/worker.js';
import { type MiniflareClass, relayInWorkerd } from './relays.js';
import { leftOpen, type Result, toResult } from './result.js';
import type { Stage } from './stage.js';

/** What is used of the package miniflare, which runs workerd as Cloudflare's own tools do. */
interface MiniflarePackage {
  readonly Miniflare: new (options: {
    readonly modules: true;
    readonly script: string;
    readonly compatibilityDate: string;
  }) => {
    dispatchFetch(
      url: string,
      init: { method: string; body: string; signal?: AbortSignal },
    ): Promise<Response>;
    dispose(): Promise<void>;
  };
}
type Worker = InstanceType<MiniflarePackage['Miniflare']>;

/** A worker without any of Node's modules, bundled by the conditions that wrangler goes by. */
export async function runWorkerd(runtime: Runtime, stage: Stage): Promise<Result> {
  const { module } = await importInstalled('miniflare');
  const { version } = await importInstalled('workerd');
  const script = await stage.compile('worker', 'worker.js', {
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
  });
  const { server, task } = await stage.serve();
  const { Miniflare } = module as MiniflarePackage;
  const worker = new Miniflare({
    modules: true,
    script: readFileSync(script, 'utf8'),
    compatibilityDate: compatibilityDateOf(version),
  });
  try {
    const response = await worker.dispatchFetch('http://worker/', {
      method: 'POST',
      body: JSON.stringify(task),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}: ${await response.text()}`);
    const findings = (await response.json()) as Findings;
    const transports = ['polling', 'sse', 'websocket'] as const;
    const problems = await Promise.all(
      transports.map(async (transport) => [transport, await overlap(worker, server, transport)] as const),
    );
    const shared = Object.fromEntries(problems.filter(([, problem]) => problem !== null));
    return toResult(runtime, version, {
      esm: { findings: { ...findings, ...shared }, exits: await leftOpen(server) },
      relay: await relayInWorkerd(
        Miniflare as unknown as MiniflareClass,
        compatibilityDateOf(version),
        stage,
      ),
    });
  } finally {
    await worker.dispose();
    await server.close();
  }
}

/**
 * Requests that overlap and wait by one client at module level, each for a job of its own: two at once; one beside
 * another whose caller goes away; and one after all of them. What went wrong, or null.
 */
async function overlap(worker: Worker, server: MockServer, transport: Wait['transport']) {
  const body = JSON.stringify({ baseUrl: server.url, transport } satisfies Wait);
  const ask = async (name: string, signal?: AbortSignal) => {
    const init = { method: 'POST', body, signal: signal ?? AbortSignal.timeout(10_000) };
    const response = await worker.dispatchFetch('http://worker/wait', init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} answered ${response.status}: ${text.slice(0, 200)}`);
    const { id, ended, transport: by } = JSON.parse(text) as Record<string, string>;
    if (id !== ended || by !== transport) throw new Error(`${name} was told ${text}`);
  };
  try {
    await Promise.all([ask('the first of two'), sleep(100).then(() => ask('the second of two'))]);
    const gone = new AbortController();
    const cut = ask('one whose caller goes away', gone.signal).then(
      () => Promise.reject(new Error('a request that was to be cut off ended')),
      () => undefined,
    );
    const beside = sleep(100).then(() => ask('one beside another that is cut off'));
    await sleep(300);
    gone.abort();
    await Promise.all([cut, beside]);
    await ask('one after the others');
    return null;
  } catch (error) {
    return `with one client for all requests: ${error instanceof Error ? error.message : error}`;
  }
}

/** The newest that this workerd knows: it is in its version, such as 1.20260426.1. */
function compatibilityDateOf(version: string): string {
  return version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3');
}

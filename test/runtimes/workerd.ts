import { readFileSync } from 'node:fs';
import { importInstalled } from './install.js';
import type { Runtime } from './matrix.js';
import type { Findings } from './programs/scenario.js';
import { leftOpen, type Result, toResult } from './result.js';
import type { Stage } from './stage.js';

/** What is used of the package miniflare, which runs workerd as Cloudflare's own tools do. */
interface MiniflarePackage {
  readonly Miniflare: new (options: {
    readonly modules: true;
    readonly script: string;
    readonly compatibilityDate: string;
  }) => {
    dispatchFetch(url: string, init: { method: string; body: string }): Promise<Response>;
    dispose(): Promise<void>;
  };
}

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
    return toResult(runtime, version, { esm: { findings, exits: await leftOpen(server) } });
  } finally {
    await worker.dispose();
    await server.close();
  }
}

/** The newest that this workerd knows: it is in its version, such as 1.20260426.1. */
function compatibilityDateOf(version: string): string {
  return version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3');
}

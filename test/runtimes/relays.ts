import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createMockServer, type MockServer } from '../../src/mock-server/index.js';
import type { Runtime } from './matrix.js';
import type { SiteTask } from './programs/relay-site.js';
import { checkRelay } from './relay-checks.js';
import type { Stage } from './stage.js';

const token = 'key-of-the-server-behind';
/** Where crossws is: the tarball does not bring it. */
const nodePaths = [fileURLToPath(new URL('../../node_modules', import.meta.url))];

/** A relay in a process of its own: by node:http, or by crossws. What went wrong, or null. */
export async function relayInProcess(
  [binary, ...args]: readonly string[],
  { kind }: Runtime,
  stage: Stage,
): Promise<string | null> {
  const program = await stage.compile(`relay-${kind}`, `relay-${kind}.mjs`, {
    platform: 'node',
    format: 'esm',
    external: ['reelwire', 'reelwire/*'],
    nodePaths,
  });
  return withUpstream(async (upstream, task) => {
    const child = spawn(String(binary), [...args, program, JSON.stringify(task)], { cwd: stage.folder });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    try {
      const port = await new Promise<string>((resolve, reject) => {
        child.stdout.on('data', (text) => {
          stdout += text;
          if (/\n/.test(stdout)) resolve(stdout.trim());
        });
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${stderr}`)));
      });
      const cutsSlowPages = true;
      const problem = await checkRelay({ url: `http://127.0.0.1:${port}`, upstream, cutsSlowPages });
      return problem === null || stderr === '' ? problem : `${problem}; it said: ${stderr.trim()}`;
    } finally {
      child.kill('SIGKILL');
    }
  });
}

/** What is used of miniflare. */
export type MiniflareClass = new (
  options: object,
) => { readonly ready: Promise<URL>; dispose(): Promise<void> };

/** A relay in one Durable Object, by crossws. */
export async function relayInWorkerd(
  Miniflare: MiniflareClass,
  compatibilityDate: string,
  stage: Stage,
): Promise<string | null> {
  const script = await stage.compile('relay-worker', 'relay-worker.js', {
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:workers'],
    nodePaths,
  });
  return withUpstream(async (upstream, task) => {
    const worker = new Miniflare({
      modules: true,
      script: readFileSync(script, 'utf8'),
      compatibilityDate,
      host: '127.0.0.1',
      port: 0,
      bindings: task,
      durableObjects: { VIDEOS: 'Videos' },
    });
    try {
      const url = (await worker.ready).origin;
      const { status } = await fetch(`${url}/of-the-module`);
      if (status !== 404) return `a relay: made at module level, it answered ${status}`;
      return await checkRelay({ url, upstream, cutsSlowPages: false });
    } finally {
      await worker.dispose();
    }
  });
}

async function withUpstream(
  work: (upstream: MockServer, task: SiteTask) => Promise<string | null>,
): Promise<string | null> {
  const upstream = await createMockServer({ manual: true, style: 'field', auth: { type: 'bearer', token } });
  try {
    return await work(upstream, { baseUrl: upstream.url, token });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await upstream.close();
  }
}

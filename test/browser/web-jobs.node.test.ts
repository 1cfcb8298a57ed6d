import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { findEngines } from './support/engines.js';
import { openWindow } from './support/window.js';

const ROUNDS = 20;
/** In each round. */
const AT_ONCE = 20;

const PAGE = `<!doctype html><title>Jobs</title><button>Another tab</button>
<script type="module" src="/tab.js"></script>`;

interface Told {
  readonly key: string;
  readonly idempotencyKey: string;
  readonly isMine: boolean;
  readonly error?: string;
}

/** Gives both tabs the key of a round in the same moment, as soon as both have asked for it. */
async function startSite() {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'support/jobs-tab.ts')],
    ...{ bundle: true, format: 'esm', platform: 'browser', write: false, outdir: '/', logLevel: 'error' },
  });
  const told: Told[] = [];
  const waiting = new Map<string, ServerResponse>();
  let round = 0;
  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://site');
    if (pathname === '/told') {
      told.push(...(JSON.parse(await text(request)) as Told[]));
      response.end();
    } else if (pathname === '/keys') {
      waiting.set(searchParams.get('tab') ?? '', response);
      if (waiting.size < 2) return;
      const keys = round < ROUNDS ? Array.from({ length: AT_ONCE }, (_, i) => `round-${round}-${i}`) : [];
      round++;
      for (const tab of waiting.values()) tab.end(JSON.stringify(keys));
      waiting.clear();
    } else {
      const isScript = pathname === '/tab.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]?.contents : PAGE);
    }
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  return { told, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/?tab=first` };
}

it.each(findEngines())(
  `two tabs of %s that add the same keys at once, ${ROUNDS * AT_ONCE} of them, get one record`,
  async (engine, launch) => {
    const { told, url } = await startSite();
    const window = await openWindow(engine, launch);
    onTestFinished(() => window.close());
    await window.goto(url);
    await window.click('button');
    await expect.poll(() => told.length, { timeout: 60_000 }).toBe(2 * ROUNDS * AT_ONCE);
    const rounds = groupByKey(told);
    expect(rounds.size).toBe(ROUNDS * AT_ONCE);
    const wrong = [...rounds].filter(
      ([, [one, other]]) => one?.idempotencyKey !== other?.idempotencyKey || one?.isMine === other?.isMine,
    );
    expect(wrong).toEqual([]);
  },
  120_000,
);

function groupByKey(told: readonly Told[]): Map<string, Told[]> {
  const groups = new Map<string, Told[]>();
  for (const one of told) groups.set(one.key, [...(groups.get(one.key) ?? []), one]);
  return groups;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { MockFault } from '../../src/mock-server/index.js';
import { noStreamIsLeft, startServer } from './support.js';

const CHILD = fileURLToPath(new URL('exit-child.ts', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
  /** From the word that the job has ended to the end of the process. */
  readonly lingeredMs: number;
}

async function run(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let endedAt = Number.NaN;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (/^ended$/m.test(text)) endedAt = performance.now();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, lines: output.trim().split('\n'), lingeredMs: performance.now() - endedAt };
}

const CASES: readonly [string, string, readonly MockFault[]][] = [
  ['everything is well', 'websocket,sse,polling', []],
  ['the WebSocket is a black hole', 'websocket,sse,polling', [{ type: 'stall', route: 'websocket' }]],
  [
    'the WebSocket is half-open',
    'websocket,polling',
    [{ type: 'half-open', route: 'websocket', afterMs: 20 }],
  ],
  ['the WebSocket is refused', 'websocket,sse', [{ type: 'refuse', route: 'websocket' }]],
  ['SSE is half-open', 'sse,polling', [{ type: 'half-open', route: 'sse', afterMs: 20 }]],
  [
    'SSE is of another content type',
    'sse,polling',
    [{ type: 'content-type', route: 'sse', contentType: 'text/html' }],
  ],
  [
    'both streams are black holes',
    'websocket,sse,polling',
    [
      { type: 'stall', route: 'websocket' },
      { type: 'stall', route: 'sse' },
    ],
  ],
  ['it only polls', 'polling', []],
];

it.each(CASES)(
  'a process ends by itself within a second of its last job when %s',
  async (_, transports, faults) => {
    const server = await startServer({ durationMs: 300, faults });
    const job = server.jobs.create();
    const outcome = await run(server.url, job.id, transports);
    expect(outcome.lines.at(-1)).toBe('ended');
    expect(outcome.code).toBe(0);
    expect(outcome.lingeredMs).toBeLessThan(1_000);
    await noStreamIsLeft(server);
  },
);

it('a thousand jobs followed and left leave nothing in memory', { timeout: 60_000 }, async () => {
  const server = await startServer({ manual: true });
  const { lines, code } = await run(server.url, server.jobs.create().id, 'cycles', '1000');
  expect(code).toBe(0);
  expect(Number(lines.at(-1)?.split(' ')[1])).toBeLessThan(2 ** 20);
  await noStreamIsLeft(server);
});

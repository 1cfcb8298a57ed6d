import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './install.js';
import type { Runtime } from './matrix.js';
import type { Findings } from './programs/scenario.js';
import { relayInProcess } from './relays.js';
import { LEFT_MS, type Result, type Run, toResult } from './result.js';
import type { Stage } from './stage.js';

const RUN_MS = 60_000;
const { platform, arch } = process;

/** The command of a runtime, which the program's file and its arguments follow. */
function commandOf({ kind, name }: Runtime): readonly string[] {
  if (kind === 'node') return [nodeBinary(name.replace('Node ', ''))];
  if (kind === 'bun') {
    const packageName = `@oven/bun-${platform}-${arch.replace('arm64', 'aarch64')}`;
    return [findBinary([[packageName, 'bin/bun']])];
  }
  const libc = platform === 'linux' ? '-glibc' : '';
  const binary = findBinary([[`@deno/${platform}-${arch}${libc}`, 'deno']]);
  // No more rights than an application needs that talks to one server, and saves.
  const rights = ['--allow-net=127.0.0.1', '--allow-read', '--allow-write'];
  return [binary, 'run', '--no-prompt', '--node-modules-dir=manual', ...rights];
}

/** Its package; where there is none for this platform, the Node that runs this, if it is of that version. */
function nodeBinary(major: string): string {
  try {
    return findBinary([[`node-${major}-${platform}-${arch}`, 'bin/node']]);
  } catch (error) {
    if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
    throw error;
  }
}

/** Runs the scenario twice, the package imported and required, and a relay. */
export async function runProcesses(runtime: Runtime, stage: Stage): Promise<Result> {
  const command = commandOf(runtime);
  const options = { platform: 'node', packages: 'external' } as const;
  const esm = await stage.compile('process', 'application.mjs', { ...options, format: 'esm' });
  const cjs = await stage.compile('process', 'application.cjs', { ...options, format: 'cjs' });
  const [imported, required] = await Promise.all([
    runProcess(command, esm, stage, runtime),
    runProcess(command, cjs, stage, runtime),
  ]);
  const relay = await relayInProcess(command, runtime, stage);
  return toResult(runtime, imported.version, { esm: imported, cjs: required, relay });
}

async function runProcess(
  [binary, ...args]: readonly string[],
  program: string,
  stage: Stage,
  runtime: Runtime,
): Promise<Run & { version: string }> {
  const { server, task } = await stage.serve();
  const saved = join(stage.folder, 'saved', `${runtime.name} ${program.slice(-3)}.mp4`);
  try {
    const { stdout, stderr, lingeredMs } = await run(
      String(binary),
      [...args, program, JSON.stringify(task), saved],
      stage.folder,
    );
    if (stderr !== '') throw new Error(`it said: ${stderr.trim()}`);
    const { version, findings } = JSON.parse(stdout) as { version: string; findings: Findings };
    // Deno's WebSocket keeps its own.
    const open =
      runtime.kind === 'deno' ? server.requests.filter((one) => one.route !== 'websocket') : server.requests;
    const agents = new Set(open.map(({ headers }) => headers['user-agent']));
    if (agents.size !== 1 || ![...agents][0]?.startsWith('reelwire/')) {
      throw new Error(`it called itself ${[...agents].join(' and ')}`);
    }
    if (!runtime.name.endsWith(` ${version.split('.')[0]}`)) throw new Error(`it is version ${version}`);
    const exits =
      lingeredMs < LEFT_MS ? null : `it was still there ${lingeredMs} ms after the last job's end`;
    // What it says it wrote is looked at from outside, too.
    const isWhole = existsSync(saved) && sha256(saved) === task.videoSha256;
    const save = findings.save ?? (isWhole ? null : 'the file is not the video');
    return { version, findings: { ...findings, save }, exits };
  } finally {
    await server.close();
  }
}

function run(
  binary: string,
  args: readonly string[],
  cwd: string,
): Promise<{ stdout: string; stderr: string; lingeredMs: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS });
    let [stdout, stderr] = ['', ''];
    let saidAt = Number.NaN;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      saidAt = Date.now();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const lingeredMs = Date.now() - saidAt;
      // Who said everything and did not exit was killed for it, which is told by how long it lingered.
      if (code === 0 || (signal !== null && stdout !== '')) resolve({ stdout, stderr, lingeredMs });
      else reject(new Error(`it ended with ${signal ?? code}: ${stderr.trim() || 'no word why'}`));
    });
  });
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

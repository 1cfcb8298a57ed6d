import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

const run = promisify(execFile);

export interface RedisServer {
  readonly port: number;
  /** Such as SIGSTOP, which leaves its connections open and mute, until SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
  /** Starts it again, on the same port; with nothing in it, unless it was set to keep what it is told. */
  start(): Promise<void>;
  /** Both. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a redis-server of its own on a free port of the loopback, keeping nothing. Installs it where it is missing and
 * this is a Debian on which we may.
 *
 * @param more - Further settings, such as `{ replicaof: '127.0.0.1 6379' }`.
 */
export async function startRedis(more: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  await installRedis();
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'reelwire-redis-'));
  const options = { bind: '127.0.0.1', port, dir: directory, save: '', appendonly: 'no', ...more };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = async () => {
    const started = spawn('redis-server', args, { stdio: 'ignore' });
    await ready(port, started);
    return started;
  };
  let server = await start();
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  };
  return {
    port,
    signal: (name) => void server.kill(name),
    kill: () => end('SIGKILL'),
    async start() {
      server = await start();
    },
    async restart() {
      await end('SIGKILL');
      server = await start();
    },
    async stop() {
      server.kill('SIGCONT');
      await end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function installRedis(): Promise<void> {
  if (await isInstalled()) return;
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    const install = ['install', '-y', '--no-install-recommends', 'redis-server'];
    await run('apt-get', install, { env: environment }).catch(async () => {
      await run('apt-get', ['update'], { env: environment });
      await run('apt-get', install, { env: environment });
    });
  } catch (cause) {
    throw new Error(
      'These tests need a redis-server (6 or newer) on the PATH, and it could not be installed by apt-get. ' +
        'Install it by hand, such as: brew install redis, or: sudo apt-get install redis-server.',
      { cause },
    );
  }
}

async function isInstalled(): Promise<boolean> {
  return run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
}

async function ready(port: number, server: ChildProcess): Promise<void> {
  const { connect } = await import('node:net');
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with code ${server.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.unref().on('connect', () => socket.end());
    });
    if (open) return;
    await sleep(25);
  }
  throw new Error('redis-server did not start within 5 s');
}

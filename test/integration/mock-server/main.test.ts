import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { until } from '../../support/until.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function start(...args: string[]): { child: ChildProcess; output(): string; code(): number | null } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/mock.ts', ...args], {
    cwd: root,
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return { child, output: () => output, code: () => child.exitCode };
}

it('runs as a command that prints its address and what it gets, and ends by a signal', async () => {
  const command = start('--port', '0', '--fault', 'status=status:503');
  try {
    await until(() => command.output().includes('mock server at'));
    const url = /mock server at (\S+),/.exec(command.output())?.[1];
    const response = await fetch(`${url}/api/videos/status/a%0Ab`);
    expect(response.status).toBe(503);
    await until(() => command.output().includes('GET /api/videos/status/a%0Ab'));
    command.child.kill('SIGTERM');
    await until(() => command.code() !== null);
    expect(command.code()).toBe(0);
  } finally {
    command.child.kill('SIGKILL');
  }
});

it('names the faults there are when it is given another', async () => {
  const command = start('--fault', 'websocket=nonsense');
  await until(() => command.code() !== null);
  expect(command.code()).toBe(1);
  expect(command.output()).toContain('blackhole');
});

it('says in one line that its port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const command = start('--port', String(port));
  await once(command.child, 'close');
  taken.close();
  expect(command.output()).toMatch(new RegExp(`^The mock server did not start: .*EADDRINUSE.*${port}\\n$`));
  expect(command.code()).toBe(1);
});

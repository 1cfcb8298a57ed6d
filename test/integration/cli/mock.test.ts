import { expect, test } from 'vitest';
import { run, start, startServer } from './support.js';

test('the mock server runs until it is interrupted, and prints what it got', async () => {
  const mock = start(['mock', '--port', '0', '--duration-ms', '300', '--fault', 'websocket=refuse']);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await mock.until(/Ctrl-C/))?.[0] ?? '';
  const { code, stderr } = await run(['generate', 'Explain blockchain', '--base-url', url]);
  expect(stderr).toMatch(/completed 100 % over sse/);
  expect(code).toBe(0);
  mock.interrupt();
  const ended = await mock.ended;
  expect(ended.stdout).toMatch(/^[\d:.]+ → POST \/api\/generate$/m);
  expect(ended.stdout).toMatch(/^[\d:.]+ ← 200 \/api\/generate job job-\w+ .*"Explain blockchain"/m);
  expect(ended.code).toBe(0);
});

test('a port that is taken, or a fault that there is not, is wrong usage', async () => {
  const { server } = await startServer();
  const taken = await run(['mock', '--port', String(server.port)]);
  expect(taken.stderr).toContain('EADDRINUSE');
  const fault = await run(['mock', '--port', '0', '--fault', 'websocket=sulk']);
  expect(fault.stderr).toContain('--fault');
  const port = await run(['mock', '--port', '70000']);
  expect([taken.code, fault.code, port.code]).toEqual([2, 2, 2]);
});

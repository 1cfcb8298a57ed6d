import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('contract-runner.ts', import.meta.url));

async function runIn(store: string) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', '--test-reporter=tap', program], {
    env: { ...env, STORE: store },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1]);
  return { passed: count('pass'), failed: count('fail'), output };
}

it('node:test runs the tests of what a store promises, and fails those that it does not keep', async () => {
  const [good, bad] = await Promise.all([runIn('memory'), runIn('overwrites')]);
  expect(good.failed).toBe(0);
  expect(good.passed).toBeGreaterThanOrEqual(25);
  expect(bad.failed).toBeGreaterThanOrEqual(1);
  expect(bad.passed + bad.failed).toBe(good.passed);
  expect(bad.output).toMatch(/not ok \d+ - add: leaves a record that is there as it is/);
});

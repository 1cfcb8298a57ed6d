import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titleOf } from './matrix.js';
import { applications, node, serve, tools } from './tools.js';

const jest = join(tools, 'jest/bin/jest.js');

describe(titleOf('jest'), () => {
  it('runs the whole demo over every transport', async () => {
    expect(await node('jest', jest, ['node'])).toMatch(/Tests: +3 passed, 3 total/);
  });

  it('fails with the errors that a test has, whatever jest.resetModules() made it forget', async () => {
    expect(await node('jest', jest, ['reset'])).toMatch(/Tests: +6 passed, 6 total/);
  });

  it('declares and runs the tests of what a store of jobs promises', async () => {
    expect(await node('jest', jest, ['jobs'])).toMatch(/Tests: +2\d passed, 2\d total/);
  });
});

describe(titleOf('jestJsdom'), () => {
  it('runs the whole demo, by what is for pages', async () => {
    expect(await node('jest', jest, ['page'], { SERVER_URL: await serve() })).toMatch(
      /Tests: +5 passed, 5 total/,
    );
  });

  it('runs it with a mock server that globalSetup starts', async () => {
    const hooks = ['--globalSetup', './start-mock.cjs', '--globalTeardown', './stop-mock.cjs'];
    expect(await node('jest', jest, ['beside', ...hooks])).toMatch(/Tests: +1 passed, 1 total/);
  });
});

describe.each([
  [titleOf('vitestJsdom'), 'jsdom', 3],
  [titleOf('vitestHappyDom'), 'happy-dom', 2],
])('%s', (_, environment, tests) => {
  it('runs the demo', async () => {
    const args = ['run', '--root', join(applications, 'vitest'), '--environment', environment];
    const printed = await node('vitest', join(tools, 'vitest/vitest.mjs'), args, {
      SERVER_URL: await serve(),
      NO_COLOR: '1',
    });
    expect(printed).toContain(`${tests} passed (${tests})`);
  });
});

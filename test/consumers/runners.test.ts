import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applications, node, serve, tools } from './tools.js';

describe('Jest 30', () => {
  const jest = join(tools, 'jest/bin/jest.js');

  it('runs the whole demo in its environment for Node, over every transport', async () => {
    expect(await node('jest', jest, ['node'])).toMatch(/Tests: +3 passed, 3 total/);
  });

  it('runs the whole demo in jsdom, which requires the build for browsers', async () => {
    expect(await node('jest', jest, ['page'], { SERVER_URL: await serve() })).toMatch(
      /Tests: +4 passed, 4 total/,
    );
  });
});

describe('Vitest', () => {
  it.each(['jsdom', 'happy-dom'])('runs the demo in %s', async (environment) => {
    const args = ['run', '--root', join(applications, 'vitest'), '--environment', environment];
    const printed = await node('vitest', join(tools, 'vitest/vitest.mjs'), args, {
      SERVER_URL: await serve(),
      NO_COLOR: '1',
    });
    expect(printed).toMatch(/Tests +3 passed \(3\)/);
  });
});

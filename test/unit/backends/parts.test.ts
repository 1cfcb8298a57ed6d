import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// As in a page, whose site has these files no longer.
const PARTS = {
  base64: '../../../src/backends/base64.js',
  files: '../../../src/backends/hosted/embed-files.js',
};
const LOADERS = {
  base64: async () => (await import('../../../src/backends/load-base64.browser.js')).loadBase64(),
  files: async () =>
    (await import('../../../src/backends/hosted/load-embed-files.browser.js')).loadEmbedFiles(),
};

beforeEach(() => {
  vi.resetModules();
  for (const part of Object.values(PARTS)) {
    vi.doMock(part, () => {
      throw new TypeError('Failed to fetch dynamically imported module');
    });
  }
});

afterEach(() => {
  for (const part of Object.values(PARTS)) vi.doUnmock(part);
  vi.resetModules();
});

it.each(['base64', 'files'] as const)(
  'the part %s is told to be missing where a page cannot fetch it',
  async (part) => {
    await expect(LOADERS[part]()).rejects.toMatchObject({
      code: 'part-not-loaded',
      message: expect.stringContaining(`the part "${part}" of reelwire could not be loaded`),
      hint: expect.stringContaining('reload the page'),
    });
  },
);

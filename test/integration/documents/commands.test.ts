import { parseMockFault } from 'reelwire/mock-server';
import { expect, it } from 'vitest';
import { documents, readDocument } from '../../support/documents.js';
import { run } from '../cli/support.js';

/** Each use of the command in the documents, as its words. */
const uses = documents.flatMap((document) =>
  [...readDocument(document).matchAll(/npx reelwire ([^`\n;&#]+)/g)].map(([, line = '']) => ({
    document,
    line: line.trim(),
    words: line.trim().split(/\s+/),
  })),
);

it('the documents use the command', () => {
  expect(uses.length).toBeGreaterThanOrEqual(10);
});

it.each(uses)('$document: reelwire $line has that command, and its options', async ({ words }) => {
  const command = ['jobs', 'webhook'].includes(words[0] ?? '') ? words.slice(0, 2) : words.slice(0, 1);
  const { code, stdout } = await run([...command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`reelwire ${command.join(' ')}`);
  const options = words.filter((word) => /^--?[a-z]/.test(word));
  expect(options.filter((option) => !new RegExp(`(^|[ ,])${option}\\b`, 'm').test(stdout))).toEqual([]);
});

it.each(uses.flatMap(({ line }) => [...line.matchAll(/--fault (\S+)/g)].map(([, fault = '']) => fault)))(
  'the fault %s is one',
  (fault) => {
    expect(parseMockFault(fault)).toMatchObject({ type: expect.any(String) });
  },
);

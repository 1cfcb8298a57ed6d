import { describe, expect, it } from 'vitest';
import { readDocument } from '../../support/documents.js';
import { followSituations } from './follow-situations.js';
import { webhookSituations } from './webhook-situations.js';

const situations = { ...followSituations, ...webhookSituations };

/** What the page says that the library says, line by line, by the heading that it stands under. */
const quoted = new Map(
  readDocument('examples/guides/troubleshooting.md')
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const texts = [...section.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
      return [heading, texts.join('').trimEnd().split('\n')];
    }),
);

describe('the page of troubleshooting', () => {
  it.each(Object.entries(situations))('quotes what the library really says: %s', async (heading, happen) => {
    expect(quoted.get(heading)).toEqual(await happen());
  });

  it('has no heading whose situation is not tried', () => {
    expect([...quoted.keys()].filter((heading) => !(heading in situations))).toEqual([]);
  });
});

import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, housePages, readDocument, root } from '../../support/documents.js';

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** Text without its blocks of code, whose brackets are no links. */
function proseOf(document: string): string {
  return readDocument(document).replaceAll(/^```[\s\S]*?^```$/gm, '');
}

function anchorsOf(document: string): string[] {
  return [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

describe.each([...documents, ...housePages])('%s', (document) => {
  const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const local = targets.filter((target) => !/^https?:/.test(target));

  it('links to files that are there, and to headings that are in them', () => {
    const dead = local.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : relative(root, join(root, dirname(document), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});

it('the README leads to every guide', () => {
  const readme = readDocument('README.md');
  expect(documents.filter((document) => document.includes('/guides/') && !readme.includes(document))).toEqual(
    [],
  );
});

import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { blocksOf, documents, root } from '../support/documents.js';

/** Every `ts` and `tsx` block of the documents, as a file that is only thought of, beside its document. */
const blocks = new Map(
  documents.flatMap(blocksOf).flatMap(({ document, line, language, code }) => {
    if (language !== 'ts' && language !== 'tsx') return [];
    const name = `${document.replace(/\.md$/, '')}-line-${line}.${language}`;
    // A module even where it imports nothing: else the blocks would share their names.
    return [[join(root, name), `${code}\nexport {};\n`]];
  }),
);

function problems(): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => blocks.has(path) || fileExists(path);
  host.readFile = (path) => blocks.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const block = blocks.get(path);
    return block === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, block, target, true);
  };
  const platforms = join(root, 'test/types/platforms.d.ts');
  const program = ts.createProgram(
    [...blocks.keys(), platforms],
    { ...options, noUnusedLocals: false },
    host,
  );
  return [...blocks.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${relative(root, path)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

it('every block of TypeScript in the documents compiles', { timeout: 240_000 }, () => {
  expect(blocks.size).toBeGreaterThanOrEqual(30);
  expect(problems()).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every `ts` and `tsx` block of the documents, as a file that is only thought of, beside its document. */
const blocks = new Map<string, string>();
const guides = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
  .map((path) => `examples/${path}`);
for (const document of ['README.md', ...guides]) {
  const text = readFileSync(join(root, document), 'utf8');
  for (const [index, match] of [...text.matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gm)].entries()) {
    const name = `${document.replace(/\.md$/, '')}-block-${index + 1}.${match[1]}`;
    // A module even where it imports nothing: else the blocks would share their names.
    blocks.set(join(root, name), `${match[2]}\nexport {};\n`);
  }
}

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
  const program = ts.createProgram([...blocks.keys()], { ...options, noUnusedLocals: false }, host);
  return [...blocks.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${relative(root, path)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

test('every block of TypeScript in the documents compiles', () => {
  expect(blocks.size).toBeGreaterThanOrEqual(5);
  expect(problems()).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SOURCES = 'src';

/** Whoever says which version of the package it is. */
const VERSION = '../package.json';

/** One `import`, `export … from`, `import()` or `import('…')` type of a source file. */
interface Import {
  /** Relative to `src`, without extension: `core/model`. */
  readonly from: string;
  /** Likewise; or the name of a package, as written. */
  readonly to: string;
  readonly isOfPackage: boolean;
  readonly isOfTypes: boolean;
}

/** What each room may import besides itself: rooms, or single files of them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  core: ['errors'],
  runtime: ['errors', 'core'],
  backends: ['errors', 'core'],
  http: ['errors', 'core', 'runtime', 'backends/backend'],
  transports: ['errors', 'core', 'runtime', 'backends/backend'],
  download: ['errors', 'core', 'runtime', 'backends/backend', 'http'],
  job: ['errors', 'core', 'runtime'],
  jobs: ['errors', 'core', 'runtime'],
  client: ['errors', 'core', 'runtime', 'backends', 'http', 'transports', 'download', 'job', 'jobs'],
  webhooks: ['errors', 'core'],
  'mock-server': ['errors', 'core/model', 'core/nearest'],
  react: ['core', 'backends/backend', 'job', 'jobs/jobs', 'client'],
  relay: ['index', 'webhooks/index'],
  // What React Native loads in place of the index.
  native: ['index', 'runtime'],
  cli: [
    ...['index', 'backends/hosted/index', 'jobs/node', 'mock-server/index'],
    ...['relay/index', 'relay/node', 'webhooks/index', 'webhooks/testing'],
  ],
};

/** The entries of the package: they put names together, and nothing but the command line and the relay imports them. */
const ENTRIES = [
  ...['index', 'native'],
  ...['backends/hosted/index', 'mock-server/index', 'mock-server/msw', 'react/index'],
  ...['relay/index', 'relay/node'],
  ...['jobs/index', 'jobs/node', 'jobs/testing'],
  ...['webhooks/index', 'webhooks/node', 'webhooks/testing'],
];

const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => /(?<!\.d)\.tsx?$/.test(file))
  .map((file) => file.replaceAll('\\', '/'));

const IMPORTS = FILES.flatMap(importsOf);

describe('the imports of src', () => {
  it('are many, which shows that they were read', () => {
    expect(IMPORTS.length).toBeGreaterThan(500);
  });

  it('lead only where the room of a file may look', () => {
    const wrong = IMPORTS.filter(({ from, to, isOfPackage }) => !isOfPackage && !mayImport(from, to));
    expect(wrong.map(show)).toEqual([]);
  });

  it('come from rooms of which each has its rule', () => {
    expect([...new Set(FILES.map((file) => roomOf(nameOf(file))))].sort()).toEqual(
      [...Object.keys(MAY_IMPORT), 'index'].sort(),
    );
  });

  it('are of types alone where React looks at the client', () => {
    const wrong = IMPORTS.filter(
      ({ from, to, isOfPackage, isOfTypes }) =>
        roomOf(from) === 'react' && roomOf(to) !== 'react' && !isOfPackage && !isOfTypes,
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it('bring no entry of the package but to the command line and the relay', () => {
    const isOfUsers = (file: string) => ['cli', 'relay', 'native'].includes(roomOf(file));
    const wrong = IMPORTS.filter(({ from, to }) => !isOfUsers(from) && ENTRIES.includes(to));
    expect(wrong.map(show)).toEqual([]);
  });

  it('go round in no circle, those of types included', () => {
    expect(circles()).toEqual([]);
  });

  it('bring what only Node has into its own files alone', () => {
    const isOfNode = (file: string) =>
      /^(cli|mock-server)\//.test(file) ||
      /^jobs\/stores\/file(-|$)/.test(file) ||
      /\/node$/.test(file) ||
      ['download/save-file', 'runtime/file-handle'].includes(file);
    const wrong = IMPORTS.filter(
      ({ from, to, isOfTypes }) => to.startsWith('node:') && !isOfTypes && !isOfNode(from),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(SOURCES, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const from = nameOf(file);
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, isOfTypes: boolean) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isOfPackage = !specifier.text.startsWith('.');
    const to = isOfPackage
      ? specifier.text
      : path.posix.join(path.posix.dirname(from), specifier.text).replace(/\.js$/, '');
    imports.push({ from, to, isOfPackage, isOfTypes });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isOfTypes(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isOfTypes(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function isOfTypes(clause: ts.ImportClause | ts.ExportDeclaration | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = ts.isImportClause(clause) ? clause.namedBindings : clause.exportClause;
  if (named === undefined || (ts.isImportClause(clause) && clause.name !== undefined)) return false;
  if (!ts.isNamedImports(named) && !ts.isNamedExports(named)) return false;
  return named.elements.every((element) => element.isTypeOnly);
}

function nameOf(file: string): string {
  return file.replace(/\.tsx?$/, '');
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function mayImport(from: string, to: string): boolean {
  const room = roomOf(from);
  if (to === VERSION) return true;
  if (room === 'index' || room === roomOf(to)) return true;
  return (MAY_IMPORT[room] ?? []).some((allowed) => allowed === to || allowed === roomOf(to));
}

function show({ from, to }: Import): string {
  return `${from} → ${to}`;
}

/** The groups of files that reach one another: Tarjan's strongly connected components of more than one. */
function circles(): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to, isOfPackage } of IMPORTS) {
    if (!isOfPackage) targets.set(from, [...(targets.get(from) ?? []), to]);
  }
  const found: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const walk = (file: string): number => {
    let low = numbers.size;
    const number = low;
    numbers.set(file, number);
    stack.push(file);
    for (const to of targets.get(file) ?? []) {
      if (!numbers.has(to)) low = Math.min(low, walk(to));
      else if (stack.includes(to)) low = Math.min(low, lowest.get(to) ?? numbers.get(to) ?? low);
    }
    lowest.set(file, low);
    if (low === number) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return low;
  };
  for (const file of targets.keys()) if (!numbers.has(file)) walk(file);
  return found;
}

// Of the declarations that tsc wrote, keeps what the entries of the package name, and what that names in turn. Those of
// the ES modules are the same ones by another name, so that a class is one type to both.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, posix, resolve } from 'node:path';
import ts from 'typescript';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(exports).flatMap(({ types }) => types ?? []);
const written = (declarations) => resolve(declarations.replace(/cts$/, 'ts'));

const program = ts.createProgram(
  entries.map(({ require }) => written(require)),
  {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
  },
);
const checker = program.getTypeChecker();

/** The statements of our own that declare what a symbol stands for. */
function statementsOf(symbol) {
  const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (meant.declarations ?? [])
    .map((declaration) => ts.findAncestor(declaration, ({ parent }) => parent && ts.isSourceFile(parent)))
    .filter((statement) => statement?.getSourceFile().fileName.startsWith(resolve('dist/cjs')));
}

const exported = entries.flatMap(({ require }) =>
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(written(require)))),
);
const kept = new Set(exported.flatMap(statementsOf));
const isValue = ({ declarations: [declaration] }) =>
  !ts.isExportSpecifier(declaration) || !(declaration.isTypeOnly || declaration.parent.parent.isTypeOnly);
const values = new Set(exported.filter(isValue).flatMap(statementsOf));
/** Of a class that is there as a type alone, or to be extended, nobody calls it. */
const isUncalled = (node) => ts.isConstructorDeclaration(node) && !values.has(node.parent);
const namesIn = new Map();
// A set that grows while it is walked is walked to its end.
for (const statement of kept) {
  const file = statement.getSourceFile();
  if (!namesIn.has(file)) namesIn.set(file, new Set());
  const visit = (node) => {
    if (isUncalled(node)) return;
    if (ts.isIdentifier(node)) {
      namesIn.get(file).add(node.text);
      const symbol = checker.getSymbolAtLocation(node);
      if (symbol) for (const named of statementsOf(symbol)) kept.add(named);
    }
    ts.forEachChild(node, visit);
  };
  visit(statement);
}

/** A declaration without what nobody calls; and of what no user names, without the words, which are in the sources. */
function shortened(statement) {
  const uncalled = ts.isClassDeclaration(statement) ? statement.members.filter(isUncalled) : [];
  const text = uncalled.reduce((left, part) => left.replace(part.getFullText(), ''), statement.getFullText());
  const isInternal = ts.getJSDocTags(statement).some(({ tagName }) => tagName.text === 'internal');
  return isInternal ? `\n/** @internal */${text.replaceAll(/\s*\/\*\*[\s\S]*?\*\//g, '')}` : text;
}

/** A statement as it stays, if it does. */
function textOf(statement) {
  const file = statement.getSourceFile();
  const list = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement) && statement.exportClause;
  if (!list) return kept.has(statement) ? shortened(statement) : '';
  const isUsed = ({ name }) => {
    if (ts.isImportDeclaration(statement)) return namesIn.get(file)?.has(name.text);
    const declared = statementsOf(checker.getSymbolAtLocation(name));
    return declared.length === 0 || declared.some((other) => kept.has(other));
  };
  if (!list.elements) return isUsed(list) ? statement.getFullText() : '';
  const used = list.elements.filter(isUsed).map((element) => element.getText());
  if (used.length === 0 && list.elements.length > 0) return '';
  const text = statement.getFullText();
  const start = list.getStart() - statement.getFullStart();
  return `${text.slice(0, start)}{ ${used.join(', ')} }${text.slice(start + list.getWidth())}`;
}

const reached = new Set(entries.map(({ require }) => normalize(require)));
for (const file of reached) {
  const statements = program.getSourceFile(written(file)).statements.map(textOf).join('').trimStart();
  const commonJS = statements.replaceAll(
    /(\b(?:from|import)[\s(]*['"])(\.[^'"]+)\.js(?=['"])/g,
    (_, before, path) => {
      reached.add(join(dirname(file), `${path}.d.cts`));
      return `${before}${path}.cjs`;
    },
  );
  const indented = commonJS.replaceAll(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));
  writeFileSync(file, `${indented}\n`);
}

for (const file of readdirSync('dist/cjs', { recursive: true })) {
  if (file.endsWith('.d.ts')) rmSync(join('dist/cjs', file));
}

for (const { import: esm, require: cjs } of entries) {
  const target = posix.relative(dirname(esm), cjs).replace(/\.d\.cts$/, '.cjs');
  const declarations = readFileSync(cjs, 'utf8');
  mkdirSync(dirname(esm), { recursive: true });
  // What another package declares once for each kind of module, as msw does, is of the kind that imports it.
  const own = declarations.replaceAll(/(?<= from ')\.(?=\/)/g, posix.dirname(target));
  const isOfOthers = /^import .* from '(?!\.|node:|react')/m.test(declarations);
  writeFileSync(esm, isOfOthers ? own : `export * from '${target}';\n`);
}

import { minify, parse } from 'vite';

/** Of a line, in characters, where a statement ends near there: a stack points to a line. */
const LINE_LENGTH = 145;

/**
 * A script with short names for what is within its functions. Classes, and the functions that stacks are mostly of, keep
 * theirs, for what a console shows: esbuild can do that only by a call for each function, whenever one is made.
 */
export async function shorten(path: string, code: string): Promise<string> {
  const module = !path.endsWith('.cjs');
  // What stacks are read of: the bundler of an application shortens what is for pages.
  const isFollowed = /dist\/(esm|cjs)\/(index|shared)\./.test(path);
  const keepNames = { function: isFollowed, class: !/mock-server/.test(path) };
  // A sequence would be one line, which a stack points to.
  const compress = {
    target: 'es2022',
    sequences: false,
    keepNames: { function: true, class: true },
  } as const;
  // The helper of bundlers would take what an old script puts on Object.prototype for an export.
  const own = code.replaceAll(/for ?\(var name in all\)/g, 'for(let name of Object.keys(all))');
  const short = await minify(path, own, { module, compress, mangle: { toplevel: true, keepNames } });
  if (short.errors.length > 0) throw new Error(`${path}: ${short.errors[0]?.message}`);
  // It makes templates of texts, which not every tool reads as the name of a module.
  const named = short.code.replaceAll(/\b(import|require)\(`([^`$]+)`\)/g, '$1("$2")');
  return inLines(path, named, module ? 'module' : 'commonjs');
}

async function inLines(path: string, code: string, sourceType: 'module' | 'commonjs'): Promise<string> {
  const { program, errors } = await parse(path, code, { sourceType });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const starts = new Set<number>();
  collectStarts(program, starts);
  let lines = '';
  let done = 0;
  let last = 0;
  for (const start of [...starts].sort((one, other) => one - other)) {
    if (start - done > LINE_LENGTH && last > done) {
      lines += `${code.slice(done, last)}\n`;
      done = last;
    }
    last = start;
  }
  return lines + code.slice(done);
}

/** Where a statement or a member begins: a line may begin there, too. */
function collectStarts(value: unknown, starts: Set<number>): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && 'start' in value && typeof value.start === 'number') {
    if (/Statement$|Declaration$|Definition$|^Property$/.test(String(value.type))) starts.add(value.start);
  }
  for (const part of Object.values(value)) collectStarts(part, starts);
}

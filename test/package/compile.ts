import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

/** How an application may resolve modules, and of which kind its package may be. */
export const MODULE_KINDS = [
  ['node16', 'esm'],
  ['node16', 'cjs'],
  ['bundler', 'esm'],
] as const;

/** What a strict compiler, which checks the declarations of its dependencies too, says of a file. */
export async function compile(
  folder: string,
  file: string,
  resolution: 'node16' | 'bundler',
  ...flags: readonly string[]
): Promise<string> {
  const all = `--strict --exactOptionalPropertyTypes --noEmit --skipLibCheck false --target es2022
    --lib es2022,dom,dom.iterable,esnext.disposable
    --module ${resolution === 'bundler' ? 'esnext' : resolution} --moduleResolution ${resolution} ${flags.join(' ')}`;
  const { stdout } = await run(process.execPath, [tsc, ...all.split(/\s+/), file], { cwd: folder }).catch(
    (failure: { stdout: string }) => failure,
  );
  return stdout;
}

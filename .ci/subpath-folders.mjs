// node subpath-folders.mjs write|remove
//
// For what reads no `exports`: Parcel 2 as it comes, webpack 4, the default resolver of ESLint. Each subpath is a folder
// with a package.json that says where its files are. They are there while the package is packed, and not otherwise: Vite
// takes a folder `react` of a checkout for React.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const subpaths = Object.entries(exports).filter(
  ([subpath, { require: cjs }]) => subpath !== '.' && cjs !== undefined,
);

for (const [subpath] of subpaths) rmSync(subpath, { recursive: true, force: true });

if (process.argv[2] === 'write') {
  for (const [subpath, { import: esm, require: cjs, browser, types }] of subpaths) {
    const missing = [esm, cjs, types.require].find((file) => !existsSync(file));
    if (missing !== undefined) throw new Error(`there is no ${missing} to pack: run \`npm run build\` first`);
    const here = (target) => posix.relative(subpath, posix.normalize(target));
    const fields = {
      main: here(cjs),
      module: here(esm),
      ...(browser && { browser: here(browser.import) }),
      types: here(types.require),
      sideEffects: false,
    };
    mkdirSync(subpath, { recursive: true });
    writeFileSync(`${subpath}/package.json`, `${JSON.stringify(fields, null, 2)}\n`);
  }
}

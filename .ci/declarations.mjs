// Of the declarations that tsc wrote, keeps what can be reached from the entries of the package. Those of the ES
// modules are the same ones by another name, so that a class is one type to both.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, posix } from 'node:path';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(exports).filter((conditions) => conditions.require !== undefined);

const reached = new Set(entries.map(({ require }) => normalize(require.types)));
// A set that grows while it is walked is walked to its end.
for (const file of reached) {
  const text = readFileSync(file.replace(/cts$/, 'ts'), 'utf8');
  const commonJS = text.replaceAll(
    /(\b(?:from|import)[\s(]*['"])(\.[^'"]+)\.js(?=['"])/g,
    (_, before, path) => {
      reached.add(join(dirname(file), `${path}.d.cts`));
      return `${before}${path}.cjs`;
    },
  );
  writeFileSync(file, commonJS);
}

for (const file of readdirSync('dist/cjs', { recursive: true })) {
  if (file.endsWith('.d.ts')) rmSync(join('dist/cjs', file));
}

for (const { import: esm, require: cjs } of entries) {
  const target = posix.relative(dirname(esm.types), cjs.types).replace(/\.d\.cts$/, '.cjs');
  mkdirSync(dirname(esm.types), { recursive: true });
  writeFileSync(esm.types, `export * from '${target}';\n`);
}

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';

const folder = inject('consumers');
const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules/reelwire/package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
// React and msw are not installed here.
const names = Object.keys(exports)
  .filter((name) => !/package\.json|react$|msw$/.test(name))
  .map((name) => name.replace(/^\./, 'reelwire'));

it.each(['mjs', 'cjs'])('every entry loads beside a script that extends Object.prototype, %s', (format) => {
  const script = join(folder, `polluted.${format}`);
  const load = format === 'mjs' ? 'await import(name)' : 'require(name)';
  writeFileSync(
    script,
    `(async () => {
  const extras = [];
  Object.prototype.extra = () => {};
  Object.prototype.version = 'x';
  for (const name of ${JSON.stringify(names)}) {
    const loaded = ${load};
    for (const extra of ['extra', 'version']) if (Object.hasOwn(loaded, extra)) extras.push(name);
    if (Object.keys(loaded).length === 0) extras.push(name);
  }
  console.log(JSON.stringify(extras));
})();`,
  );
  expect(names.length).toBeGreaterThan(8);
  expect(JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: 'pipe' }))).toEqual(
    [],
  );
});

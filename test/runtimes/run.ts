import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runBrowser } from './browsers.js';
import { installRuntimes } from './install.js';
import { RUNTIMES, type Runtime } from './matrix.js';
import { runProcesses } from './processes.js';
import { failures, noResult, type Result } from './result.js';
import { Stage } from './stage.js';
import { chosen, readSection, toReadme, toReport, writeSection } from './table.js';
import { runWorkerd } from './workerd.js';

// npm run test:runtimes                     all of them; the README's table must say what was found
// npm run test:runtimes -- --write          writes that table into the README
// npm run test:runtimes -- 'Node 22' bun    only these

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const runtimes = chosen(positionals);
if (values.write && runtimes.length < RUNTIMES.length) throw new Error('--write needs all of the runtimes');
const readmeFile = fileURLToPath(new URL('../../README.md', import.meta.url));

async function run(runtime: Runtime, stage: Stage): Promise<Result> {
  try {
    switch (runtime.kind) {
      case 'node':
      case 'bun':
      case 'deno':
        return await runProcesses(runtime, stage);
      case 'workerd':
        return await runWorkerd(runtime, stage);
      default:
        return await runBrowser(runtime, runtime.kind, stage);
    }
  } catch (error) {
    return noResult(runtime, error);
  }
}

installRuntimes();
const stage = new Stage();
const results: Result[] = [];
try {
  for (const runtime of runtimes) {
    console.log(`running on ${runtime.name}`);
    results.push(await run(runtime, stage));
  }
} finally {
  stage.remove();
}

console.log(`\n${toReport(results)}\n`);
const works = results.every((result) => failures(result).length === 0);
if (!works) {
  console.error('Not everything works that should.');
  process.exitCode = 1;
} else if (runtimes.length === RUNTIMES.length) {
  const readme = readFileSync(readmeFile, 'utf8');
  const table = toReadme(results);
  if (values.write) {
    writeFileSync(readmeFile, writeSection(readme, table));
  } else if (readSection(readme) !== table) {
    console.error('README.md has another table; `npm run test:runtimes -- --write` writes this one.');
    process.exitCode = 1;
  }
}

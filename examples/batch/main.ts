/**
 * A video of each line of a file. Stop it when you like, or let it crash: started again with the same folder, it goes
 * on with what was submitted, and pays for nothing twice.
 *
 * REELWIRE_BASE_URL=http://localhost:3001 npx tsx examples/batch/main.ts scripts.txt videos/batch
 *
 * The folder `.jobs` in it has a record of each line: `npx reelwire jobs list --jobs videos/batch/.jobs` shows them.
 * After `npx reelwire jobs forget line-7 --jobs videos/batch/.jobs` that line is submitted, and paid for, once more.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { VideoClient } from 'reelwire';
import { fileJobs } from 'reelwire/jobs/node';
import { type Outcome, runBatch } from './batch.js';

const { REELWIRE_BASE_URL = 'http://localhost:3001', REELWIRE_TOKEN: token } = process.env;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '6' },
    wallet: { type: 'string', default: '0x123' },
  },
});
const [scriptsFile, folder] = positionals;
if (scriptsFile === undefined || folder === undefined) {
  console.error('usage: main.ts [--concurrency 6] [--wallet 0x123] <file with a script a line> <folder>');
  process.exit(2);
}

const scripts = (await readFile(scriptsFile, 'utf8'))
  .split('\n')
  .map((text, index) => ({ line: index + 1, script: text.trim() }))
  .filter(({ script }) => script !== '');
await mkdir(folder, { recursive: true });
await using client = new VideoClient({
  baseUrl: REELWIRE_BASE_URL,
  jobs: fileJobs(join(folder, '.jobs')),
  ...(token && { auth: { type: 'bearer', token } }),
  // The last of a hundred may wait long for its turn.
  timeouts: { jobMs: 24 * 3_600_000 },
});

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const outcomes = await runBatch({
  client,
  scripts,
  folder,
  walletAddress: values.wallet,
  concurrency: Number(values.concurrency),
  signal: stop.signal,
  log: (message) => console.log(message),
});

const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
const unsubmitted = scripts.length - outcomes.length;
console.log(
  `${count('saved')} of ${scripts.length} saved, ${count('failed')} failed, ` +
    `${count('left')} left running, ${unsubmitted} not submitted`,
);
process.exitCode = stop.signal.aborted ? 130 : count('failed') > 0 ? 1 : 0;

// Ten thousand jobs followed by one client: scale-client.mjs <transports, by comma> <url>
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { VideoClient } from '../../../dist/esm/index.js';

const JOBS = 10_000;
const WATCHED_MS = 15_000;

const [transports = '', url = ''] = process.argv.slice(2);

const settle = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Twice, with time between: what only a finalizer holds, such as fetch's signals, goes with the second. */
const heap = async () => {
  globalThis.gc?.();
  await settle(500);
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** All jobs have been told to be as far as this. */
function allAt(progress) {
  return new Promise((resolve) => {
    const check = () => {
      if (at.every((known) => known >= progress)) resolve();
      else setTimeout(check, 5);
    };
    check();
  });
}

let inFlight = 0;
let mostInFlight = 0;
const countingFetch = async (input, init) => {
  mostInFlight = Math.max(mostInFlight, ++inFlight);
  try {
    return await fetch(input, init);
  } finally {
    inFlight--;
  }
};

const client = new VideoClient({
  baseUrl: url,
  transports: transports.split(','),
  fetch: countingFetch,
});
// What the listeners hold is theirs: the ids, a function each, and what it remembers.
const at = new Float64Array(JOBS);
const ids = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
const listeners = ids.map((_, index) => ({ progress }) => {
  at[index] = progress;
});
const before = await heap();
const start = performance.now();
const jobs = ids.map((id) => client.subscribe(id));
const idle = await heap();
const loop = monitorEventLoopDelay({ resolution: 1 });
jobs.forEach((job, index) => {
  const listener = listeners[index];
  if (listener !== undefined) job.on('update', listener);
});
await allAt(1);
const firstMs = performance.now() - start;
await settle(8_000); // The second status call of each, once a stream carries it.
const followed = await heap();
await settle(100);
loop.enable();
await settle(WATCHED_MS);
loop.disable();
process.send({
  firstMs,
  idleBytes: (idle - before) / JOBS,
  followedBytes: (followed - before) / JOBS,
  timers: timers(),
  delayP99Ms: loop.percentile(99) / 1e6,
  delayMaxMs: loop.max / 1e6,
});

// The server has restarted: how long until all is known again?
process.once('message', async () => {
  const back = performance.now();
  await allAt(99.5);
  process.send({ reconciledMs: performance.now() - back, mostInFlight });
});

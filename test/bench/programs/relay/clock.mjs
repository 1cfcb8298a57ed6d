/** In milliseconds, on the clock that all processes of a machine have in common. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `work` for each, so many at once. */
export async function forEach(items, atOnce, work) {
  const left = items.values();
  const line = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, line));
}

/** Answers each message of whoever started this program by the function that its `type` names. */
export function answerBy(functions) {
  process.on('message', async ({ type, ...rest }) => process.send((await functions[type](rest)) ?? {}));
}

/** What this process holds in memory, in bytes, as it is and once what is of no use is gone; and what it has worked, in milliseconds. */
export async function usage() {
  const rss = process.memoryUsage().rss;
  // Twice, with time between: what only a finalizer holds goes with the second.
  globalThis.gc();
  await sleep(200);
  globalThis.gc();
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  return {
    rss,
    rssAfterGc: memory.rss,
    heap: memory.heapUsed,
    external: memory.external,
    cpuMs: (user + system) / 1_000,
  };
}

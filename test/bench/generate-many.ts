import { VideoClient } from '../../src/client/client.js';
import { createMockServer, type MockServer } from '../../src/mock-server/index.js';
import { printTable } from './support/table.js';

export const name = 'generate-many';

const JOBS = 1_000;
const CONCURRENCY = 20;

/** A batch of jobs against the mock server: by bare fetch, by generateMany, and with every 7th submit refused. */
export async function run(): Promise<void> {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  await batch(submitBare); // Warms up.
  await batch(submitMany);
  const bare = await batch(submitBare);
  const calm = await batch(submitMany);
  const limited = await batch(submitMany, (server) =>
    server.faults.add({ type: 'status', status: 429, route: 'generate', every: 7, retryAfter: 0.02 }),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.off('unhandledRejection', onUnhandled);
  printTable(
    [`${JOBS} jobs, concurrency ${CONCURRENCY}`, 'jobs/s', 'ratio', 'lost', '429s', 'most in flight'],
    [
      ['fetch, never refused', ...cells(bare, bare)],
      ['generateMany, never refused', ...cells(calm, bare)],
      ['generateMany, every 7th refused for 20 ms', ...cells(limited, bare)],
    ],
  );
  console.log(`unhandled rejections: ${unhandled.length}`);
}

interface Outcome {
  readonly ms: number;
  readonly ids: number;
  readonly refused: number;
  readonly mostInFlight: number;
}

function cells({ ms, ids, refused, mostInFlight }: Outcome, base: Outcome): (string | number)[] {
  return [((ids / ms) * 1_000).toFixed(0), (base.ms / ms).toFixed(2), JOBS - ids, refused, mostInFlight];
}

type Submit = (baseUrl: string, countingFetch: typeof fetch) => Promise<Set<string>>;

async function batch(submit: Submit, prepare: (server: MockServer) => void = () => {}): Promise<Outcome> {
  const server = await createMockServer({ durationMs: 100 });
  prepare(server);
  let inFlight = 0;
  let mostInFlight = 0;
  let refused = 0;
  const countingFetch: typeof fetch = async (input, init) => {
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    try {
      const response = await fetch(input, init);
      if (response.status === 429) refused++;
      return response;
    } finally {
      inFlight--;
    }
  };
  const start = performance.now();
  try {
    const ids = await submit(server.url, countingFetch);
    return { ms: performance.now() - start, ids: ids.size, refused, mostInFlight };
  } finally {
    await server.close();
  }
}

const inputs = Array.from({ length: JOBS }, (_, i) => ({ walletAddress: '0x123', script: `Video ${i}` }));

async function submitMany(baseUrl: string, countingFetch: typeof fetch): Promise<Set<string>> {
  const client = new VideoClient({
    baseUrl,
    fetch: countingFetch,
    retry: { minDelayMs: 10, maxDelayMs: 100 },
  });
  const ids = new Set<string>();
  for await (const { job, error } of client.generateMany(inputs, { concurrency: CONCURRENCY })) {
    if (job !== undefined) ids.add(job.id);
    else console.log(`lost: ${error}`);
  }
  client.close();
  return ids;
}

async function submitBare(baseUrl: string, countingFetch: typeof fetch): Promise<Set<string>> {
  const ids = new Set<string>();
  const left = inputs.values();
  const worker = async () => {
    for (const input of left) {
      const response = await countingFetch(`${baseUrl}/api/generate?renderVersion=v3`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      });
      ids.add(((await response.json()) as { jobId: string }).jobId);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return ids;
}

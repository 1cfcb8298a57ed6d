/**
 * Follows one job to its end, in a process of its own that nobody ends: `exit-child.ts <baseUrl> <jobId> [transports]`.
 * Prints `ended` then. With `cycles` in place of the transports it follows and leaves the job so often, and prints by
 * how many bytes the heap has grown.
 */
import { VideoClient } from '../../src/client/client.js';

const QUICK = {
  polling: { intervalMs: 100 },
  timeouts: { requestMs: 400, connectMs: 500, headStartMs: 50, silenceMs: 300 },
  retry: { minDelayMs: 20, maxDelayMs: 200 },
} as const;

const [baseUrl = '', jobId = '', mode = 'websocket,sse,polling', count = '0'] = process.argv.slice(2);
process.on('unhandledRejection', (error) => {
  console.log('unhandled', error);
  process.exitCode = 1;
});

if (mode === 'cycles') {
  const client = new VideoClient({ baseUrl });
  /** Leaves it while the WebSocket is opening, or when it is open. */
  const cycle = async (event: 'update' | 'transport') => {
    const job = client.subscribe(jobId);
    await new Promise((resolve) => job.once(event, resolve));
    job.close();
  };
  const heapAfter = async (cycles: number) => {
    for (let done = 0; done < cycles; done++) await cycle(done % 2 === 0 ? 'update' : 'transport');
    // What the runtime itself puts off, such as the end of a socket, is to be over.
    await new Promise((resolve) => setTimeout(resolve, 700));
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  // Code that is compiled late grows the heap once; a leak grows it each time.
  const sizes = [
    await heapAfter(Number(count) / 2),
    await heapAfter(Number(count)),
    await heapAfter(Number(count)),
  ];
  const [first = 0, second = 0, third = 0] = sizes;
  console.log('grown', Math.min(second - first, third - second));
} else {
  const transports = mode.split(',') as ('websocket' | 'sse' | 'polling')[];
  const client = new VideoClient({ baseUrl, transports, ...QUICK });
  const job = client.subscribe(jobId);
  job.on('transport', ({ transport }) => console.log('transport', transport));
  await job.completed();
  console.log('ended');
}

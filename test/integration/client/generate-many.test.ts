import { expect, it } from 'vitest';
import { errorOf } from '../../support/rejection.js';
import { connect, input, startServer, submits } from './support.js';

async function* numbered(count: number) {
  for (let number = 0; number < count; number++) yield { ...input, script: `video ${number}` };
}

it('submits all, no more than the given number at once, and gives each with its index', async () => {
  const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 5 }] });
  let inFlight = 0;
  let most = 0;
  const client = connect(server, {
    fetch: async (...args) => {
      most = Math.max(most, ++inFlight);
      try {
        return await fetch(...args);
      } finally {
        inFlight--;
      }
    },
  });
  const results = new Map<number, string>();
  for await (const { index, job } of client.generateMany(numbered(50), { concurrency: 7 })) {
    if (job !== undefined) results.set(index, job.id);
  }
  expect([...results.keys()].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect(most).toBe(7);
  for (const [index, id] of results) expect(server.jobs.get(id)?.input.script).toBe(`video ${index}`);
});

it('a 429 slows it and loses none', async () => {
  const server = await startServer({
    faults: [{ route: 'generate', type: 'status', status: 429, every: 3, times: 20 }],
  });
  const client = connect(server, { retry: { attempts: 1, minDelayMs: 1, maxDelayMs: 5 } });
  let jobs = 0;
  for await (const { job } of client.generateMany(numbered(40), { concurrency: 8 })) if (job) jobs++;
  expect(jobs).toBe(40);
  expect(submits(server)).toBe(60);
});

it('one failure does not stop the rest', async () => {
  const server = await startServer();
  const inputs = [input, { ...input, script: '' }, input];
  const outcomes: string[] = [];
  for await (const { index, error } of connect(server).generateMany(inputs))
    outcomes.push(`${index} ${error !== undefined}`);
  expect(outcomes.sort()).toEqual(['0 false', '1 true', '2 false']);
});

it.each([5, null, undefined, {}, 'ten'])(
  'inputs that are no list, as %j, are refused by name',
  async (inputs) => {
    const server = await startServer();
    const results = connect(server).generateMany(inputs as never);
    await expect(results.next()).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/^inputs must be/),
    });
    expect(submits(server)).toBe(0);
  },
);

it('a reader that stops has submitted no more than the concurrency beyond what it read', async () => {
  const server = await startServer();
  for await (const _ of connect(server).generateMany(numbered(1_000), { concurrency: 4 })) break;
  // Some that come after it are answered: whatever it had still been about to send would be there.
  for (let i = 0; i < 5; i++) await connect(server).generate(input);
  expect(submits(server)).toBeLessThanOrEqual(5 + 5);
});

it('jobs that nobody reads are named in the log', async () => {
  const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 20, after: 1 }] });
  const logged: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => logged.push(message) };
  const client = connect(server, { logger });
  for await (const _ of client.generateMany(numbered(3), { concurrency: 3 })) break;
  await expect.poll(() => logged.length).toBe(2);
  for (const message of logged) expect([...server.jobs].some(({ id }) => message.includes(id))).toBe(true);
});

it('an abort ends it with the signal’s own reason', async () => {
  const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
  const controller = new AbortController();
  const reading = connect(server).generateMany(numbered(10), { signal: controller.signal }).next();
  await expect.poll(() => submits(server)).toBeGreaterThan(0);
  controller.abort('enough');
  await expect(reading).rejects.toBe('enough');
});

it('an abort does not wait for an input that is slow to come', async () => {
  const server = await startServer();
  const never = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<typeof input>>(() => {}) }),
  };
  const controller = new AbortController();
  const reading = connect(server).generateMany(never, { signal: controller.signal }).next();
  setTimeout(() => controller.abort('enough'), 20);
  await expect(reading).rejects.toBe('enough');
});

it.each([0, 1.5, Number.NaN, 10_000])('a concurrency of %d is refused', async (concurrency) => {
  const server = await startServer();
  expect(await errorOf(connect(server).generateMany([input], { concurrency }).next())).toMatchObject({
    code: 'configuration',
    option: 'concurrency',
  });
  expect(server.requests).toHaveLength(0);
});

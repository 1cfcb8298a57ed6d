import { describe, expect, it } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../../support/rejection.js';
import { countedSignal, json, serve } from '../http/support.js';
import { input } from './support.js';
import { gate } from './videos.js';

/** A server that makes jobs j0, j1, …, and answers each when the test says so. */
async function startJobs(answer: (index: number) => unknown = () => {}) {
  const logged: string[] = [];
  const server = await serve(async (_seen, response, index) => {
    await answer(index);
    json(response, 200, { jobId: `j${index}`, status: 'queued' });
  });
  const client = new VideoClient({
    baseUrl: server.url,
    retry: { minDelayMs: 5, maxDelayMs: 50 },
    logger: { debug() {}, info() {}, error() {}, warn: (message) => logged.push(message) },
  });
  return { server, client, logged };
}

async function collect(results: AsyncIterable<{ job?: { id: string } | undefined; error?: unknown }>) {
  const ids: string[] = [];
  let thrown: unknown;
  try {
    for await (const { job } of results) if (job !== undefined) ids.push(job.id);
  } catch (error) {
    thrown = error;
  }
  return { ids: ids.sort(), thrown };
}

describe('a source of generateMany', () => {
  it('that is slow holds no result back', async () => {
    const { client, server } = await startJobs();
    const more = gate();
    async function* queue() {
      yield input;
      await more.promise;
      yield input;
    }
    const results = client.generateMany(queue(), { concurrency: 2 });
    expect((await results.next()).value).toMatchObject({ index: 0, job: { id: 'j0' } });
    const second = results.next();
    more.open();
    expect((await second).value).toMatchObject({ index: 1, job: { id: 'j1' } });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(server.seen).toHaveLength(2);
  });

  it('that is fed by the results is no deadlock', async () => {
    const { client } = await startJobs();
    let result = gate<string>();
    async function* queue() {
      yield input;
      for (let round = 0; round < 3; round++) {
        expect(await result.promise).toBe(`j${round}`);
        result = gate();
        yield input;
      }
    }
    const ids: (string | undefined)[] = [];
    for await (const { job } of client.generateMany(queue())) {
      ids.push(job?.id);
      result.open(job?.id ?? '');
    }
    expect(ids).toEqual(['j0', 'j1', 'j2', 'j3']);
  });

  it.each(['asynchronous', 'plain'])(
    'that throws (%s) ends it after what was under way was yielded',
    async (kind) => {
      const { client, server } = await startJobs(
        (index) => new Promise((resolve) => setTimeout(resolve, 10 * index)),
      );
      const broken = new Error('line 4 is broken');
      async function* slow() {
        for (let line = 1; line < 4; line++) yield input;
        throw broken;
      }
      function* plain() {
        for (let line = 1; line < 4; line++) yield input;
        throw broken;
      }
      const { ids, thrown } = await collect(client.generateMany(kind === 'plain' ? plain() : slow()));
      expect([ids, server.seen.length]).toEqual([['j0', 'j1', 'j2'], 3]);
      expect(thrown).toBe(broken);
    },
  );

  it('that gives nothing like an iterator result ends it in the same way', async () => {
    const { client } = await startJobs();
    let asked = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => (asked++ === 0 ? { done: false, value: input } : (undefined as never)),
      }),
    };
    const { ids, thrown } = await collect(client.generateMany(source));
    expect(ids).toEqual(['j0']);
    expect(thrown).toBeInstanceOf(TypeError);
  });

  it('is closed when the reader stops, and one that hangs or fails then holds nobody up', async () => {
    const { client, logged } = await startJobs();
    let isClosed = false;
    function* tidy() {
      try {
        for (;;) yield input;
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of client.generateMany(tidy(), { concurrency: 1 })) break;
    expect(isClosed).toBe(true);
    const failing = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: input }),
        return: () => {
          throw new Error('disk full');
        },
      }),
    };
    for await (const _ of client.generateMany(failing, { concurrency: 1 })) break;
    expect(logged.join()).toContain('disk full');
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: input }),
        return: () => new Promise<never>(() => {}),
      }),
    };
    for await (const _ of client.generateMany(hanging, { concurrency: 1 })) break;
  });

  it('that gives nothing more does not keep the reader from stopping', async () => {
    const { client } = await startJobs();
    async function* stuck() {
      yield input;
      await new Promise(() => {});
    }
    const results = client.generateMany(stuck());
    await results.next();
    const waiting = results.next();
    expect(await results.return()).toMatchObject({ done: true });
    expect(await waiting).toMatchObject({ done: true });
  });
});

describe('an abort of generateMany', () => {
  it('ends it though an asynchronous generator gives nothing more', async () => {
    const { client } = await startJobs();
    async function* stuck() {
      yield input;
      await new Promise(() => {});
    }
    const controller = new AbortController();
    const results = client.generateMany(stuck(), { signal: controller.signal });
    await results.next();
    const reading = results.next();
    controller.abort('stop');
    await expect(reading).rejects.toBe('stop');
  });

  it('yields what was sent before it throws, and sends no more', async () => {
    const answers = gate();
    const { client, server } = await startJobs(() => answers.promise);
    const controller = new AbortController();
    const collecting = collect(
      client.generateMany(Array(20).fill(input), { concurrency: 4, signal: controller.signal }),
    );
    await expect.poll(() => server.seen.length).toBe(4);
    controller.abort('stop');
    answers.open();
    expect(await collecting).toEqual({ ids: ['j0', 'j1', 'j2', 'j3'], thrown: 'stop' });
    expect(server.seen).toHaveLength(4);
  });

  it('waits for some seconds at most; what is answered later is told to the log, with how to go on', async () => {
    const answers = gate();
    const { client, logged, server } = await startJobs(() => answers.promise);
    const controller = new AbortController();
    const collecting = collect(client.generateMany([input], { signal: controller.signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort('stop');
    expect(await collecting).toEqual({ ids: [], thrown: 'stop' });
    answers.open();
    await expect.poll(() => logged.join()).toContain('client.subscribe("j0")');
  });

  it('while all wait for a rate limit ends it at once', async () => {
    let refused = 0;
    const server = await serve((_seen, response) => {
      refused++;
      json(response, 429, {}, { 'retry-after': '30' });
    });
    const client = new VideoClient({ baseUrl: server.url });
    const controller = new AbortController();
    const collecting = collect(client.generateMany([input, input, input], { signal: controller.signal }));
    await expect.poll(() => refused).toBeGreaterThan(0);
    controller.abort('stop');
    expect((await collecting).thrown).toBe('stop');
  });

  it('leaves the jobs alone that it gave before', async () => {
    const { client } = await startJobs();
    const controller = new AbortController();
    const results = client.generateMany([input], { signal: controller.signal });
    const { value } = await results.next();
    controller.abort('stop');
    const completed = value?.job?.completed({ timeoutMs: 50 });
    await expect(completed).rejects.toMatchObject({ code: 'job-timeout' });
  });

  it.each(['read to the end', 'left', 'aborted'])('finds one listener, and leaves none: %s', async (how) => {
    const { client } = await startJobs();
    const { controller, listeners } = countedSignal();
    const results = client.generateMany(Array(20).fill(input), { signal: controller.signal });
    await results.next();
    expect(listeners()).toBe(1);
    if (how === 'aborted') controller.abort('stop');
    if (how === 'left') await results.return();
    else await collect(results);
    expect(listeners()).toBe(0);
  });
});

it('a submit that nobody reads, and whose outcome nobody knows, is told to the log', async () => {
  const answers = gate();
  const logged: string[] = [];
  const server = await serve(async (_seen, response, index) => {
    if (index === 0) return json(response, 200, { jobId: 'j0' });
    await answers.promise;
    json(response, 503, { error: 'busy' });
  });
  const client = new VideoClient({
    baseUrl: server.url,
    logger: { debug() {}, info() {}, error() {}, warn: (message) => logged.push(message) },
  });
  for await (const _ of client.generateMany([input, input], { concurrency: 2 })) {
    await expect.poll(() => server.seen.length).toBe(2);
    break;
  }
  answers.open();
  await expect.poll(() => logged.join()).toMatch(/input 1 .*may have made a job/);
});

it('a wait for a rate limit that is longer than is waited is an error of the input, and told', async () => {
  const logged: string[] = [];
  const server = await serve((_seen, response) => json(response, 429, {}, { 'retry-after': '0.3' }));
  const client = new VideoClient({
    baseUrl: server.url,
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: { debug() {}, info() {}, error() {}, warn: (message) => logged.push(message) },
  });
  const { value } = await client.generateMany([input]).next();
  expect(value?.error).toMatchObject({ code: 'rate-limited', retryAfterMs: 300 });
  expect(server.seen.length).toBeGreaterThan(2);
  expect(server.seen.length).toBeLessThan(15);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatch(/again in 50 ms.*asked to wait 300 ms/);
  expect(await errorOf(client.generate(input))).toMatchObject({ code: 'rate-limited' });
});

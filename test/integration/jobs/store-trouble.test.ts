import { describe, expect, it } from 'vitest';
import type { VideoClient } from '../../../src/client/client.js';
import { JobStoreError } from '../../../src/errors.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import { connect, errorOf, ignoring, input, recordsOf, startServer, storeWith, submits } from './support.js';

const key = 'order-7';
const broken = async (): Promise<never> => {
  throw new Error('disk full');
};
const hanging = () => new Promise<never>(() => {});

describe('a store that cannot be written', () => {
  it('before a submit: nothing is sent', async () => {
    const server = await startServer();
    const jobs = jobsOver(storeWith(() => ({ add: broken })).store);
    const error = await errorOf(connect(server, { jobs }).generate(input, { key }));
    expect(error).toBeInstanceOf(JobStoreError);
    expect(error).toMatchObject({ code: 'job-store', cause: { message: 'disk full' } });
    expect(submits(server)).toBe(0);
  });

  it('nor read before a submit: nothing is sent', async () => {
    const server = await startServer();
    const jobs = jobsOver(storeWith(() => ({ get: broken })).store);
    expect(await errorOf(connect(server, { jobs }).generate(input, { key }))).toBeInstanceOf(JobStoreError);
    expect(submits(server)).toBe(0);
  });

  it.each(['add', 'get'] as const)('and hangs in %s is given up after timeouts.requestMs', async (method) => {
    const server = await startServer();
    const jobs = jobsOver(storeWith(() => ({ [method]: hanging })).store);
    const client = connect(server, { jobs, timeouts: { requestMs: 80 } });
    expect((await errorOf(client.generate(input, { key }))).message).toContain('within 80 ms');
    expect(submits(server)).toBe(0);
  });

  it('whose reply to the first try was lost has succeeded: the record that is there is our own', async () => {
    const server = await startServer();
    let calls = 0;
    const { store } = storeWith((inner) => ({
      async add(record) {
        const stored = await inner.add(record);
        if (++calls === 1) throw new Error('connection lost');
        return stored;
      },
    }));
    const job = await connect(server, { backend: ignoring(), jobs: jobsOver(store) }).generate(input, {
      key,
    });
    expect(calls).toBe(2);
    expect(submits(server)).toBe(1);
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: job.id }]);
  });

  it('and writes too late leaves no record that looks like a submit', async () => {
    const server = await startServer();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { store } = storeWith((inner) => ({
      async add(record) {
        await held;
        return inner.add(record);
      },
    }));
    const client = connect(server, { jobs: jobsOver(store), timeouts: { requestMs: 50 } });
    expect(await errorOf(client.generate(input, { key }))).toBeInstanceOf(JobStoreError);
    release();
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'refused' }]);
    expect(submits(server)).toBe(0);
  });

  it('in time, and is slow again when that is to be written: an abort meanwhile sends nothing', async () => {
    const server = await startServer();
    let isRenewing = false;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let adds = 0;
    const { store } = storeWith((inner) => ({
      async add(record) {
        const stored = await inner.add(record);
        await new Promise((resolve) => setTimeout(resolve, 600));
        if (++adds === 1) throw new Error('connection lost');
        return stored;
      },
      async put(record) {
        if (record.state === 'submitting') {
          isRenewing = true;
          await held;
        }
        return inner.put(record);
      },
    }));
    const controller = new AbortController();
    const client = connect(server, { jobs: jobsOver(store), timeouts: { requestMs: 1_000 } });
    const aborted = rejection(client.generate(input, { key, signal: controller.signal }));
    await until(() => isRenewing);
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    release();
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'refused', error: 'not sent' }]);
    expect(submits(server)).toBe(0);
  });

  it.each([
    ['forgotten', (client: VideoClient) => client.forget(key), 'was forgotten meanwhile'],
    ['of another job', (client: VideoClient) => client.adopt(key, 'job-x'), 'has job "job-x" by now'],
  ])(
    'because the record is %s by then: the job is returned, and that is warned of',
    async (_, act, words) => {
      const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
      const warnings: string[] = [];
      const logger = { ...console, warn: (line: string) => void warnings.push(line) };
      const client = connect(server, { jobs: jobsOver(storeWith().store), logger });
      const generating = client.generate(input, { key });
      await until(() => submits(server) === 1);
      await act(client);
      const job = await generating;
      await client.close();
      expect(warnings).toEqual([expect.stringContaining(words)]);
      expect(warnings[0]).toContain(`client.subscribe("${job.id}")`);
    },
  );

  it('after the answer: the job is returned, it is warned of, and the write is tried again', async () => {
    const server = await startServer();
    const warnings: string[] = [];
    let failures = 0;
    const { store } = storeWith((inner) => ({
      put: (record) => (record.state === 'submitted' && failures++ < 2 ? broken() : inner.put(record)),
    }));
    const logger = { ...console, warn: (line: string) => void warnings.push(line) };
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store), logger });
    const job = await client.generate(input, { key });
    expect(warnings).toEqual([expect.stringMatching(/disk full.*order-7.*submitted/)]);
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: job.id }]);
    expect(failures).toBe(3);
  });

  it('after the answer: close waits until it is written', async () => {
    const server = await startServer();
    let isUp = false;
    const { store } = storeWith((inner) => ({
      put: (record) => (isUp ? inner.put(record) : broken()),
    }));
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store), logger: 'silent' });
    const job = await client.generate(input, { key });
    const closing = client.close();
    isUp = true;
    await closing;
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: job.id }]);
  });

  it('at all after the answer: close waits for 5 s at most, and what is lost is told', async () => {
    const server = await startServer();
    const errors: string[] = [];
    const { store } = storeWith(() => ({ put: broken }));
    const logger = { ...console, warn() {}, error: (line: string) => void errors.push(line) };
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store), logger });
    const job = await client.generate(input, { key });
    const startedAt = performance.now();
    await client.close();
    expect(performance.now() - startedAt).toBeGreaterThan(4_900);
    expect(performance.now() - startedAt).toBeLessThan(7_000);
    await until(() => errors.length > 0);
    expect(errors[0]).toContain(job.id);
  });

  it('while a submit is tried again: no further try is made', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 429, times: 1 }],
    });
    const { store } = storeWith((inner) => ({
      put: (record) => (record.state === 'submitting' ? broken() : inner.put(record)),
    }));
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    expect(await errorOf(client.generate(input, { key }))).toBeInstanceOf(JobStoreError);
    expect(submits(server)).toBe(1);
    expect(await recordsOf(store)).toMatchObject([{ state: 'refused' }]);
  });
});

describe('a record that cannot be read', () => {
  it.each([
    ['another version', { version: 2, key }],
    ['no object', 'nonsense'],
    ['an object of its key alone', { key }],
    ['that of another key', { key: 'order-8' }],
  ])('being %s, keeps generate from sending, and can be forgotten', async (_, stored) => {
    const server = await startServer();
    let there: unknown = stored;
    const { store } = storeWith((inner) => ({
      get: async (name) => there ?? inner.get(name),
      async delete() {
        there = undefined;
      },
    }));
    const client = connect(server, { jobs: jobsOver(store) });
    const error = await errorOf(client.generate(input, { key }));
    expect(error).toBeInstanceOf(JobStoreError);
    expect(error.hint).toContain('client.forget("order-7")');
    expect(submits(server)).toBe(0);
    await client.forget(key);
    await client.generate(input, { key });
    expect(submits(server)).toBe(1);
  });
});

describe('a client that is closed while a submit is under way', () => {
  it('waits for its answer, so that the id is kept', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 200 }] });
    const { store } = storeWith();
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    const call = errorOf(client.generate(input, { key }));
    await until(() => submits(server) === 1);
    const closing = client.close();
    expect((await call).code).toBe('closed');
    await closing;
    const [made] = [...server.jobs];
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: made?.id }]);
  });
});

it('a write that overtakes another changes nothing of it', async () => {
  const { inner } = storeWith();
  const record: JobRecord = {
    ...{ version: 1, key, backend: 'b', baseUrl: 'https://host', state: 'submitting', idempotencyKey: 'i' },
    ...{ inputDigest: '0', decidedBy: 1, createdAt: Date.now(), updatedAt: Date.now() },
  };
  await inner.add(record);
  await inner.put({ ...record, state: 'completed', jobId: 'job-1' });
  await inner.put({ ...record, state: 'submitted', jobId: 'job-1' });
  await inner.put({ ...record, state: 'submitted', jobId: 'job-2' });
  await inner.put({ ...record, decidedBy: 2 });
  expect(await inner.get(key)).toMatchObject({ state: 'completed', jobId: 'job-1', decidedBy: 1 });
  await inner.delete(key);
  await inner.put({ ...record, state: 'submitted', jobId: 'job-1' });
  expect(await inner.get(key)).toBeUndefined();
});

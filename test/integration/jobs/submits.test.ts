import { describe, expect, it } from 'vitest';
import { SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { freePort } from '../../support/free-port.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import {
  connect,
  errorOf,
  honouring,
  ignoring,
  input,
  recordsOf,
  startServer,
  storeWith,
  submits,
} from './support.js';

const key = 'order-7';

describe('two calls with one key at the same time', () => {
  it('of one client share one submit', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    const [first, second] = await Promise.all([1, 2].map(() => client.generate(input, { key })));
    expect(first?.id).toBe(second?.id);
    expect(submits(server)).toBe(1);
  });

  it('of one client with different inputs are one submit and one refusal', async () => {
    const server = await startServer();
    const client = connect(server, { jobs: jobsOver(storeWith().store) });
    const first = client.generate(input, { key });
    expect(await errorOf(client.generate({ ...input, script: 'Other' }, { key }))).toMatchObject({
      code: 'invalid-input',
      field: 'key',
    });
    expect((await first).key).toBe(key);
    expect(submits(server)).toBe(1);
  });

  it('of two processes are one submit, and the other one waits for its id', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
    const { store } = storeWith();
    const told: string[] = [];
    const logger = { debug() {}, warn() {}, error() {}, info: (line: string) => told.push(line) };
    const clients = [1, 2].map(() => connect(server, { backend: ignoring(), jobs: jobsOver(store), logger }));
    const [first, second] = await Promise.all(clients.map((client) => client.generate(input, { key })));
    expect(first?.id).toBe(second?.id);
    expect(submits(server)).toBe(1);
    // Once, however often it looks.
    expect(told.filter((line) => line.includes('for a submit of another process'))).toHaveLength(1);
  });

  it('end one by one: who aborts leaves, and the other one gets the job', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
    const client = connect(server, { jobs: jobsOver(storeWith().store) });
    const controller = new AbortController();
    const first = rejection(client.generate(input, { key, signal: controller.signal }));
    const second = client.generate(input, { key });
    await until(() => submits(server) === 1);
    controller.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    expect(server.jobs.get((await second).id)).toBeDefined();
    expect(submits(server)).toBe(1);
  });

  it('may both abort: the submit runs to its answer, so that its id is kept', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
    const { store } = storeWith();
    const client = connect(server, { jobs: jobsOver(store) });
    const signal = AbortSignal.timeout(150);
    const calls = [1, 2].map(() => rejection(client.generate(input, { key, signal })));
    expect(await Promise.all(calls)).toEqual([signal.reason, signal.reason]);
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'submitted' }]);
    const [made] = [...server.jobs];
    expect((await client.generate(input, { key })).id).toBe(made?.id);
    expect(submits(server)).toBe(1);
  });

  it('are told by which key to go on where the client is closed meanwhile', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const client = connect(server, { jobs: jobsOver(storeWith().store) });
    const calls = [1, 2].map(() => errorOf(client.generate(input, { key })));
    await until(() => submits(server) === 1);
    const closing = client.close();
    const closed = { code: 'closed', hint: expect.stringContaining('generate again with key "order-7"') };
    expect(await Promise.all(calls)).toMatchObject([closed, closed]);
    await server.close();
    await closing;
  });

  it('send nothing where both abort before anything was sent, and the key may be used again', async () => {
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
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    const signal = AbortSignal.timeout(50);
    expect(await rejection(client.generate(input, { key, signal }))).toBe(signal.reason);
    release();
    await expect.poll(() => recordsOf(store)).toMatchObject([{ state: 'refused', error: 'not sent' }]);
    expect(submits(server)).toBe(0);
    await client.generate(input, { key });
    expect(submits(server)).toBe(1);
  });
});

describe('a submit that is refused', () => {
  it.each([400, 401, 402, 403, 404, 422])(
    'with %i leaves its key free, by another idempotency key',
    async (status) => {
      const server = await startServer({ faults: [{ route: 'generate', type: 'status', status, times: 1 }] });
      const { store } = storeWith();
      const client = connect(server, { backend: honouring(), jobs: jobsOver(store) });
      expect(await errorOf(client.generate(input, { key }))).toMatchObject({ name: 'ApiError', status });
      const [refused] = await recordsOf(store);
      expect(refused).toMatchObject({ state: 'refused', error: expect.stringContaining(String(status)) });
      await client.generate(input, { key });
      const [submitted] = await recordsOf(store);
      expect(submitted).toMatchObject({ state: 'submitted', key });
      expect(submitted?.idempotencyKey).not.toBe(refused?.idempotencyKey);
    },
  );

  it('by no connection leaves its key free', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const url = `http://127.0.0.1:${await freePort()}`;
    const nowhere = connect({ url }, { retry: { attempts: 1 }, jobs: jobsOver(store) });
    expect((await errorOf(nowhere.generate(input, { key }))).code).toBe('network');
    expect(await recordsOf(store)).toMatchObject([{ state: 'refused', error: 'network' }]);
    expect(submits(server)).toBe(0);
  });

  it.each([408, 409, 425, 499])('with %i does not: it is no proof that nothing was done', async (status) => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'status', status, times: 1 }] });
    const { store } = storeWith();
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store), retry: { attempts: 1 } });
    await errorOf(client.generate(input, { key }));
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitting' }]);
    expect(await errorOf(client.generate(input, { key }))).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect(submits(server)).toBe(1);
  });

  it.each([500, 502, 503])(
    'with %i may have made a job: nothing is sent again, and the hint says what to do',
    async (status) => {
      const server = await startServer({ faults: [{ route: 'generate', type: 'status', status, times: 1 }] });
      const { store } = storeWith();
      const client = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
      const first = (await errorOf(client.generate(input, { key }))) as SubmitOutcomeUnknownError;
      expect(first).toMatchObject({ name: 'SubmitOutcomeUnknownError', key, status });
      expect(first.hint).toContain('client.adopt("order-7"');
      expect(await recordsOf(store)).toMatchObject([{ state: 'submitting' }]);
      const again = (await errorOf(client.generate(input, { key }))) as SubmitOutcomeUnknownError;
      expect(again).toMatchObject({ name: 'SubmitOutcomeUnknownError', key });
      expect(again.hint).toContain('client.forget("order-7")');
      expect(submits(server)).toBe(1);
    },
  );
});

describe('a submit whose answer was lost, to a server that honours keys', () => {
  it('is sent again by the next process under the recorded key, and is the same job', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 503, carriedOut: true, times: 1 }],
    });
    const { store } = storeWith();
    const options = { backend: honouring(), retry: { attempts: 1 } };
    const before = connect(server, { ...options, jobs: jobsOver(store) });
    expect(await errorOf(before.generate(input, { key }))).toBeInstanceOf(SubmitOutcomeUnknownError);
    const after = connect(server, { ...options, jobs: jobsOver(store) });
    const job = await after.generate(input, { key });
    expect([...server.jobs].map(({ id }) => id)).toEqual([job.id]);
    const sent = server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(sent).toEqual([sent[0], sent[0]]);
    expect(await recordsOf(store)).toMatchObject([{ idempotencyKey: sent[0], jobId: job.id }]);
  });

  it('waits out a 409, by which the first is under way', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 409, times: 5 }],
    });
    const { store } = storeWith();
    const client = connect(server, {
      backend: honouring(),
      jobs: jobsOver(store),
      retry: { attempts: 1, minDelayMs: 5, maxDelayMs: 10 },
    });
    const job = await client.generate(input, { key });
    expect(submits(server)).toBe(6);
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitted', jobId: job.id }]);
  });

  it('says nothing by a 4xx to its repeat: the first may have made a job', async () => {
    const server = await startServer({
      faults: [
        { route: 'generate', type: 'status', status: 503, times: 1 },
        { route: 'generate', type: 'status', status: 422, after: 1, times: 1 },
      ],
    });
    const { store } = storeWith();
    const client = connect(server, { backend: honouring(), jobs: jobsOver(store), retry: { attempts: 1 } });
    await errorOf(client.generate(input, { key }));
    expect(await errorOf(client.generate(input, { key }))).toMatchObject({
      name: 'SubmitOutcomeUnknownError',
      status: 422,
    });
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitting' }]);
  });

  it('is not sent again once its key may have been forgotten', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 503, times: 1 }],
    });
    const { store } = storeWith();
    const client = connect(server, { backend: honouring(1), jobs: jobsOver(store), retry: { attempts: 1 } });
    await errorOf(client.generate(input, { key }));
    await until(() => Date.now() > 0);
    expect(await errorOf(client.generate(input, { key }))).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(submits(server)).toBe(1);
  });
});

describe('what goes over the wire', () => {
  it('is the record’s idempotency key where the server honours keys, and none where it does not say so', async () => {
    const server = await startServer();
    for (const [backend, isSent] of [
      [honouring(), true],
      [ignoring(), false],
      [undefined, false],
    ] as const) {
      const { store } = storeWith();
      await connect(server, { backend, jobs: jobsOver(store) }).generate(input);
      const [record] = await recordsOf(store);
      const sent = server.requests.at(-1)?.headers['idempotency-key'];
      expect(sent).toBe(isSent ? record?.idempotencyKey : undefined);
    }
  });

  it('is what the caller gave, whose default is the key', async () => {
    const server = await startServer();
    const { store } = storeWith();
    const job = await connect(server, { jobs: jobsOver(store) }).generate(input, { idempotencyKey: 'mine' });
    expect(job.key).toBe('mine');
    expect(server.requests.at(-1)?.headers['idempotency-key']).toBe('mine');
    expect(await recordsOf(store)).toMatchObject([{ key: 'mine', idempotencyKey: 'mine' }]);
  });

  it('is never an idempotencyKey to a server that ignores it: that is refused, and a key is not', async () => {
    const server = await startServer();
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(storeWith().store) });
    expect(await errorOf(client.generate(input, { idempotencyKey: 'mine' }))).toMatchObject({
      code: 'invalid-input',
      field: 'idempotencyKey',
    });
    expect((await client.generate(input, { key: 'mine' })).key).toBe('mine');
    expect(submits(server)).toBe(1);
  });
});

describe('while a submit is tried again', () => {
  it('the moment by which it is decided moves on, so that nobody calls it unknown', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 429, retryAfter: 1, times: 1 }],
    });
    const seen: JobRecord[] = [];
    const { store } = storeWith((inner) => ({
      async put(record) {
        seen.push(record);
        return inner.put(record);
      },
    }));
    const client = connect(server, {
      backend: ignoring(),
      jobs: jobsOver(store),
      timeouts: { requestMs: 400 },
      retry: { minDelayMs: 5, maxDelayMs: 2_000 },
    });
    const submitting = client.generate(input, { key });
    await until(() => seen.length === 1);
    // 1 s is waited, longer than one try takes.
    expect(seen[0]).toMatchObject({ state: 'submitting', key });
    expect((seen[0]?.decidedBy ?? 0) - (seen[0]?.updatedAt ?? 0)).toBeGreaterThanOrEqual(1_400);
    const other = connect(server, { backend: ignoring(), jobs: jobsOver(store) });
    const [mine, theirs] = await Promise.all([submitting, other.generate(input, { key })]);
    expect(theirs.id).toBe(mine.id);
    expect(submits(server)).toBe(2);
  });
});

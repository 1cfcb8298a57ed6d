import { describe, expect, it } from 'vitest';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import { connect, ignoring, input, recordsOf, startServer, storeWith, submits } from './support.js';

const key = 'order-7';

/** A client of a server that makes a job in a moment, and what it has asked the server to cancel. */
async function start() {
  const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 200 }] });
  const { store } = storeWith();
  const cancelled: string[] = [];
  const backend = {
    ...ignoring(),
    cancel(jobId: string) {
      cancelled.push(jobId);
      return { method: 'POST' as const, url: `/cancel/${jobId}` };
    },
  };
  const client = connect(server, { backend, jobs: jobsOver(store), logger: 'silent' });
  const call = () => {
    const controller = new AbortController();
    const { signal } = controller;
    return { controller, job: client.generate(input, { key, signal, onAbort: 'cancel' }) };
  };
  return { server, store, client, cancelled, call };
}

describe('of two calls that share the submit of a key, each to cancel its job where it is aborted', () => {
  it('the one that is aborted leaves the job to the other', async () => {
    const { server, client, cancelled, call } = await start();
    const [first, second] = [call(), call()];
    const left = rejection(first.job);
    await until(() => submits(server) === 1);
    first.controller.abort(new Error('enough'));
    expect(await left).toMatchObject({ message: 'enough' });
    expect((await second.job).key).toBe(key);
    await client.close();
    expect([cancelled, submits(server)]).toEqual([[], 1]);
  });

  it('the last one cancels it', async () => {
    const { server, store, client, cancelled, call } = await start();
    const calls = [call(), call()];
    const left = calls.map(({ job }) => rejection(job));
    await until(() => submits(server) === 1);
    for (const { controller } of calls) controller.abort(new Error('enough'));
    await Promise.all(left);
    await client.close();
    const [record] = await recordsOf(store);
    expect(cancelled).toEqual([record?.jobId]);
  });

  it('it is left to one that comes after the others have gone, before its answer', async () => {
    const { server, client, cancelled, call } = await start();
    const first = call();
    const left = rejection(first.job);
    await until(() => submits(server) === 1);
    first.controller.abort(new Error('enough'));
    await left;
    const { id } = await client.generate(input, { key });
    await client.close();
    expect([[...server.jobs].map((job) => job.id), cancelled]).toEqual([[id], []]);
  });

  it('so it is where they have the job already', async () => {
    const { client, cancelled, call } = await start();
    const calls = [call(), call()];
    const [{ id }] = (await Promise.all(calls.map(({ job }) => job))) as [{ id: string }, unknown];
    calls[0]?.controller.abort(new Error('enough'));
    await client.status(id);
    expect(cancelled).toEqual([]);
    calls[1]?.controller.abort(new Error('enough'));
    await client.close();
    expect(cancelled).toEqual([id]);
  });
});

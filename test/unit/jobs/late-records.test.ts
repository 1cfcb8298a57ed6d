import { afterEach, describe, expect, it, vi } from 'vitest';
import { partNotLoaded } from '../../../src/errors.js';
import type { ClientJobs } from '../../../src/jobs/jobs.js';
import { LateRecords } from '../../../src/jobs/late-records.js';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import { rejection } from '../../support/rejection.js';
import { hostOf, processOf, recordOf, Server } from './support.js';

const key = 'order-7';

/** Loads when it is told to. */
function start() {
  const asked: { resolve(loaded: ClientJobs): void; reject(error: unknown): void }[] = [];
  const records = new LateRecords(
    () => new Promise<ClientJobs>((resolve, reject) => void asked.push({ resolve, reject })),
  );
  const store = new MemoryJobStore();
  const server = new Server();
  return { asked, loaded: processOf(store), records, server, store };
}

describe('the records of a page, before their part is there', () => {
  it('are asked for at once, and send nothing until then', async () => {
    const { asked, loaded, records, server } = start();
    expect(asked).toHaveLength(1);
    const sending = records.submit(server.submission(), { key });
    expect([sending.key, sending.isAtStake(), server.posts]).toEqual([undefined, false, 0]);
    asked[0]?.resolve(loaded);
    expect(await sending.answer).toMatchObject({ id: 'job-1' });
    expect(sending.key).toBe(key);
    const again = records.submit(server.submission(), { key });
    expect(await again.answer).toMatchObject({ id: 'job-1' });
    expect([asked.length, server.posts]).toEqual([1, 1]);
  });

  it('send nothing where the part cannot be had, keep no record, and ask for it again with the next call', async () => {
    const { asked, loaded, records, server, store } = start();
    const failing = records.submit(server.submission(), { key });
    const adopting = records.adopt(key, 'job-1');
    const resuming = records.resume({}, () => undefined).next();
    asked[0]?.reject(partNotLoaded('records', undefined, new TypeError('Failed to fetch')));
    for (const work of [failing.answer, adopting, resuming])
      expect(await rejection(work)).toMatchObject({ code: 'part-not-loaded' });
    expect([server.posts, await store.get(key), asked.length]).toEqual([0, undefined, 1]);

    const sending = records.submit(server.submission(), { key });
    asked[1]?.resolve(loaded);
    expect(await sending.answer).toMatchObject({ id: 'job-1' });
  });

  it('begin nothing once the client was closed meanwhile: nothing is sent or leased, and whoever waits is told', async () => {
    const { asked, loaded, records, server, store } = start();
    const submitting = records.submit(server.submission(), { key });
    const resuming = records.resume({}, () => undefined).next();
    const adopting = records.adopt(key, 'job-1');
    await records.close();
    asked[0]?.resolve(loaded);
    for (const work of [submitting.answer, resuming, adopting])
      expect(await rejection(work)).toMatchObject({ code: 'closed' });
    expect(await store.get(key)).toBeUndefined();
    expect(server.posts).toBe(0);
  });

  it('never begin what was ended meanwhile', async () => {
    const { asked, loaded, records, server, store } = start();
    const ended = records.submit(server.submission(), { key });
    const reason = new Error('not any more');
    ended.end(reason);
    expect(await rejection(ended.answer)).toBe(reason);
    asked[0]?.resolve(loaded);
    await records.submit(server.submission(), { key: 'order-8' }).answer;
    expect([server.posts, await store.get(key)]).toEqual([1, undefined]);
  });

  it('send nothing that was abandoned meanwhile', async () => {
    const { asked, loaded, records } = start();
    const abandon = vi.fn();
    const submit = vi.spyOn(loaded, 'submit').mockReturnValue({
      answer: new Promise(() => {}),
      isAtStake: () => true,
      abandon,
      end: vi.fn(),
    });
    const sending = records.submit(new Server().submission(), { key });
    sending.abandon();
    asked[0]?.resolve(loaded);
    await vi.waitFor(() => expect(submit).toHaveBeenCalledOnce());
    expect(abandon).toHaveBeenCalledOnce();
    expect(sending.isAtStake()).toBe(true);
  });

  it('refuse what a caller gives as they do later', async () => {
    const { asked, loaded, records, server } = start();
    const sending = records.submit(server.submission(), { key: 'not a key' });
    asked[0]?.resolve(loaded);
    expect(await rejection(sending.answer)).toMatchObject({ code: 'invalid-input', field: 'key' });
  });

  it('write ends, adopt, forget and list once it is there', async () => {
    const { asked, loaded, records, store } = start();
    await store.add(recordOf());
    await store.put(recordOf({ state: 'submitted', jobId: 'job-1' }));
    records.release(key); // Nothing is held yet.
    records.ended({ jobId: 'job-1', status: 'completed', raw: undefined });
    const listed = (async () => {
      const keys: string[] = [];
      for await (const { record } of records.resume({}, () => undefined)) keys.push(record?.key ?? '?');
      return keys;
    })();
    const delivered = records.deliver('idem-1', { jobId: 'job-1', raw: undefined });
    asked[0]?.resolve(loaded);
    expect(await listed).toEqual([key]);
    await delivered;
    await records.adopt(key, 'job-1');
    await vi.waitFor(async () => expect(await store.get(key)).toMatchObject({ state: 'completed' }));
    await records.forget(key);
    expect(await store.get(key)).toBeUndefined();
    await records.close();
  });

  it('are nothing to wait for where the client is closed', async () => {
    await expect(start().records.close()).resolves.toBeUndefined();
  });
});

describe('what a page loads of records', () => {
  const part = '../../../src/jobs/records.js';
  afterEach(() => {
    vi.doUnmock(part);
    vi.resetModules();
  });

  it('is told to be missing where it cannot be fetched, also by a store that is read', async () => {
    vi.resetModules();
    vi.doMock(part, () => {
      throw new TypeError('Failed to fetch dynamically imported module');
    });
    const { loadRecords, openRecords } = await import('../../../src/jobs/load-records.browser.js');
    const missing = {
      code: 'part-not-loaded',
      message: expect.stringContaining('the part "records" of reelwire could not be loaded'),
      hint: expect.stringContaining('reload the page'),
    };
    await expect(loadRecords()).rejects.toMatchObject(missing);
    const server = new Server();
    const { answer } = openRecords(new MemoryJobStore(), hostOf()).submit(server.submission(), { key });
    expect(await rejection(answer)).toMatchObject(missing);
    expect(server.posts).toBe(0);
  });
});

import { inputDigest } from '../../../../src/jobs/digest.js';
import { MemoryJobStore } from '../../../../src/jobs/memory-store.js';
import type { JobStore } from '../../../../src/jobs/store.js';
import { type Answer, processOf, recordOf, Server } from '../support.js';

/** Makes a store of one that keeps all rules: the same, or one that breaks a rule. */
export type Wrap = (store: JobStore) => JobStore;

const key = 'order-7';
const honours = { backend: { name: 'mock', idempotency: { windowMs: 86_400_000 } } };

/** Resolves with what went wrong; undefined where nothing did. Timers are the test's. */
export type Scenario = (wrap: Wrap) => Promise<string | undefined>;

/** A job, or the code of the error. */
async function outcome(work: Promise<{ readonly id: string }>): Promise<string> {
  try {
    return (await work).id;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function expectEqual(what: string, found: unknown, wanted: unknown): string | undefined {
  return JSON.stringify(found) === JSON.stringify(wanted)
    ? undefined
    : `${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
}

/** A key whose submit was refused is free. */
export const refusedThenAgain: Scenario = async (wrap) => {
  const server = new Server({ status: 422 });
  const jobs = processOf(wrap(new MemoryJobStore()));
  const first = await outcome(jobs.submit(server.submission(), { key }).answer);
  const second = await outcome(jobs.submit(server.submission(), { key }).answer);
  return expectEqual('the key of a refused submit', [first, second], ['http-error', 'job-1']);
};

/** A webhook tells the id while the POST fails: what is written of that failure comes after it. */
export const toldBeforeTheFailure: Scenario = async (wrap) => {
  const inner = new MemoryJobStore();
  const store = wrap(inner);
  const jobs = processOf(store);
  const server = new Server({
    status: 503,
    makesJob: true,
    async meanwhile() {
      const record = await inner.get(key);
      await inner.put(recordOf({ ...record, state: 'submitted', jobId: 'job-1' }));
    },
  });
  const first = await outcome(jobs.submit(server.submission(), { key }).answer);
  const record = await inner.get(key);
  return expectEqual('the job that a webhook told', [first, record?.state], ['job-1', 'submitted']);
};

/** Forgotten while its POST is under way, a key is free. */
export const forgottenMeanwhile: Scenario = async (wrap) => {
  const store = wrap(new MemoryJobStore());
  const jobs = processOf(store);
  const server = new Server();
  const { answer } = jobs.submit(server.submission(), { key });
  while (server.posts === 0) await Promise.resolve();
  await store.delete(key);
  await answer;
  const other = await outcome(
    processOf(store).submit(server.submission({ prompt: 'A dog' }), { key }).answer,
  );
  return expectEqual('a key that was forgotten', other, 'job-2');
};

/** The reply to `add` is lost, and what is there then is one's own. */
export const replyLost: Scenario = async (wrap) => {
  const inner = new MemoryJobStore();
  let isLost = true;
  const store = wrap({
    ...portOf(inner),
    async add(record) {
      const stored = await inner.add(record);
      if (isLost) {
        isLost = false;
        throw new Error('reply lost');
      }
      return stored;
    },
  });
  const server = new Server();
  const found = await outcome(processOf(store).submit(server.submission(), { key }).answer);
  return expectEqual('a submit whose record was written', [found, server.jobs], ['job-1', 1]);
};

/** One process waits for its next try; another one resumes. */
export const resumedWhileTrying: Scenario = async (wrap) => {
  const store = wrap(new MemoryJobStore());
  const server = new Server({ waitMs: 5_000 });
  const submitting = processOf(store).submit(server.submission(), { key }).answer;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  for await (const { error } of processOf(store).resume({}, () => undefined)) {
    if (error !== undefined) return `a submit that lives was called ${error.code}`;
  }
  await submitting;
  return undefined;
};

/** The first POST made a job; its repeat is refused, and the server has lost its keys. */
export const refusedRepeat: Scenario = async (wrap) => {
  const store = wrap(new MemoryJobStore());
  const server = new Server({ status: 503, makesJob: true }, { status: 422 });
  await outcome(processOf(store, honours).submit(server.submission(), { key }).answer);
  await outcome(processOf(store, honours).submit(server.submission(), { key }).answer);
  await outcome(processOf(store, honours).submit(server.submission(), { key }).answer);
  return expectEqual('jobs of one key', server.jobs, 1);
};

/** A POST makes a job, and what it is answered, if anything, does not say so. */
export const madeUnseen =
  (answer: Answer): Scenario =>
  async (wrap) => {
    const store = wrap(new MemoryJobStore());
    const server = new Server(answer);
    await outcome(processOf(store).submit(server.submission(), { key }).answer);
    await outcome(processOf(store).submit(server.submission(), { key }).answer);
    return expectEqual('jobs of one key', server.jobs, 1);
  };

/** A key whose submit never left is free. */
export const neverConnected: Scenario = async (wrap) => {
  const server = new Server({ connection: 'never made' });
  const jobs = processOf(wrap(new MemoryJobStore()));
  const first = await outcome(jobs.submit(server.submission(), { key }).answer);
  const second = await outcome(jobs.submit(server.submission(), { key }).answer);
  return expectEqual('the key of a submit that never left', [first, second], ['network', 'job-1']);
};

/** A process dies while it resumes; the next one resumes a second later. */
export const diedWhileResuming: Scenario = async (wrap) => {
  const inner = new MemoryJobStore();
  const digest = inputDigest('generate', {});
  await inner.add(recordOf({ state: 'submitted', jobId: 'job-1', inputDigest: digest }));
  await inner.lease(key, 'the dead', 30_000);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const resumed: string[] = [];
  for await (const { record } of processOf(wrap(inner)).resume({}, () => undefined))
    resumed.push(record?.key ?? '?');
  return expectEqual('what was resumed', resumed, [key]);
};

/** All of a store as an object whose methods can be replaced. */
export function portOf(store: JobStore): JobStore {
  return {
    add: (record) => store.add(record),
    put: (record) => store.put(record),
    get: (name) => store.get(name),
    delete: (name) => store.delete(name),
    list: (query) => store.list(query),
    lease: async (name, holder, forMs) => (await store.lease?.(name, holder, forMs)) ?? true,
  };
}

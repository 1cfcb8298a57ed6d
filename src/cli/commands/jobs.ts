import { VideoClient } from '../../index.js';
import { fileJobs, type JobRecord } from '../../jobs/node.js';
import { EXIT } from '../exit-code.js';
import { JOBS_FOLDER } from '../jobs-folder.js';
import { runLocally, runSession } from '../session.js';
import type { ConnectionFlags } from '../settings.js';
import { formatElapsed, visible } from '../text.js';

type JobsFlags = Pick<ConnectionFlags, 'jobs' | 'json'>;

/** One line a record: key, state, the job, when it was changed, where it is, and why it was refused or failed. */
export function jobsList({ jobs = JOBS_FOLDER, json = false }: JobsFlags): Promise<number> {
  return runLocally({ jobs, json }, async (output) => {
    let count = 0;
    for await (const record of fileJobs(jobs).list()) {
      count++;
      const { backend, baseUrl, createdAt, error, group, jobId, key, state, updatedAt } = record;
      const told = { key, state, jobId, group, backend, baseUrl, error, createdAt, updatedAt };
      output.event({ type: 'record', ...told });
      output.result(lineOf(record));
    }
    if (count === 0) output.note(`There are no jobs in ${visible(jobs)}.`);
    return EXIT.ok;
  });
}

/** No server is asked, and no credentials are needed. */
export function jobsForget(
  keys: readonly string[],
  { jobs = JOBS_FOLDER, json = false }: JobsFlags,
): Promise<number> {
  return runLocally({ jobs, json }, async (output) => {
    // It sends nothing: its address is of no meaning.
    const client = new VideoClient({ baseUrl: 'http://localhost', jobs: fileJobs(jobs), logger: 'silent' });
    try {
      for (const key of new Set(keys)) {
        await client.forget(key);
        output.event({ type: 'forgotten', key });
        output.result(`Forgot ${visible(key)}`);
      }
      return EXIT.ok;
    } finally {
      await client.close();
    }
  });
}

export function jobsAdopt(key: string, jobId: string, flags: ConnectionFlags): Promise<number> {
  return runSession({ ...flags, jobs: flags.jobs ?? JOBS_FOLDER }, async ({ client, output }) => {
    await client.adopt(key, jobId);
    output.event({ type: 'adopted', key, jobId });
    output.result(`Job ${visible(jobId)} is that of ${visible(key)}`);
    return EXIT.ok;
  });
}

function lineOf({ backend, baseUrl, error = '', jobId = '', key, state, updatedAt }: JobRecord): string {
  const age = `${formatElapsed(Math.max(0, Date.now() - updatedAt))} ago`;
  const where = `${visible(backend)} ${visible(baseUrl)}`;
  return [visible(key), state.padEnd('submitting'.length), visible(jobId), age, where, visible(error)]
    .filter((column) => column !== '')
    .join('  ')
    .trimEnd();
}

import { InputError } from '../../index.js';
import { checkWritable } from '../files.js';
import { checkOutput } from '../save.js';
import { runSession } from '../session.js';
import { type WatchFlags, watchJobs } from '../watch-jobs.js';

export function watch(jobIds: readonly string[], flags: WatchFlags): Promise<number> {
  return runSession(flags, async (session) => {
    checkOutput(flags);
    // The same job twice would be two rows for one thing.
    const ids = [...new Set(jobIds)];
    if (flags.output !== undefined) {
      if (ids.length > 1) {
        throw new InputError('--output', '--output takes the video of one job', {
          hint: 'Watch the jobs first, then download each.',
        });
      }
      await checkWritable(flags.output);
    }
    session.resume = { command: 'watch', jobIds: ids, flags };
    return watchJobs(
      session,
      ids.map((id) => session.client.subscribe(id)),
      flags,
    );
  });
}

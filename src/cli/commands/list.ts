import { ConfigurationError, type OpenAIList, type OpenAIListInput } from '../../index.js';
import { EXIT } from '../exit-code.js';
import { jsonOf } from '../follow.js';
import { commandOf, type Resume } from '../resume.js';
import { runSession } from '../session.js';
import { statusLine } from '../status-line.js';

/** What a backend gives that has a list. */
interface Lists {
  list?(page: OpenAIListInput, options: { readonly signal: AbortSignal }): Promise<OpenAIList>;
}

/** One line a job, one page a command. */
export function list(flags: Resume['flags']): Promise<number> {
  return runSession(flags, async ({ client, output, settings, signal }) => {
    const backend = client.backend as Lists;
    if (backend.list === undefined) {
      throw new ConfigurationError('--backend', `the backend ${settings.backend} has no list of jobs`, {
        hint: 'Keep the ids that "reelwire generate" prints: "reelwire status" takes any number of them.',
      });
    }
    const { after, limit } = flags;
    const { hasMore, jobs, lastId } = await backend.list({ after, limit }, { signal });
    for (const { jobId, ...job } of jobs) {
      output.event({ type: 'job', ...jsonOf({ ...job, id: jobId }) });
      output.result(statusLine({ ...job, id: jobId }));
    }
    output.event({ type: 'page', hasMore, lastId });
    if (jobs.length === 0) output.note('There are no jobs.');
    if (hasMore && lastId !== undefined) {
      const more: Resume = { command: 'list', jobIds: [], flags: { ...flags, after: lastId } };
      output.note(`There are more:\n  ${commandOf(more)}`);
    }
    return EXIT.ok;
  });
}

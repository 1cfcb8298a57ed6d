import { ConfigurationError, InputError, type JobUpdate } from '../../index.js';
import { EXIT } from '../exit-code.js';
import { jsonOf } from '../follow.js';
import { commandOf, type Resume } from '../resume.js';
import { runSession } from '../session.js';
import { statusLine } from '../status-line.js';

interface Page {
  readonly jobs: readonly JobUpdate[];
  /** What `--after` takes to go on; undefined on the last page. */
  readonly next?: string | undefined;
}

/** What a backend gives that has a list. Some go on after a job, some from a cursor. */
interface Lists {
  list?(
    page: {
      readonly after?: string | undefined;
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<Page & { readonly hasMore?: boolean; readonly lastId?: string | undefined }>;
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
    const isByCursor = settings.backend === 'replicate';
    if (isByCursor && limit !== undefined) {
      throw new InputError('--limit', 'the backend replicate has pages of its own size', {
        hint: 'Leave --limit out: a page has a hundred jobs.',
      });
    }
    const page = await backend.list(isByCursor ? { cursor: after } : { after, limit }, { signal });
    const { jobs, lastId } = page;
    const next = page.next ?? (page.hasMore === true ? lastId : undefined);
    for (const { jobId, ...job } of jobs) {
      output.event({ type: 'job', ...jsonOf({ ...job, id: jobId }) });
      output.result(statusLine({ ...job, id: jobId }));
    }
    output.event({ type: 'page', hasMore: next !== undefined, lastId: lastId ?? jobs.at(-1)?.jobId, next });
    if (jobs.length === 0) output.note('There are no jobs.');
    if (next !== undefined) {
      const more: Resume = { command: 'list', jobIds: [], flags: { ...flags, after: next } };
      output.note(`There are more:\n  ${commandOf(more)}`);
    }
    return EXIT.ok;
  });
}

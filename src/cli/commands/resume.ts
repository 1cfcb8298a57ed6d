import { checkFolder } from '../files.js';
import { JOBS_FOLDER } from '../jobs-folder.js';
import type { Resume } from '../resume.js';
import { resumeJobs } from '../resume-jobs.js';
import { runSession } from '../session.js';

export function resume(flags: Resume['flags']): Promise<number> {
  const folder = flags.jobs ?? JOBS_FOLDER;
  return runSession({ ...flags, jobs: folder }, async (session) => {
    // There may be many videos.
    if (flags.output !== undefined) await checkFolder(flags.output);
    return resumeJobs(session, folder, flags);
  });
}

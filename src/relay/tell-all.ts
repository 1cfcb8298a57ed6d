import type { WatchedJob } from './watched-job.js';

/** So many are told at once: what another job has to say waits no longer. */
const AT_ONCE = 500;

/** Tells all who watch a job the newest of it, some at a time where they are many. */
export function tellAll(job: WatchedJob, done: () => void): void {
  if (job.isTelling) {
    // Who was told already is told again; the others hear the newest alone.
    job.mustTellAgain = true;
    return;
  }
  if (job.watchers.size <= AT_ONCE) {
    for (const watcher of [...job.watchers]) watcher.tell(job);
    done();
    return;
  }
  job.isTelling = true;
  const left = [...job.watchers];
  const next = () => {
    for (const watcher of left.splice(-AT_ONCE)) if (job.watchers.has(watcher)) watcher.tell(job);
    if (left.length > 0) {
      setTimeout(next);
      return;
    }
    job.isTelling = false;
    if (job.mustTellAgain) {
      job.mustTellAgain = false;
      tellAll(job, done);
    } else done();
  };
  next();
}

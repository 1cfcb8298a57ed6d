import { othersTurn } from './turns.js';
import type { WatchedJob } from './watched-job.js';

/** So many are told at once: what another job has to say waits no longer. */
const AT_ONCE = 500;

/** Tells all who watch a job the newest of it, some at a time where they are many; `done` is called at the end. */
export async function tellAll(job: WatchedJob, done: () => void): Promise<void> {
  // While they are being told: those who were are told again, and the others hear the newest alone.
  job.mustTell = true;
  if (job.isTelling) return;
  job.isTelling = true;
  while (job.mustTell) {
    job.mustTell = false;
    const left = [...job.watchers];
    while (left.length > 0) {
      for (const watcher of left.splice(-AT_ONCE)) if (job.watchers.has(watcher)) watcher.tell(job);
      if (left.length > 0) await othersTurn();
    }
  }
  job.isTelling = false;
  done();
}

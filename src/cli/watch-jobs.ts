import type { VideoJob } from '../index.js';
import { createDisplay } from './display.js';
import { EXIT, exitCodeOf, goesOn, isOver } from './exit-code.js';
import { followJob } from './follow.js';
import { commandOf, howToResume, type Resume } from './resume.js';
import { createRow, progressOf, type Row } from './row.js';
import { reportSaved, type Saved, type SaveFlags, saveVideo } from './save.js';
import { mended, type Session } from './session.js';
import { visible } from './text.js';

export type WatchFlags = Resume['flags'] & SaveFlags & Pick<Resume, 'key'>;

/** Shows jobs until all have ended, and saves the video of each where that is wanted. */
export async function watchJobs(
  session: Session,
  jobs: readonly VideoJob[],
  flags: WatchFlags,
): Promise<number> {
  const { output, signal } = session;
  const watched = jobs.map((job) => ({ job, row: createRow(job.snapshot, progressOf(job.snapshot)) }));
  const display = await createDisplay(
    output,
    watched.map(({ row }) => row),
  );
  const running = new Map<string, Resume['command']>(jobs.map(({ id }) => [id, 'watch']));
  const timeoutMs = flags.timeoutSeconds === undefined ? undefined : flags.timeoutSeconds * 1_000;

  const watch = async ({ job, row }: { job: VideoJob; row: Row }): Promise<Saved | undefined> => {
    const completed = await followJob(job, { output, display, row, signal, timeoutMs });
    running.delete(job.id);
    if (flags.output === undefined) return undefined;
    running.set(job.id, 'download');
    const saved = await saveVideo(session, completed, flags, { display, row });
    running.delete(job.id);
    return saved;
  };
  const outcomes = await Promise.allSettled(watched.map(watch));
  display.stop();
  for (const [index, { job, row }] of watched.entries()) {
    const outcome = outcomes[index];
    const isGone = outcome?.status === 'rejected' && isOver(outcome.reason);
    if (row.status === 'failed' || isGone) running.delete(job.id);
  }

  session.resume = resumeOf(running, flags);
  signal.throwIfAborted();
  const failures = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  if (jobs.length === 1 && failures.length === 1) throw failures[0];
  const goingOn = failures.filter(goesOn);
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') output.error(outcome.reason, { goesOn: goesOn(outcome.reason) });
    else if (outcome.value !== undefined) reportSaved(session, outcome.value);
    else output.result(`Job ${visible(jobs[index]?.id ?? '')} is completed`);
  }
  if (jobs.length === 1 && flags.output === undefined) {
    const download: Resume = {
      command: 'download',
      jobIds: jobs.map(({ id }) => id),
      flags: { ...flags, output: 'video.mp4' },
    };
    output.note(`Download it with:\n  ${commandOf(download)}`);
  }
  if (session.resume !== undefined && goingOn.length > 0)
    output.note(howToResume(mended(session.resume, ...goingOn)));
  return failures.map(exitCodeOf)[0] ?? EXIT.ok;
}

/** A job whose video was on its way needs only that; if there are others, watching it again brings it too. */
function resumeOf(running: ReadonlyMap<string, Resume['command']>, flags: WatchFlags): Resume | undefined {
  const jobIds = [...running.keys()];
  if (jobIds.length === 0) return undefined;
  const command = jobIds.every((id) => running.get(id) === 'download') ? 'download' : 'watch';
  return { command, jobIds, flags, key: flags.key };
}

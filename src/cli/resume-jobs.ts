import { isVideoError, type ResumeResult, type VideoJob } from '../index.js';
import { atMost } from './at-most.js';
import { createLines } from './display.js';
import { EXIT, exitCodeOf } from './exit-code.js';
import { followJob } from './follow.js';
import { jobsCommand, saveToOf } from './jobs-folder.js';
import { commandOf, type Resume } from './resume.js';
import { createRow, progressOf } from './row.js';
import { reportSaved, saveVideo } from './save.js';
import type { Session } from './session.js';
import { visible } from './text.js';

/** Hundreds of jobs may have ended in the meantime. */
const MAX_DOWNLOADS = 4;
/** Whoever sees nothing for longer is told why. */
const QUIET_MS = 1_500;

/** Follows what other processes left, and saves the videos. What was handled is forgotten; all else comes again. */
export async function resumeJobs(session: Session, folder: string, flags: Resume['flags']): Promise<number> {
  const { client, output, signal } = session;
  const display = createLines(output);
  const download = atMost(MAX_DOWNLOADS);
  const running = new Set<string>();
  /** Keys that came. */
  const seen = new Set<string>();
  const timeoutMs = flags.timeoutSeconds === undefined ? undefined : flags.timeoutSeconds * 1_000;

  const handling: Promise<number>[] = [];
  let quiet = startQuiet();
  try {
    for await (const left of client.resume({ signal })) {
      clearTimeout(quiet);
      // Of a page that "reelwire relay" serves: it asks for its video itself.
      if (left.record?.group !== undefined) left.job?.close();
      else {
        if (left.record !== undefined) seen.add(left.record.key);
        handling.push(handle(left));
      }
      quiet = startQuiet();
    }
  } finally {
    clearTimeout(quiet);
    await Promise.all(handling);
  }
  signal.throwIfAborted();
  session.resume = undefined;
  const others = await countOthers();
  if (others > 0) {
    const what = 'of another server or of a relay, or another process is at work on them';
    output.note(`${others} left alone: they are ${what}. See ${jobsCommand('list', [], folder)}`);
  } else if (handling.length === 0) output.note(`No jobs were left in ${visible(folder)}.`);
  const codes = await Promise.all(handling);
  return codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;

  /** Records that did not come: they are not for us. */
  async function countOthers(): Promise<number> {
    let count = 0;
    for await (const { key, state } of client.jobs?.list() ?? []) {
      if (state !== 'refused' && !seen.has(key)) count++;
    }
    return count;
  }

  function startQuiet(): NodeJS.Timeout {
    return setTimeout(
      () =>
        output.note(
          'Waiting up to a minute for jobs that another process is, or was a moment ago, at work on.',
        ),
      QUIET_MS,
    );
  }

  /** Never rejects: one job's trouble is not that of the others. */
  async function handle(left: ResumeResult<VideoJob>): Promise<number> {
    if (left.job === undefined) {
      const key = left.record === undefined ? left.key : left.record.key;
      output.error(left.error, { key });
      // Else the error says what may be done, and in which order.
      if (left.record === undefined && key !== undefined) tellHowToForget(key);
      return exitCodeOf(left.error);
    }
    const { record, job } = left;
    running.add(job.id);
    session.resume = { command: 'resume', jobIds: [...running], flags };
    try {
      output.event({ type: 'resumed', key: record.key, jobId: job.id, state: record.state });
      output.note(`Resumed job ${visible(job.id)} of key ${visible(record.key)}`);
      if (await bringHome(job, flags.output ?? saveToOf(record.metadata))) await forget(record.key);
      else tellHowToSave(record.key, job.id);
      return EXIT.ok;
    } catch (error) {
      if (signal.aborted) return EXIT.interrupted;
      // It comes again by itself.
      output.error(error, { key: record.key, goesOn: true });
      return await giveUp(record.key, error);
    } finally {
      job.close();
      if (!signal.aborted) running.delete(job.id);
    }
  }

  /** False where nobody said where its video goes. */
  async function bringHome(job: VideoJob, target: string | undefined): Promise<boolean> {
    const row = createRow(job.snapshot, progressOf(job.snapshot));
    const completed = await followJob(job, { output, display, row, signal, timeoutMs, isHeld: true });
    if (target === undefined) return false;
    const options = { ...flags, output: target };
    reportSaved(session, await download(() => saveVideo(session, completed, options, { display, row })));
    return true;
  }

  /** A job that failed is handled, now that it was told. */
  async function giveUp(key: string, error: unknown): Promise<number> {
    if (!isVideoError(error) || error.code !== 'job-failed') tellHowToForget(key);
    else
      await forget(key).catch((failure: unknown) => {
        output.error(failure, { key });
      });
    return exitCodeOf(error);
  }

  async function forget(key: string): Promise<void> {
    await client.forget(key);
    output.event({ type: 'forgotten', key });
  }

  function tellHowToForget(key: string): void {
    output.note(
      `It comes again at the next resume. Give it up with:\n  ${jobsCommand('forget', [key], folder)}`,
    );
  }

  function tellHowToSave(key: string, jobId: string): void {
    output.result(`Job ${visible(jobId)} is completed`);
    const save: Resume = { command: 'download', jobIds: [jobId], flags: { ...flags, output: 'video.mp4' } };
    const commands = [commandOf(save), jobsCommand('forget', [key], folder)];
    output.note(
      `Save its video, and forget it then:\n${commands.map((command) => `  ${command}`).join('\n')}`,
    );
  }
}

import { type AnyBackend, isVideoError, type VideoClient } from '../index.js';
import { placeOfToken } from './credentials.js';
import { exitCodeOf } from './exit-code.js';
import { catchInterruptions, Interruption } from './interruption.js';
import { Output } from './output.js';
import { commandOf, type Resume } from './resume.js';
import { type ConnectionFlags, createClient, readSettings, type Settings } from './settings.js';
import { visible } from './text.js';

/** What a command that talks to a server works with. */
export interface Session {
  readonly client: VideoClient<AnyBackend>;
  readonly output: Output;
  readonly settings: Settings;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The command that goes on where this one is interrupted, or fails on the way; set as soon as there is a job. */
  resume: Resume | undefined;
}

/** Runs a command: its client ends with it, its errors become words and an exit code. */
export async function runSession(
  flags: ConnectionFlags,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const output = new Output(flags.json);
  const { signal, dispose } = catchInterruptions();
  let session: Session | undefined;
  try {
    const settings = await readSettings(flags);
    output.placeOfToken = placeOfToken(settings);
    output.atMock = settings.server === 'default';
    output.jobs = flags.jobs;
    session = { client: createClient(flags, settings, output), output, settings, signal, resume: undefined };
    return await work(session);
  } catch (error) {
    if (signal.reason instanceof Interruption && error === signal.reason) {
      detach(output, session?.resume);
      return signal.reason.exitCode;
    }
    output.error(error);
    const resume = session?.resume;
    if (resume !== undefined && goesOn(error))
      output.note(`Resume with:\n  ${commandOf(longer(resume, error))}`);
    return exitCodeOf(error);
  } finally {
    await session?.client.close();
    dispose();
  }
}

/** Runs a command that talks to no server. */
export async function runLocally(
  { jobs, json }: Pick<ConnectionFlags, 'jobs' | 'json'>,
  work: (output: Output) => Promise<number>,
): Promise<number> {
  const output = new Output(json);
  output.jobs = jobs;
  try {
    return await work(output);
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  }
}

/** Not where there is nothing to go on with: the job failed, or there is none. */
function goesOn(error: unknown): boolean {
  return isVideoError(error) && error.code !== 'job-failed' && error.code !== 'not-found';
}

/** What was too short once is too short again: the default is longer. */
function longer(resume: Resume, error: unknown): Resume {
  if (!isVideoError(error) || error.code !== 'job-timeout') return resume;
  const { timeoutSeconds: _, ...flags } = resume.flags;
  return { ...resume, flags };
}

function detach(output: Output, resume: Resume | undefined): void {
  if (resume === undefined) {
    output.event({ type: 'interrupted' });
    output.note('Interrupted.');
    return;
  }
  const { command, jobIds } = resume;
  output.event({ type: 'detached', jobIds, resume: commandOf(resume) });
  const jobs = `${jobIds.length === 1 ? 'job' : 'jobs'} ${jobIds.map(visible).join(', ')}`;
  const what =
    command === 'download'
      ? `Stopped the download of ${jobs}.`
      : `Detached from ${jobs}; the server continues.`;
  output.note(`${what} Resume with:\n  ${commandOf(resume)}`);
}

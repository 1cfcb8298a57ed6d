import { type AnyBackend, isVideoError, type VideoClient } from '../index.js';
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
    session = { client: createClient(flags, settings), output, settings, signal, resume: undefined };
    return await work(session);
  } catch (error) {
    if (signal.reason instanceof Interruption && error === signal.reason) {
      detach(output, session?.resume);
      return signal.reason.exitCode;
    }
    output.error(error);
    const goesOn = isVideoError(error) && error.code !== 'job-failed';
    if (goesOn && session?.resume !== undefined) output.note(`Go on with:\n  ${commandOf(session.resume)}`);
    return exitCodeOf(error);
  } finally {
    session?.client.close();
    dispose();
  }
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
    command === 'watch' ? `Detached from ${jobs}; the server goes on.` : `Stopped the download of ${jobs}.`;
  output.note(`${what} Resume with:\n  ${commandOf(resume)}`);
}

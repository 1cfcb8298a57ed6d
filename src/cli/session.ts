import { type AnyBackend, InputError, isVideoError, type VideoClient } from '../index.js';
import { placeOfToken } from './credentials.js';
import { exitCodeOf, goesOn } from './exit-code.js';
import { catchInterruptions, Interruption } from './interruption.js';
import { Output } from './output.js';
import { commandOf, howToResume, type Resume } from './resume.js';
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
    const resume = goesOn(error) ? session?.resume : undefined;
    output.error(error, { goesOn: resume !== undefined });
    if (resume !== undefined) output.note(howToResume(mended(resume, error)));
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

/** Without what cannot do: a time that was too short once is too short again (the default is longer). */
export function mended(resume: Resume, ...errors: readonly unknown[]): Resume {
  const { timeoutSeconds, variant, ...flags } = resume.flags;
  const isShort = errors.some((error) => isVideoError(error) && error.code === 'job-timeout');
  const isUnknown = errors.some((error) => error instanceof InputError && error.field === 'variant');
  return {
    ...resume,
    flags: { ...flags, ...(!isShort && { timeoutSeconds }), ...(!isUnknown && { variant }) },
  };
}

function detach(output: Output, resume: Resume | undefined): void {
  if (resume === undefined) {
    output.event({ type: 'interrupted' });
    output.note('Interrupted.');
    return;
  }
  const { command, jobIds, key } = resume;
  output.event({ type: 'detached', jobIds, key, resume: commandOf(resume) });
  const jobs = `${jobIds.length === 1 ? 'job' : 'jobs'} ${jobIds.map(visible).join(', ')}`;
  const what =
    command === 'download'
      ? `Stopped the download of ${jobs}.`
      : `Detached from ${jobs}; the server continues.`;
  output.note(`${what} ${howToResume(resume)}`);
}

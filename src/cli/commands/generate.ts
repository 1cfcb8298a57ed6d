import type { Environment } from '../environment.js';
import { EXIT } from '../exit-code.js';
import { checkWritable } from '../files.js';
import { checkTaken, type InputFlags, readInput } from '../input.js';
import { JOBS_FOLDER, metadataOf } from '../jobs-folder.js';
import { commandOf } from '../resume.js';
import { checkOutput } from '../save.js';
import { runSession } from '../session.js';
import { visible } from '../text.js';
import { type WatchFlags, watchJobs } from '../watch-jobs.js';

export interface GenerateFlags extends WatchFlags, InputFlags {
  /** False with `--no-wait`. */
  readonly wait: boolean;
  /** With it, or with `--jobs`, there is a record of the job. */
  readonly key?: string;
}

export function generate(prompt: string | undefined, flags: GenerateFlags): Promise<number> {
  const jobs = flags.jobs ?? (flags.key === undefined ? undefined : JOBS_FOLDER);
  return runSession({ ...flags, jobs }, async (session) => {
    const { client, output, settings, signal } = session;
    checkOutput(flags);
    checkTaken(settings.backend, flags);
    const fields = { ...fieldsOf(settings.environment), ...flags };
    const input = await readInput(settings.backend, prompt, fields, signal);
    // Before a job is paid for whose video could not be saved.
    if (flags.output !== undefined) await checkWritable(flags.output);

    // Which fields it has follows from --backend; the client checks them before anything is sent.
    const kept = jobs === undefined ? {} : { key: flags.key, metadata: metadataOf(flags) };
    // What is wrong with the key, or with the records, generate says.
    const before = await client.jobs?.get(flags.key ?? '').catch(() => undefined);
    const again =
      flags.key === undefined ? '' : ' Give the same command again: with its --key it makes no second one.';
    const job = await client.generate(input as never, { signal, ...kept }).catch((error: unknown) => {
      if (signal.aborted)
        output.note(`The server has not answered yet: the job may have been submitted.${again}`);
      throw error;
    });
    session.resume = { command: 'watch', jobIds: [job.id], flags, key: flags.key };
    output.event({ type: 'submitted', jobId: job.id, key: job.key });
    const isOld = before?.jobId === job.id;
    if (flags.wait) {
      output.note(`${isOld ? 'Resumed' : 'Submitted'} job ${visible(job.id)}`);
      return watchJobs(session, [job], flags);
    }
    output.note(`Submitted${isOld ? ' before' : ''}. Follow it with:\n  ${commandOf(session.resume)}`);
    output.result(visible(job.id));
    return EXIT.ok;
  });
}

function fieldsOf({ REELWIRE_WALLET, REELWIRE_WEBHOOK_URL, REELWIRE_MODEL }: Environment): InputFlags {
  return { wallet: REELWIRE_WALLET, webhookUrl: REELWIRE_WEBHOOK_URL, model: REELWIRE_MODEL };
}

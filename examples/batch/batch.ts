import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, InputError, isVideoError, NetworkError, type VideoClient, type VideoJob } from 'reelwire';
import type { Journal } from './journal.js';

/** One line of the file of scripts. */
export interface Script {
  readonly line: number;
  readonly script: string;
}

export interface BatchOptions {
  readonly client: VideoClient;
  readonly walletAddress: string;
  readonly scripts: readonly Script[];
  readonly journal: Journal;
  /** Where the videos go, named by the line of their script. */
  readonly folder: string;
  /** Submits under way at once, and downloads. */
  readonly concurrency: number;
  /** Submits no more and waits no longer; what was submitted is in the journal. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** `left`: the server still works on it, and the next run goes on. */
export type Outcome = 'saved' | 'failed' | 'left';

/** Makes a video of each script. What an earlier run submitted is followed, never submitted again. */
export async function runBatch(options: BatchOptions): Promise<Outcome[]> {
  const { client, concurrency, folder, journal, log, scripts, signal, walletAddress } = options;
  const outcomes: Promise<Outcome>[] = [];
  const download = atMost(concurrency);

  async function finish(line: number, job: VideoJob): Promise<Outcome> {
    const path = join(folder, `${String(line).padStart(3, '0')}.mp4`);
    if (existsSync(path)) return 'saved'; // By an earlier run, and whole: save() renames what is complete.
    try {
      await job.completed({ signal });
      await download(async () => (await job.download({ signal })).save(path));
      log(`line ${line}: saved`);
      return 'saved';
    } catch (error) {
      if (signal.aborted) return 'left';
      return fail(line, error);
    }
  }

  function fail(line: number, error: unknown): Outcome {
    log(`line ${line}: ${isVideoError(error) ? error.message : String(error)}`);
    return 'failed';
  }

  const fresh: Script[] = [];
  for (const { line, script } of scripts) {
    const entry = journal.known.get(line);
    if (entry !== undefined && entry.script !== script) {
      throw new Error(`line ${line} is not what was submitted before; take another folder for other scripts`);
    }
    if (entry === undefined || entry.state === 'refused') fresh.push({ line, script });
    else if (entry.state === 'submitted') outcomes.push(finish(line, client.subscribe(entry.jobId)));
    else outcomes.push(Promise.resolve(fail(line, MAYBE_SUBMITTED)));
  }

  async function* inputs() {
    for (const next of fresh) {
      if (signal.aborted) return;
      // Written before it is sent: a crash in between must not look as if nothing had been.
      await journal.write({ ...next, state: 'submitting' });
      yield { walletAddress, script: next.script };
    }
  }

  for await (const { index, job, error } of client.generateMany(inputs(), { concurrency })) {
    const next = fresh[index];
    if (next === undefined) continue;
    if (job !== undefined) {
      await journal.write({ ...next, state: 'submitted', jobId: job.id });
      outcomes.push(finish(next.line, job));
    } else {
      if (didNothing(error)) await journal.write({ ...next, state: 'refused' });
      outcomes.push(Promise.resolve(fail(next.line, error)));
    }
  }
  return Promise.all(outcomes);
}

const MAYBE_SUBMITTED =
  'an earlier run may have submitted it, its answer was lost: ask the server, ' +
  'and take its entries out of the journal to submit it again';

/** True where the submit certainly made no job, and may be tried again: an ApiError of a submit is a refusal. */
function didNothing(error: unknown): boolean {
  return error instanceof ApiError || error instanceof InputError || error instanceof NetworkError;
}

/** Lets so many tasks run at once; the others wait. */
function atMost(limit: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task: () => Promise<void>): Promise<void> => {
    while (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      await task();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

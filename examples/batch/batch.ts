import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isVideoError, type VideoClient, type VideoJob } from 'reelwire';

/** One line of the file of scripts. */
export interface Script {
  readonly line: number;
  readonly script: string;
}

export interface BatchOptions {
  /** With the option `jobs`: a record of each line's job is what outlives the process. */
  readonly client: VideoClient;
  readonly walletAddress: string;
  readonly scripts: readonly Script[];
  /** Where the videos go, named by the line of their script. */
  readonly folder: string;
  /** Submits under way at once, and downloads. */
  readonly concurrency: number;
  /** Submits no more and waits no longer; what was submitted has its record. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** `left`: the server still works on it, and the next run goes on. */
export type Outcome = 'saved' | 'failed' | 'left';

/** The key of a line's job. One job is made for it, however often the batch is started. */
export const keyOfLine = ({ line }: Pick<Script, 'line'>): string => `line-${line}`;

/** Makes a video of each script. What an earlier run submitted is followed, never submitted again. */
export async function runBatch(options: BatchOptions): Promise<Outcome[]> {
  const { client, concurrency, folder, log, scripts, signal, walletAddress } = options;
  const outcomes: Promise<Outcome>[] = [];
  const download = atMost(concurrency);
  const pathOf = (line: number) => join(folder, `${String(line).padStart(3, '0')}.mp4`);

  async function finish(line: number, job: VideoJob): Promise<Outcome> {
    const path = pathOf(line);
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
    const words = isVideoError(error) ? error.message : String(error);
    // Nobody knows whether there is a job: a person has to look, and the hint says where.
    const isUnknown = isVideoError(error) && error.code === 'submit-outcome-unknown';
    log(`line ${line}: ${words}${isUnknown ? `. ${error.hint}` : ''}`);
    return 'failed';
  }

  const submitted: Script[] = [];
  async function* inputs() {
    for (const script of scripts) {
      if (signal.aborted) return;
      // A record lives for a week after the end of its job, the video for as long as you like.
      const isForgotten = (await client.jobs?.get(keyOfLine(script))) === undefined;
      if (isForgotten && existsSync(pathOf(script.line))) {
        outcomes.push(Promise.resolve('saved'));
        continue;
      }
      submitted.push(script);
      yield { walletAddress, script: script.script };
    }
  }

  // For a key that has a job, that is what comes: nothing is sent. With another script it is an error.
  const keyOf = (_input: unknown, index: number) => keyOfLine(submitted[index] as Script);
  for await (const { index, job, error } of client.generateMany(inputs(), { concurrency, keyOf })) {
    const { line } = submitted[index] as Script;
    outcomes.push(job !== undefined ? finish(line, job) : Promise.resolve(fail(line, error)));
  }
  return Promise.all(outcomes);
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

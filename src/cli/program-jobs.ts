import { type Command, Option } from 'commander';
import { connected, timeoutOption } from './connected.js';
import type { Exit } from './exit-code.js';
import { JOBS_FOLDER } from './jobs-folder.js';

/** What has to do with the records of jobs that `generate --key` leaves. */
export function addJobsCommands(program: Command, exit: Exit): void {
  connected(
    program.command('resume').description('Go on with the jobs that were left, and save their videos'),
  )
    .option(
      '-o, --output <folder>',
      'save videos there (default: where "reelwire generate" was to save each)',
    )
    .addOption(jobsOption())
    .addOption(timeoutOption())
    .addHelpText(
      'after',
      `
Follows each job to its end, saves its video, and forgets it; a job that failed is told of, and forgotten. What could
not be saved, or followed, comes again the next time. Where nobody knows whether a submit made a job, it says what to
do, and submits nothing. Jobs of other servers are left alone: give the same --backend and --base-url as to generate.
A job that another process was at work on comes once that has been dead for 30 s.

Example:
  $ reelwire resume`,
    )
    .action(async (flags) => {
      const { resume } = await import('./commands/resume.js');
      exit(await resume(flags));
    });

  const jobs = program
    .command('jobs')
    .description('See, forget and correct the records of jobs that "reelwire generate --key" keeps')
    .addHelpText('after', '\nExample:\n  $ reelwire jobs list');

  recorded(jobs.command('list').description('Show what is kept, without asking a server'))
    .addHelpText('after', '\nExample:\n  $ reelwire jobs list --json')
    .action(async (flags) => {
      const { jobsList } = await import('./commands/jobs.js');
      exit(await jobsList(flags));
    });

  recorded(
    jobs
      .command('forget')
      .description('Forget jobs: they are handled, or of no use any more')
      .argument('<key...>', 'their keys'),
  )
    .addHelpText(
      'after',
      '\nThe same key makes, and costs, another job then.\n\nExample:\n  $ reelwire jobs forget order-7',
    )
    .action(async (keys, flags) => {
      const { jobsForget } = await import('./commands/jobs.js');
      exit(await jobsForget(keys, flags));
    });

  connected(
    jobs
      .command('adopt')
      .description('Say which job a key has, where the answer to its submit was lost')
      .argument('<key>', 'the key')
      .argument('<jobId>', 'id of the job, as the server has it'),
  )
    .addOption(jobsOption())
    .addHelpText('after', '\nExample:\n  $ reelwire jobs adopt order-7 job_1')
    .action(async (key, jobId, flags) => {
      const { jobsAdopt } = await import('./commands/jobs.js');
      exit(await jobsAdopt(key, jobId, flags));
    });
}

/** The flags of a command that looks at records alone. */
function recorded(command: Command): Command {
  return command.addOption(jobsOption()).option('--json', 'one JSON object a line');
}

export function jobsOption(): Option {
  return new Option('--jobs <folder>', `where records of jobs are kept (default: ${JOBS_FOLDER})`);
}

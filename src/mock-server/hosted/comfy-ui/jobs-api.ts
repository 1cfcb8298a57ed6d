import { savedBy } from './outputs.js';
import type { Run } from './run.js';

type Told = Record<string, unknown>;

/** As the jobs API tells of a job. `isWhole`: with its graph and its outputs, which the list has not. */
export function jobOf(run: Run, isWhole: boolean): Told {
  const { extraData, job, messages, number } = run;
  const status = statusOf(run);
  const outputs = run.isWritten && job.status === 'completed' ? savedBy(run) : {};
  const count = Object.values(outputs).flatMap((output) => Object.values(output).flat()).length;
  const timeOf = (type: string) => messages.find(([name]) => name === type)?.[1].timestamp;
  const error = messages.find(([name]) => name === 'execution_error')?.[1];
  const workflow = { prompt: run.graph, extra_data: { ...extraData, create_time: job.createdAt.getTime() } };
  return {
    ...{ id: job.id, status, priority: number, create_time: job.createdAt.getTime() },
    // Left out of the JSON where they are undefined.
    execution_start_time: run.isWritten ? timeOf('execution_start') : undefined,
    execution_end_time: run.isWritten ? messages.at(-1)?.[1].timestamp : undefined,
    execution_error: run.isWritten ? error : undefined,
    ...{ outputs_count: count, previewable_outputs_count: count },
    ...(isWhole && { workflow }),
    ...(isWhole && run.isWritten && { outputs, execution_status: executionStatus(run) }),
  };
}

/** As the history has it. */
export function entryOf(run: Run): Told {
  const isGood = run.job.status === 'completed';
  return {
    prompt: itemOf(run),
    outputs: isGood ? savedBy(run) : {},
    status: executionStatus(run),
    meta: {},
  };
}

/** As the queue has it. */
export function itemOf({ extraData, graph, job, number, outputs }: Run): unknown[] {
  return [number, job.id, graph, { ...extraData, create_time: job.createdAt.getTime() }, outputs];
}

export function statusOf({ isWritten, job, messages }: Run): string {
  if (job.status === 'queued') return job.word ?? 'pending';
  if (!isWritten) return job.word ?? 'in_progress';
  if (job.status === 'completed') return job.word ?? 'completed';
  return messages.some(([type]) => type === 'execution_interrupted') ? 'cancelled' : 'failed';
}

function executionStatus({ job, messages }: Run): Told {
  const isGood = job.status === 'completed';
  return { status_str: isGood ? 'success' : 'error', completed: isGood, messages };
}

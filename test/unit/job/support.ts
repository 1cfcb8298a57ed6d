import { vi } from 'vitest';
import type { JobSink } from '../../../src/core/follower.js';
import { applyUpdate, initialSnapshot } from '../../../src/core/job-state.js';
import type { JobSnapshot, JobUpdate } from '../../../src/core/model.js';
import { type JobHost, VideoJob } from '../../../src/job/job.js';
import type { WaitEngine, WaitOptions } from '../../../src/job/waits.js';
import { Aborts } from '../../../src/runtime/aborts.js';
import { Alarms } from '../../../src/runtime/alarms.js';
import { systemRuntime } from '../../../src/runtime/system.js';

/** A job whose follower is the test: `say` is what a server says, `sinks` who follows. */
export function setUp(options: WaitOptions & { known?: boolean; failure?: Error } = {}) {
  const sinks = new Set<JobSink>();
  const error = vi.fn();
  const { failure } = options;
  let follows = 0;
  const release = vi.fn();
  let snapshot: JobSnapshot = initialSnapshot('job-1', 'polling', 0);
  const engine: WaitEngine = {
    alarms: new Alarms(systemRuntime()),
    follower: {
      follow(_jobId, sink) {
        follows++;
        sinks.add(sink);
        return { stop: () => void sinks.delete(sink) };
      },
      failureOf: () => failure,
    },
    release,
  };
  const host: JobHost<string> = {
    aborts: new Aborts(),
    jobMs: 60_000,
    engine: () => engine,
    cancel: vi.fn(),
    logger: { error },
    download: vi.fn(),
  };
  const job = new VideoJob(host, snapshot, options.known ?? false, options);
  const say = (update: Omit<JobUpdate, 'jobId' | 'raw'>) => {
    snapshot = applyUpdate(snapshot, { jobId: 'job-1', raw: undefined, ...update }, 'websocket', 1);
    for (const sink of [...sinks]) {
      sink.update(snapshot);
      if (snapshot.status === 'completed' || snapshot.status === 'failed') sinks.delete(sink);
    }
  };
  return { job, host, say, sinks, error, release, follows: () => follows };
}

export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

export const processing = (progress: number) => ({ status: 'processing', progress }) as const;

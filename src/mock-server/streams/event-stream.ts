import { stall } from '../exchange.js';
import type { MockJobUpdate } from '../job.js';
import type { MockJobs } from '../jobs.js';
import { idWriter } from '../numeric-ids.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import { EventStreamBody } from './event-stream-body.js';
import { MockStream } from './stream.js';

/** What differs between the event streams of two dialects. */
export interface EventStreamForm {
  readonly jobIds: readonly string[];
  /** The data of one event. */
  readonly encode: (update: MockJobUpdate) => string;
  /** Tell how each job is at the beginning. */
  readonly snapshot: boolean;
  /** End with the last of the jobs. */
  readonly endWithJobs: boolean;
  /** A comment so often, as a sign of life. @default none */
  readonly commentEveryMs?: number;
}

export async function openEventStream(call: Call, form: EventStreamForm): Promise<Response> {
  const { context, exchange, faults } = call;
  const { jobs } = context;
  const { jobIds } = form;
  const writeIds = idWriter(context.options);
  const acceptEncoding = exchange.headers.get('accept-encoding') ?? '';
  const out = new EventStreamBody(faults, acceptEncoding, form.commentEveryMs);

  const tell = (update: MockJobUpdate) => {
    if (!stream.jobIds.has(update.job.id) && !stream.jobIds.has(update.job.upstreamId)) return;
    stream.update(update, (one) => {
      out.word = statusWord(one.job, one);
      return writeIds(form.encode(one));
    });
    if (form.endWithJobs && jobIds.every((id) => jobs.get(id)?.ended ?? false)) stream.close();
  };
  const unwatch = jobs.watch(tell);
  const wire = {
    send: (frame: string | Uint8Array<ArrayBuffer>) => out.event(frame),
    close: (code: number) => out.end(code === 1006),
    freeze: () => out.stopComments(),
  };
  const stream = new MockStream('sse', wire, faults, () => {
    unwatch();
    out.stop();
  });
  for (const id of jobIds) stream.jobIds.add(id);
  context.streams.add(stream);
  exchange.signal.addEventListener('abort', () => stream.ended());
  if (exchange.signal.aborted) stream.ended();
  out.onCancel = () => stream.ended();
  stream.start();
  if (form.snapshot) for (const id of jobIds) tellSnapshot(jobs, id, tell);

  if (faults.find('held-head')) await Promise.race([out.begun, stall(exchange.signal)]);
  return new Response(out.body, {
    headers: {
      'content-type': faults.find('content-type')?.contentType ?? 'text/event-stream',
      'cache-control': 'no-cache',
    },
  });
}

function tellSnapshot(jobs: MockJobs, id: string, tell: (update: MockJobUpdate) => void): void {
  const job = jobs.get(id);
  if (job !== undefined) tell(job.current());
}

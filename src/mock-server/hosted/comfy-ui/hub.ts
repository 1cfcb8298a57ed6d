import { isRecord } from '../../body.js';
import type { ByteArray } from '../../bytes.js';
import { isEnd, type MockJob, type MockJobUpdate } from '../../job.js';
import type { MockJobs } from '../../jobs.js';
import type { MockStream } from '../../streams/stream.js';
import { DEFAULT_GRAPH, type Graph, isLink } from './nodes.js';
import { type Frame, Run } from './run.js';
import { orderOf, validate } from './validation.js';

const dialect = 'comfyUI';
/** Between the last word of a run and its place in the history. */
const WRITING_MS = 40;

/** What of a ComfyUI server lives longer than a call: who listens, what waits, what runs and what has run. */
export class ComfyHub {
  /** Of uploads, by their names. */
  readonly uploads: Map<string, Uint8Array> = new Map();
  /** Whether it is one of before the jobs API. */
  readonly isOld: boolean;
  readonly #jobs: MockJobs;
  readonly #runs = new Map<MockJob, Run>();
  readonly #sockets = new Map<string, MockStream>();
  /** Nodes that have run, by what they are and hang on: they need not run again. */
  readonly #done = new Set<string>();
  readonly #frames = new WeakMap<MockJobUpdate, Map<MockStream, readonly (string | ByteArray)[]>>();
  #number = 0;
  #running: Run | undefined;

  constructor(jobs: MockJobs, isOld: boolean) {
    this.#jobs = jobs;
    this.isOld = isOld;
    jobs.startBy(dialect, (job) => this.#add(job));
    jobs.watch((update) => {
      if (update.job.dialect === dialect) this.#tell(update);
    });
  }

  /** Those that there still are, in the order of their submits. */
  get runs(): readonly Run[] {
    return [...this.#runs.values()].filter(({ job }) => this.#jobs.get(job.id) === job);
  }

  get running(): readonly Run[] {
    return this.runs.filter((run) => !run.isWritten && run.job.status !== 'queued');
  }

  /** The next one first. */
  get pending(): readonly Run[] {
    return this.runs
      .filter(({ job }) => job.status === 'queued')
      .sort((one, other) => one.number - other.number);
  }

  get history(): readonly Run[] {
    return this.runs.filter(({ isWritten }) => isWritten);
  }

  runOf(id: string): Run | undefined {
    return this.runs.find(({ job }) => job.id === id);
  }

  /** The place in the queue of a submit: before all others, or after. */
  number(front: boolean): number {
    const number = front ? -this.#number : this.#number;
    this.#number += 1;
    return number;
  }

  /** Takes a job out of the queue. */
  dequeue(run: Run): void {
    this.#jobs.delete(run.job.id);
    this.#runs.delete(run.job);
    this.#broadcastStatus();
  }

  /** Takes one out of the history. */
  forget(run: Run): void {
    this.#jobs.delete(run.job.id);
    this.#runs.delete(run.job);
  }

  interrupt(run: Run): void {
    if (!run.job.ended) run.job.advance({ status: 'failed', word: 'cancelled', error: 'interrupted' });
  }

  /** A socket is open. One that comes with the id of another takes its place. */
  join(sid: string, stream: MockStream): void {
    this.#sockets.set(sid, stream);
    stream.send(JSON.stringify({ type: 'status', data: { ...this.#status(), sid } }));
    const run = this.running.find(({ clientId }) => clientId === sid);
    if (run?.current !== undefined)
      stream.send(JSON.stringify({ type: 'executing', data: { node: run.current } }));
  }

  /** As the server does it: whichever socket has the id by now is gone with the one that ends. */
  leave(sid: string): void {
    this.#sockets.delete(sid);
  }

  #add(job: MockJob): void {
    const { prompt = DEFAULT_GRAPH, number, extra_data = {}, client_id } = job.input;
    const graph = prompt as Graph;
    const extraData = { ...(isRecord(extra_data) && extra_data) };
    const clientId = client_id ?? extraData.client_id;
    const outputs = validate(graph, (name) => this.uploads.has(name)).outputs;
    const init = {
      ...{ job, graph, outputs, order: orderOf(graph, outputs) },
      number: typeof number === 'number' ? number : this.number(false),
      clientId: typeof clientId === 'string' ? clientId : undefined,
      extraData: { ...extraData, ...(clientId !== undefined && { client_id: clientId }) },
    };
    this.#runs.set(job, new Run(init, this.isOld));
    this.#broadcastStatus();
    // Not before who makes it has it.
    queueMicrotask(() => this.#next());
  }

  /** One runs at a time; those that are moved by hand wait for nobody. */
  #next(): void {
    if (this.#running !== undefined && this.runs.includes(this.#running)) return;
    this.#running = this.pending.find(({ job }) => job.behaviour.manual !== true);
    this.#running?.job.start();
  }

  #tell(update: MockJobUpdate): void {
    const run = this.#runs.get(update.job);
    if (run === undefined || run.isWritten || run.hasEnded) return;
    const begins = !run.hasBegun && update.status !== 'queued';
    const isSubmitted = update.job.input.prompt !== undefined;
    const cached = isSubmitted ? run.order.filter((id) => this.#done.has(signature(run.graph, id))) : [];
    const frames = run.advance(update, begins ? cached : []);
    this.#send(update, run, begins ? ['status', ...frames] : frames);
    if (!isEnd(update.status)) return;
    if (update.status === 'completed') for (const id of run.order) this.#done.add(signature(run.graph, id));
    setTimeout(() => {
      const end = run.end();
      if (this.#running === run) this.#running = undefined;
      this.#send({ ...update }, run, ['status', end]);
      this.#next();
    }, WRITING_MS);
  }

  #send(update: MockJobUpdate, { clientId }: Run, frames: readonly (Frame | 'status')[]): void {
    const status = JSON.stringify({ type: 'status', data: this.#status() });
    const bySocket = new Map<MockStream, readonly (string | ByteArray)[]>();
    this.#frames.set(update, bySocket);
    for (const [sid, stream] of this.#sockets) {
      const own = frames.flatMap((frame) => {
        if (frame === 'status') return [status];
        const [data, isOwn] = frame;
        return clientId === sid || (clientId === undefined && !isOwn) ? [data] : [];
      });
      bySocket.set(stream, own);
      stream.update(update, (one) => this.#frames.get(one)?.get(stream) ?? []);
    }
  }

  #broadcastStatus(): void {
    const frame = JSON.stringify({ type: 'status', data: this.#status() });
    for (const stream of this.#sockets.values()) stream.send(frame);
  }

  #status(): object {
    return { status: { exec_info: { queue_remaining: this.running.length + this.pending.length } } };
  }
}

/** What a node is, and all that it hangs on. Of a graph that was found to be good. */
function signature(graph: Graph, id: string): string {
  const { class_type, inputs } = graph[id] ?? {};
  const resolved = Object.entries(inputs ?? {}).map(([name, value]) => [
    name,
    isLink(value) ? [signature(graph, String(value[0])), value[1]] : value,
  ]);
  return JSON.stringify([class_type, resolved]);
}

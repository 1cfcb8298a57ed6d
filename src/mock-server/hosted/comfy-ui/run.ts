import type { ByteArray } from '../../bytes.js';
import { isEnd, type MockJob, type MockJobUpdate } from '../../job.js';
import { type Graph, NODE_CLASSES } from './nodes.js';
import { outputsOf } from './outputs.js';

/** One frame: `true` in its second place where it is sent to whoever submitted alone, and to nobody where nobody did. */
export type Frame = readonly [data: string | ByteArray, isOwn: boolean];

/** Of a preview: its kind, that it is a JPEG, and the beginning of one. */
const PREVIEW = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8, 0xff, 0xe0);

export interface RunInit {
  readonly job: MockJob;
  readonly number: number;
  readonly graph: Graph;
  readonly clientId: string | undefined;
  readonly extraData: Readonly<Record<string, unknown>>;
  readonly outputs: readonly string[];
  /** In which they run. */
  readonly order: readonly string[];
}

/** One run of a graph: what it tells as its job goes on, in the order of the server. */
export class Run {
  readonly job: MockJob;
  readonly number: number;
  readonly graph: Graph;
  readonly clientId: string | undefined;
  readonly extraData: Readonly<Record<string, unknown>>;
  readonly outputs: readonly string[];
  /** As the history has them. */
  readonly messages: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  /** It is in the history. */
  isWritten = false;
  hasBegun = false;
  hasEnded = false;
  readonly order: readonly string[];
  readonly #states = new Map<string, { state: 'running' | 'finished'; value: number; max: number }>();
  readonly #isOld: boolean;
  #cached: readonly string[] = [];

  constructor({ job, number, graph, clientId, extraData, outputs, order }: RunInit, isOld: boolean) {
    this.job = job;
    this.number = number;
    this.graph = graph;
    this.clientId = clientId;
    this.extraData = extraData;
    this.outputs = outputs;
    this.order = order;
    this.#isOld = isOld;
  }

  /** What is told of a change of the job, but for its very end. `cached`: nodes that need not run. */
  advance(update: MockJobUpdate, cached: readonly string[]): readonly Frame[] {
    const { status, progress } = update;
    this.hasEnded = isEnd(status);
    if (status === 'queued') return [];
    const frames: Frame[] = [];
    if (!this.hasBegun) {
      this.hasBegun = true;
      this.#cached = cached;
      frames.push(this.#message('execution_start', {}), this.#message('execution_cached', { nodes: cached }));
    }
    const due = this.order.filter((id) => !this.#cached.includes(id) || this.outputs.includes(id));
    const done = status === 'completed' ? due.length : (due.length * Math.min(progress, 99)) / 100;
    for (const [index, id] of due.entries()) {
      if (index < done) frames.push(...this.#work(id, Math.min(done - index, 1)));
    }
    if (status === 'completed') frames.push(this.#message('execution_success', {}));
    else if (isEnd(status)) frames.push(this.#failure(update));
    return frames;
  }

  /** The node that runs. */
  get current(): string | undefined {
    return [...this.#states].find(([, { state }]) => state === 'running')?.[0];
  }

  #work(id: string, share: number): readonly Frame[] {
    const frames: Frame[] = [];
    const before = this.#states.get(id);
    if (before?.state === 'finished') return frames;
    const { samples, saves } = NODE_CLASSES[this.graph[id]?.class_type ?? ''] ?? {};
    if (before === undefined && !this.#cached.includes(id)) {
      this.#states.set(id, { state: 'running', value: 0, max: 1 });
      frames.push(...this.#state());
      frames.push(this.#frame('executing', { node: id, display_node: id }));
    }
    if (samples && share > 0) {
      const value = Math.round(20 * share);
      if (value !== before?.value) {
        this.#states.set(id, { state: 'running', value, max: 20 });
        frames.push(...this.#state(), this.#frame('progress', { value, max: 20, node: id }, false));
        frames.push([PREVIEW, false]);
      }
    }
    if (share < 1) return frames;
    const output = saves && outputsOf(this.job, this.number, id, saves);
    if (output) frames.push(this.#frame('executed', { node: id, display_node: id, output }));
    const { max = 1 } = this.#states.get(id) ?? {};
    this.#states.set(id, { state: 'finished', value: max, max });
    frames.push(...this.#state());
    return frames;
  }

  /** All nodes that have begun, which older servers do not tell. */
  #state(): readonly Frame[] {
    if (this.#isOld) return [];
    const ids = Array.from(this.#states, ([id, state]) => [
      id,
      {
        ...state,
        ...{ node_id: id, prompt_id: this.job.id, display_node_id: id },
        ...{ parent_node_id: null, real_node_id: id },
      },
    ]);
    return [this.#frame('progress_state', { nodes: Object.fromEntries(ids) }, false)];
  }

  #failure({ error = '', errorCode, word }: MockJobUpdate): Frame {
    const node_id = this.current ?? this.order[0] ?? '1';
    const executed = Array.from(this.#states).flatMap(([id, { state }]) => (state === 'finished' ? id : []));
    const about = { node_id, node_type: this.graph[node_id]?.class_type ?? null, executed };
    if (word === 'cancelled') return this.#message('execution_interrupted', about, false);
    return this.#message('execution_error', {
      ...about,
      ...{ exception_message: `${error}\n`, exception_type: errorCode ?? 'RuntimeError' },
      ...{ traceback: ['  File "nodes.py", line 1, in sample\n'], current_inputs: {}, current_outputs: [] },
    });
  }

  /** The true end: the history is written. */
  end(): Frame {
    this.isWritten = true;
    return this.#frame('executing', { node: null });
  }

  #message(type: string, data: Readonly<Record<string, unknown>>, isOwn = true): Frame {
    const told = { prompt_id: this.job.id, ...data, timestamp: Date.now() };
    this.messages.push([type, told]);
    return [JSON.stringify({ type, data: told }), isOwn];
  }

  #frame(type: string, data: Readonly<Record<string, unknown>>, isOwn = true): Frame {
    return [JSON.stringify({ type, data: { ...data, prompt_id: this.job.id } }), isOwn];
  }
}

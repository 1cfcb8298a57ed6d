import { type Fields, idOf, textOf } from '../../core/fields.js';
import { parseJson } from '../../core/json.js';
import type { JobSnapshot, JobUpdate, StreamMessage } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { failureOf, nodeOf } from './comfy-ui-job.js';

const CONTROL: StreamMessage = { type: 'control' };

/** What is kept from frame to frame, in `raw`: no frame has all of it. */
interface Memory {
  /** The frame it is of. */
  readonly type: string;
  readonly data: Fields;
  /** In the same place as the jobs API has it. */
  readonly workflow: { readonly prompt: Fields };
  /** How far each node is, from 0 to 1, by the id that the graph has for it. */
  readonly nodes: Readonly<Record<string, number>>;
  /** The node that runs, where the server does not tell of all of them at once. */
  readonly running?: string | undefined;
  readonly isWhole?: boolean | undefined;
  readonly hasSucceeded?: true | undefined;
}

/**
 * One text frame, `{ type, data }`. It comes to the socket by whose session a job was submitted, but for `status`, which
 * comes to all. Never throws.
 */
export function parseComfyFrame(
  text: string,
  known: (jobId: string) => JobSnapshot | undefined = () => undefined,
): StreamMessage {
  let frame: unknown;
  try {
    frame = parseJson(text);
  } catch {
    return { type: 'problem', message: 'a frame is not JSON' };
  }
  if (!isRecord(frame) || typeof frame.type !== 'string')
    return { type: 'problem', message: 'a frame has no type' };
  const { type, data } = frame;
  if (!isRecord(data)) return CONTROL;
  // The queue has changed. The first, with the session in it, only greets.
  if (type === 'status') return data.sid === undefined ? { type: 'ask' } : CONTROL;
  const jobId = textOf(data.prompt_id);
  return jobId === undefined ? CONTROL : readFrame(type, data, jobId, known(jobId));
}

function readFrame(type: string, data: Fields, jobId: string, known: JobSnapshot | undefined): StreamMessage {
  if (type === 'execution_error') {
    // A node that was not to run, and what hangs on it: the rest goes on.
    if (data.exception_type === 'ExecutionBlocked') return CONTROL;
    return told({ jobId, status: 'failed', ...failureOf(data, undefined), raw: data });
  }
  if (type === 'execution_interrupted') {
    const error = `interrupted at ${nodeOf(data.node_id, data.node_type) ?? 'no node'}`;
    return told({ jobId, status: 'failed', error, errorCode: 'cancelled', raw: data });
  }
  const memory = memoryOf(type, data, known);
  const isLast = type === 'executing' && data.node === null;
  // The status has the graph. What has run without an end that was seen is asked as well: it may have failed.
  if (memory === undefined || (isLast && !memory.hasSucceeded))
    return known?.status === 'processing' && !isLast
      ? told({ jobId, status: 'processing', raw: data })
      : { type: 'ask', jobId };
  // The files are in the history, which is written by now.
  if (isLast) return told({ jobId, status: 'completed', isPartial: true, raw: memory });
  const next = advanced(type, data, memory);
  if (next === undefined) return CONTROL;
  return told({
    ...{ jobId, status: 'processing', raw: next },
    progress: progressOf(next),
    message: messageOf(next),
  });
}

function told(update: JobUpdate): StreamMessage {
  return { type: 'update', update };
}

/** Undefined where the graph is not known yet. */
function memoryOf(type: string, data: Fields, known: JobSnapshot | undefined): Memory | undefined {
  const raw = known?.raw;
  const { workflow, nodes, ...rest } = isRecord(raw) ? raw : ({} as Fields);
  // Of a server without the jobs API it is the entry of its queue.
  const prompt = Array.isArray(raw) ? raw[2] : isRecord(workflow) ? workflow.prompt : undefined;
  if (!isRecord(prompt)) return undefined;
  const { running, isWhole, hasSucceeded } = (isRecord(nodes) ? rest : {}) as Partial<Memory>;
  return {
    ...{ type, data, workflow: { prompt } },
    nodes: isRecord(nodes) ? (nodes as Memory['nodes']) : {},
    ...{ running, isWhole, hasSucceeded },
  };
}

/** Of the nodes that the graph has: what others would be called is without end. */
function withShares(memory: Memory, shares: Memory['nodes']): Memory {
  const ours = Object.entries(shares).filter(([id]) => Object.hasOwn(memory.workflow.prompt, id));
  return { ...memory, nodes: { ...memory.nodes, ...Object.fromEntries(ours) } };
}

/** What is known after a frame; undefined where it says nothing. */
function advanced(type: string, data: Fields, memory: Memory): Memory | undefined {
  const { nodes, running } = memory;
  const node = idOf(data.display_node) ?? idOf(data.node);
  switch (type) {
    case 'execution_start':
      return memory;
    case 'execution_cached':
      return withShares(memory, allOf(data.nodes));
    case 'progress_state':
      return { ...withShares(memory, foldedOf(data.nodes, nodes)), isWhole: true };
    case 'executing':
      if (node === undefined) return undefined;
      // Older servers tell no more than which node runs: the one before is done.
      if (memory.isWhole || running === undefined || running === node) return { ...memory, running: node };
      return { ...withShares(memory, { [running]: 1 }), running: node };
    case 'progress':
      if (memory.isWhole || node === undefined) return undefined;
      return withShares(memory, { [node]: shareOf(data) });
    case 'execution_success':
      return { ...memory, running: undefined, hasSucceeded: true };
    default:
      return undefined;
  }
}

function allOf(ids: unknown): Record<string, number> {
  return Object.fromEntries((Array.isArray(ids) ? ids : []).map((id) => [idOf(id) ?? '', 1]));
}

/**
 * A node may be carried out by others, which the graph does not have: they count as it, which is done when it says so
 * itself, and until then as far as they are on average.
 */
function foldedOf(states: unknown, before: Memory['nodes']): Record<string, number> {
  const parts = new Map<string, number[]>();
  const done: Record<string, number> = {};
  for (const [id, state] of Object.entries(isRecord(states) ? states : {})) {
    if (!isRecord(state)) continue;
    const shown = idOf(state.display_node_id) ?? id;
    if (shown === id && state.state === 'finished') done[id] = 1;
    const shares = parts.get(shown) ?? [];
    shares.push(state.state === 'finished' ? 1 : shareOf(state));
    parts.set(shown, shares);
  }
  const shares = Array.from(parts, ([id, all]) => {
    const share = all.reduce((sum, one) => sum + one, 0) / all.length;
    return [id, Math.max(within(before[id]), share)] as const;
  });
  return { ...Object.fromEntries(shares), ...done };
}

function shareOf({ value, max }: Fields): number {
  return typeof value === 'number' && typeof max === 'number' && max > 0 ? within(value / max) : 0;
}

/** By nodes, not by time: each of the graph counts the same. In tenths, rounded down: only an end is 100. */
function progressOf({ nodes, workflow }: Memory): number {
  const ids = Object.keys(workflow.prompt);
  const done = ids.reduce((sum, id) => sum + within(nodes[id]), 0);
  return Math.floor((1_000 * done) / Math.max(ids.length, 1)) / 10;
}

function within(share: unknown): number {
  return typeof share === 'number' && share > 0 ? Math.min(share, 1) : 0;
}

/** What runs: the title of its node in the editor, or its class. Past all of them, the server's own word. */
function messageOf({ hasSucceeded, running, type, workflow }: Memory): string | undefined {
  if (hasSucceeded) return type;
  const node = running === undefined ? undefined : workflow.prompt[running];
  if (!isRecord(node)) return undefined;
  return textOf(isRecord(node._meta) ? node._meta.title : undefined) ?? textOf(node.class_type);
}

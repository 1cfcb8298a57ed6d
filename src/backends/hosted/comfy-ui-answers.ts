import type { ErrorBody } from '../../core/error-body.js';
import { parseErrorBody } from '../../core/error-body.js';
import { textOf } from '../../core/fields.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { bounded } from '../../core/text.js';
import { unfit } from './comfy-ui-job.js';

/** A file that was put on the server. */
export interface ComfyUIUpload {
  /** What a `LoadImage`, `LoadVideo` or `LoadAudio` takes. Another than was given, where that was taken. */
  readonly name: string;
  readonly subfolder: string;
  readonly type: string;
}

/** One job of the queue. */
export interface ComfyUIQueued {
  readonly id: string;
  /** Of the jobs that wait, the least is next. */
  readonly number: number;
}

/** What a server has to do. */
export interface ComfyUIQueue {
  readonly running: readonly ComfyUIQueued[];
  /** The next one first. */
  readonly pending: readonly ComfyUIQueued[];
}

/** Of errors that stand for a mistake which has a remedy of its own. */
const HINTS: ReadonlyMap<unknown, string> = new Map([
  ['value_not_in_list', 'Most often a file, such as a model, that this server lacks.'],
  ['missing_node_type', 'Install the custom node on the server.'],
  ['prompt_no_outputs', 'Give it a node that saves something, such as SaveVideo.'],
  ['required_input_missing', 'Give the node this input, or a link [node, slot].'],
]);
const MAX_SHOWN_NODES = 5;

/** The answer to a submit. Outputs whose nodes are wrong are left out, and the rest runs: that is told. */
export function readSubmit(raw: unknown, jobId: string): JobUpdate {
  const problems = isRecord(raw) ? problemsOf(raw.node_errors) : [];
  const message =
    problems.length === 0 ? undefined : `runs without some of its outputs: ${wordsOf(problems)}`;
  return { jobId, message, raw };
}

/** `{ error: { type, message, details }, node_errors: { id: { class_type, errors } } }`, or the words of aiohttp. */
export function parseComfyError(body: unknown): ErrorBody {
  if (!isRecord(body) || !isRecord(body.error)) return parseErrorBody(body);
  const { error, ...rest } = body;
  const type = textOf(error.type);
  const problems = problemsOf(body.node_errors);
  const message = textOf(error.message) ?? type;
  // Where it names nodes, its own details are the same over again.
  const more = problems.length > 0 ? wordsOf(problems) : bounded(textOf(error.details) ?? '', 1_000);
  const code = problems[0]?.type ?? type;
  return {
    message:
      more === '' || more === message
        ? message
        : `${message}${/[.!?]$/.test(message ?? '') ? '' : ':'} ${more}`,
    code: type,
    hint: HINTS.get(code) ?? HINTS.get(type),
    details: { ...rest, ...(isRecord(error.extra_info) && { extra_info: error.extra_info }) },
  };
}

interface Problem {
  readonly node: string;
  readonly type: string | undefined;
  readonly words: string;
}

function problemsOf(nodes: unknown): readonly Problem[] {
  return Object.entries(isRecord(nodes) ? nodes : {}).flatMap(([id, node]) => {
    const { class_type, errors } = isRecord(node) ? node : {};
    const name = `node ${id}${textOf(class_type) === undefined ? '' : ` (${String(class_type)})`}`;
    return (Array.isArray(errors) ? errors : []).filter(isRecord).map((error) => ({
      node: name,
      type: textOf(error.type),
      words: [textOf(error.message), textOf(error.details)].filter(Boolean).join(': '),
    }));
  });
}

function wordsOf(problems: readonly Problem[]): string {
  const shown = problems
    .slice(0, MAX_SHOWN_NODES)
    .map(({ node, words }) => `${node}: ${bounded(words, 300)}`);
  const rest = problems.length - shown.length;
  return shown.join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

export function readUpload(body: unknown): ComfyUIUpload {
  const { name, subfolder, type } = isRecord(body) ? body : {};
  if (textOf(name) === undefined) throw unfit('the answer to the upload names no file');
  return { name: String(name), subfolder: textOf(subfolder) ?? '', type: textOf(type) ?? 'input' };
}

/** The list of jobs, which has no graphs in it. */
export function readQueue(body: unknown): ComfyUIQueue {
  const jobs = isRecord(body) ? body.jobs : undefined;
  if (!Array.isArray(jobs)) throw unfit('the list of jobs holds no jobs');
  const of = (status: string) =>
    jobs
      .filter((job) => isRecord(job) && job.status === status && typeof job.id === 'string')
      .map(
        (job): ComfyUIQueued => ({ id: job.id, number: typeof job.priority === 'number' ? job.priority : 0 }),
      )
      .sort((one, other) => one.number - other.number);
  return { running: of('in_progress'), pending: of('pending') };
}

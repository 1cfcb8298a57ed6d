import { type Check, checkFields, optional } from '../../core/check.js';
import { encodeJobId } from '../../core/job-id.js';
import type { JobSnapshot } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { uuidOf } from '../../core/uuid.js';
import { readStatus, readSubmitted } from '../answers.js';
import type { Backend, HttpRequest, Operation } from '../backend.js';
import { checkVariant, refuseInput } from '../input.js';
import {
  type ComfyUIQueue,
  type ComfyUIUpload,
  parseComfyError,
  readQueue,
  readSubmit,
  readUpload,
} from './comfy-ui-answers.js';
import { type ComfyUIFile, promptId, uploadForm } from './comfy-ui-input.js';
import { historyOf, isUnknownJob, readJob } from './comfy-ui-job.js';
import { comfyFrames, loadComfyPrompt } from './load-comfy-ui.js';

/** One node of a workflow, as `Export (API)` of ComfyUI writes it. */
export interface ComfyUINode {
  /** Such as `KSampler`. */
  readonly class_type: string;
  /** Values, and links to other nodes: `[node, slot]`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly _meta?: { readonly title?: string | undefined } | undefined;
}

/** A graph of nodes by their ids: the file that `Export (API)` of ComfyUI writes. That of `Save` is another. */
export type ComfyUIWorkflow = Readonly<Record<string, ComfyUINode>>;

/** What `generate` takes, by ComfyUI's own names. */
export interface ComfyUIPrompt {
  /** Files in it are names: `client.backend.upload(file)` has one that a `LoadImage` or `LoadVideo` takes. */
  readonly workflow: ComfyUIWorkflow;
  /** The id of the job: a UUID in small letters, of which there is no other job. @default a random one */
  readonly prompt_id?: string | undefined;
  /** Further fields for the server and its nodes, such as `{ api_key_comfy_org }`. A `client_id` in it wins over the client's own. */
  readonly extra_data?: Readonly<Record<string, unknown>> | undefined;
  /** Before all that waits. @default false */
  readonly front?: boolean | undefined;
}

/** Methods of `client.backend` with this backend. */
export type ComfyUIOperations = {
  /** Puts a picture, a video or a sound where `LoadImage` and its like find it, by the `name` of the answer. */
  readonly upload: Operation<ComfyUIFile, ComfyUIUpload>;
  /** What runs and what waits on the server, of everybody. */
  readonly queue: Operation<undefined, ComfyUIQueue>;
};

const VARIANTS = ['video'] as const;

const object: Check = (value) => (isRecord(value) ? undefined : 'must be an object');
const INPUT: Readonly<Record<keyof ComfyUIPrompt, Check>> = {
  workflow: object,
  prompt_id: optional(promptId),
  extra_data: optional(object),
  front: optional((value) => (typeof value === 'boolean' ? undefined : 'must be true or false')),
};

/**
 * A ComfyUI server of one's own: WebSocket and polling. It has no address of its own: give `baseUrl`.
 *
 * @example
 * const client = new VideoClient({ baseUrl: 'http://127.0.0.1:8188', backend: comfyUI() });
 * const job = await client.generate({ workflow: JSON.parse(await readFile('workflow_api.json', 'utf8')) });
 */
export function comfyUI(): Backend<ComfyUIPrompt, 'video', ComfyUIOperations> {
  const frames = comfyFrames();
  return {
    name: 'comfyUI',
    // The server itself asks for none: that of Comfy Cloud, and of proxies.
    credential: { header: 'x-api-key' },
    idempotency: 'none',
    variants: VARIANTS,
    // Of all that it tells the shortest: how many jobs there are.
    probe: { method: 'GET', url: '/api/prompt' },

    async generate(given, context) {
      checkFields('input', 'field', given, INPUT, refuseInput);
      const {
        workflow,
        prompt_id = uuidOf(crypto.getRandomValues(new Uint8Array(16))),
        extra_data,
        front,
      } = given;
      const client_id = extra_data?.client_id === undefined ? context?.session : undefined;
      const value = { prompt: workflow, prompt_id, client_id, extra_data, front };
      const { checkPrompt } = await loadComfyPrompt();
      checkPrompt(value);
      return { method: 'POST', url: '/api/prompt', body: { type: 'json', value }, jobId: prompt_id };
    },
    parseGenerate(response) {
      const { body } = response;
      const id = isRecord(body) ? body.prompt_id : undefined;
      return readSubmitted({ ...response, body: isRecord(body) ? { ...body, id } : body }, (_, jobId) =>
        readSubmit(body, jobId),
      );
    },

    status: (jobId) => ({ method: 'GET', url: jobOf(jobId) }),
    parseStatus: (response, jobId) => readStatus(response, jobId, readJob),
    // Before it had this route, which is since the end of 2025.
    parseRefusal: ({ status, body, call }, jobId) =>
      call === 'status' && status === 404 && !isUnknownJob(body) ? historyOf(jobId) : undefined,
    parseError: parseComfyError,

    download({ snapshot }, variant, output = 0) {
      checkVariant(variant, VARIANTS);
      if (snapshot?.status !== 'completed') return undefined;
      const url = snapshot.outputs?.[output]?.url;
      return url === undefined ? undefined : { method: 'GET', url };
    },
    cancel: cancelOf,

    webSocket: {
      path(session) {
        frames.fetchAhead();
        return `ws?clientId=${session}`;
      },
      binary: 'ignore',
      parse: frames.parse,
    },

    operations: {
      upload: { request: uploadForm, parse: ({ body }) => readUpload(body) },
      // Not /queue, which has the whole graph of each job in it.
      queue: {
        request: () => ({ method: 'GET', url: '/api/jobs?status=in_progress,pending&sort_order=asc' }),
        parse: ({ body }) => readQueue(body),
      },
    },
  };
}

function jobOf(jobId: string): string {
  return `/api/jobs/${encodeJobId(jobId)}`;
}

/**
 * Of this job alone. A server without the first route has others, of which the one that interrupts has the id in its
 * body, where older ones overlook it and end whatever runs: it is asked where the jobs API has answered, which is newer.
 */
function cancelOf(jobId: string, known?: JobSnapshot): readonly HttpRequest[] {
  const post = (url: string, value: unknown): HttpRequest => ({
    ...{ method: 'POST', url, body: { type: 'json', value } },
  });
  const exact: HttpRequest = { method: 'POST', url: `${jobOf(jobId)}/cancel` };
  if (known?.status === 'queued') return [exact, post('/api/queue', { delete: [jobId] })];
  const isNew = known?.status === 'processing' && isRecord(known.raw) && known.raw.id === jobId;
  return isNew ? [exact, post('/api/interrupt', { prompt_id: jobId })] : [exact];
}

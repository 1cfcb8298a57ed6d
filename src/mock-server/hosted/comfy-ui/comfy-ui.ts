import { isRecord } from '../../body.js';
import type { Dialect } from '../../dialect.js';
import { bytes, json } from '../../exchange.js';
import type { Call, Route } from '../../routes.js';
import { MockStream } from '../../streams/stream.js';
import { empty, upload, view } from './files.js';
import { entryOf, itemOf, jobOf, statusOf } from './jobs-api.js';
import { type Graph, NODE_CLASSES } from './nodes.js';
import { turnAwayStrangers } from './origin.js';
import { problem, validate } from './validation.js';

const dialect = 'comfyUI';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WORDS = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'];

/** What is of the jobs API, and of no server before it. */
const jobsApi: readonly Route[] = [
  { name: 'list', dialect, method: 'GET', path: '/api/jobs', handle: listJobs },
  {
    name: 'status',
    dialect,
    method: 'GET',
    path: '/api/jobs/:jobId',
    handle({ context, params }) {
      const run = context.comfyUI.runOf(params.jobId ?? '');
      return run === undefined ? json({ error: 'Job not found' }, 404) : json(jobOf(run, true));
    },
  },
  {
    name: 'cancel',
    dialect,
    method: 'POST',
    path: '/api/jobs/:jobId/cancel',
    handle: ({ context, params }) => json({ cancelled: cancel(context.comfyUI, params.jobId) }),
  },
];

const plain: readonly Route[] = [
  { name: 'generate', dialect, method: 'POST', path: '/prompt', handle: submit },
  {
    name: 'account',
    dialect,
    method: 'GET',
    path: '/prompt',
    handle: ({ context: { comfyUI } }) =>
      json({ exec_info: { queue_remaining: comfyUI.running.length + comfyUI.pending.length } }),
  },
  {
    name: 'list',
    dialect,
    method: 'GET',
    path: '/queue',
    handle: ({ context: { comfyUI } }) =>
      json({
        queue_running: comfyUI.running.map(itemOf),
        queue_pending: heapOf(comfyUI.pending.map(itemOf)),
      }),
  },
  { name: 'cancel', dialect, method: 'POST', path: '/queue', handle: changeQueue },
  { name: 'cancel', dialect, method: 'POST', path: '/interrupt', handle: interrupt },
  {
    name: 'list',
    dialect,
    method: 'GET',
    path: '/history',
    handle: ({ context }) =>
      json(Object.fromEntries(context.comfyUI.history.map((run) => [run.job.id, entryOf(run)]))),
  },
  {
    name: 'list',
    dialect,
    method: 'GET',
    path: '/history/:jobId',
    handle({ context, params }) {
      const run = context.comfyUI.runOf(params.jobId ?? '');
      return json(run?.isWritten ? { [run.job.id]: entryOf(run) } : {});
    },
  },
  { name: 'delete', dialect, method: 'POST', path: '/history', handle: changeHistory },
  { name: 'download', dialect, method: 'GET', path: '/view', handle: view },
  { name: 'upload', dialect, method: 'POST', path: '/upload/image', handle: upload },
  {
    name: 'account',
    dialect,
    method: 'GET',
    path: '/system_stats',
    handle: ({ context }) =>
      json({
        system: { os: 'linux', comfyui_version: context.comfyUI.isOld ? '0.3.40' : '0.26.0' },
        devices: [],
      }),
  },
  {
    name: 'models',
    dialect,
    method: 'GET',
    path: '/object_info/:className',
    handle({ params: { className = '' } }) {
      const known = Object.hasOwn(NODE_CLASSES, className) ? NODE_CLASSES[className] : undefined;
      return json(known === undefined ? {} : { [className]: { name: className, ...known } });
    },
  },
];

/** A ComfyUI server: one that is reached by its own machine, and runs one workflow after the other. */
export const comfyUI: Dialect = {
  name: dialect,
  // Each route but those of the jobs API is there twice.
  routes: [
    ...plain.flatMap((route) => [route, { ...route, path: `/api${route.path}` }]),
    ...jobsApi.map((route) => ({ ...route, handle: sinceThen(route) })),
  ],
  newId: () => crypto.randomUUID(),
  // The server has none of its own: that of Comfy Cloud, and of proxies.
  credential: [{ header: 'x-api-key' }, { header: 'authorization', scheme: 'Bearer' }],
  cors: false,
  turnAway: turnAwayStrangers,
  refuse: (reason) => words(reason === 'unauthorised' ? 401 : reason === 'wrong-method' ? 405 : 404),
  webSocket: {
    paths: ['/ws', '/api/ws'],
    attach({ comfyUI: hub, streams }, { url, faults, wire }) {
      const sid = url.searchParams.get('clientId') || crypto.randomUUID().replaceAll('-', '');
      const stream = new MockStream('websocket', wire, faults, () => hub.leave(sid));
      streams.add(stream);
      return {
        stream,
        start() {
          stream.start();
          hub.join(sid, stream);
        },
        receive(frame) {
          stream.received.push(frame?.slice(0, 10_000) ?? '');
          if (stream.received.length === 1 && /"type":\s*"feature_flags"/.test(frame ?? ''))
            stream.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }));
        },
      };
    },
  },
};

function sinceThen({ handle, method }: Route): Route['handle'] {
  // A path that is none is one of a file to be shown: there is a GET for each.
  return (call) => (call.context.comfyUI.isOld ? words(method === 'GET' ? 404 : 405) : handle(call));
}

function submit(call: Call): Response {
  const { body, context } = call;
  if (body.problem !== undefined || !isRecord(body.value)) return words(500);
  const { front, number, prompt, prompt_id } = body.input;
  const place = typeof number === 'number' ? number : context.comfyUI.number(front === true);
  if (prompt === undefined) return refused(problem('no_prompt', 'No prompt provided', 'No prompt provided'));
  const isGiven = prompt_id !== undefined && prompt_id !== null && !context.comfyUI.isOld;
  if (isGiven && !(typeof prompt_id === 'string' && UUID.test(prompt_id)))
    return refused(
      problem(
        'invalid_prompt_id',
        'prompt_id must be a valid UUID',
        'prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one',
      ),
    );
  if (!isRecord(prompt)) return words(500);
  const verdict = validate(prompt as Graph, (name) => context.comfyUI.uploads.has(name));
  if (verdict.error !== undefined) return refused(verdict.error, verdict.nodeErrors);
  const input = { ...body.input, number: place };
  const job = context.submit(
    { ...call, body: { ...body, input } },
    dialect,
    isGiven ? { id: String(prompt_id) } : {},
  );
  return json({ prompt_id: job.id, number: place, node_errors: verdict.nodeErrors });
}

function refused(error: object, node_errors: object = {}): Response {
  return json({ error, node_errors }, 400);
}

/** `{ clear, delete: [id] }`, answered by nothing at all, whatever becomes of it. */
function changeQueue({ body, context }: Call): Response {
  if (body.problem !== undefined) return words(500);
  for (const run of context.comfyUI.pending) {
    const isNamed = Array.isArray(body.input.delete) && body.input.delete.includes(run.job.id);
    if (isNamed || body.input.clear === true) context.comfyUI.dequeue(run);
  }
  return empty(200);
}

function changeHistory({ body, context }: Call): Response {
  if (body.problem !== undefined) return words(500);
  for (const run of context.comfyUI.history) {
    const isNamed = Array.isArray(body.input.delete) && body.input.delete.includes(run.job.id);
    if (isNamed || body.input.clear === true) context.comfyUI.forget(run);
  }
  return empty(200);
}

/** Of the job that is named; where none is, and by older servers in any case, whatever runs. */
function interrupt({ body, context }: Call): Response {
  const { comfyUI } = context;
  const id = comfyUI.isOld ? undefined : body.input.prompt_id;
  for (const run of comfyUI.running) if (!id || run.job.id === id) comfyUI.interrupt(run);
  return empty(200);
}

function cancel(hub: Call['context']['comfyUI'], id = ''): boolean {
  const run = hub.runOf(id);
  if (run === undefined || run.job.ended) return false;
  if (run.job.status === 'queued') hub.dequeue(run);
  else hub.interrupt(run);
  return true;
}

function listJobs({ context, query }: Call): Response {
  const wanted = query.get('status')?.toLowerCase().split(',') ?? WORDS;
  const unknown = wanted.filter((word) => !WORDS.includes(word));
  if (unknown.length > 0) {
    const list = `${unknown.join(', ')}. Valid values: ${WORDS.join(', ')}`;
    return json({ error: `Invalid status value(s): ${list}` }, 400);
  }
  const order = query.get('sort_order') ?? 'desc';
  if (!['asc', 'desc'].includes(order)) return json({ error: "sort_order must be 'asc' or 'desc'" }, 400);
  const runs = context.comfyUI.runs.filter((run) => wanted.includes(statusOf(run)));
  if (order === 'desc') runs.reverse();
  const limit = query.has('limit') ? Number(query.get('limit')) : null;
  if (limit !== null && !(Number.isInteger(limit) && limit > 0))
    return json({ error: 'limit must be a positive integer' }, 400);
  const jobs = runs.slice(0, limit ?? undefined).map((run) => jobOf(run, false));
  const pagination = { offset: 0, limit, total: runs.length, has_more: jobs.length < runs.length };
  return json({ jobs, pagination });
}

/** The queue is a heap: only its first is where it belongs. */
function heapOf<T>(items: readonly T[]): T[] {
  const [first, ...rest] = items;
  return first === undefined ? [] : [first, ...rest.reverse()];
}

/** As aiohttp says it. */
function words(status: 401 | 404 | 405 | 500): Response {
  const text = {
    ...{ 401: '401: Unauthorized', 404: '404: Not Found', 405: '405: Method Not Allowed' },
    500: '500 Internal Server Error\n\nServer got itself in trouble',
  }[status];
  return bytes(new TextEncoder().encode(text), status, { 'content-type': 'text/plain; charset=utf-8' });
}

import type { Dialect } from '../dialect.js';
import { json } from '../exchange.js';
import type { MockJob } from '../job.js';
import type { Call } from '../routes.js';

/** How one server speaks the dialect of `openAIVideos`: all that differs from one to another. */
export interface Flavour extends Pick<Dialect, 'newId' | 'refuse' | 'credential' | 'headers' | 'webhooks'> {
  /** The routes that it has besides submit and status. */
  readonly has: readonly ('download' | 'list' | 'delete' | 'remix')[];
  /** What its `baseUrl` has before `/v1/videos`. @default nothing */
  readonly basePath?: string;
  readonly honoursIdempotencyKeys?: boolean;
  /** Why a submit is refused. */
  refusal(call: Call): Response | undefined;
  /** @default 200 */
  readonly submitStatus?: number;
  /** The job, as an answer to this call has it. */
  video(job: MockJob, call: Call): Readonly<Record<string, unknown>>;
  /** The answer to a status call about a job that has failed. @default the job, with 200 */
  failed?(job: MockJob, call: Call): Response;
  /** The job that a call names. @default the one of that id */
  find?(call: Call): MockJob | undefined;
  /** The answer about a job that there is not. */
  missing(call: Call): Response;
  /** Why there is no file; undefined where there is one. */
  noContent(job: MockJob, call: Call): Response | undefined;
  /** The file. @default the one that `variant` names, in ranges too */
  serve?(job: MockJob, call: Call): Response | Promise<Response>;
  /** One page, or why it is refused. `jobs` are in the order of their making. */
  list?(jobs: readonly MockJob[], call: Call): Response;
  /** What a DELETE answers, after which the job is forgotten; or why it is refused. */
  deleted?(job: MockJob, call: Call): Readonly<Record<string, unknown>> | Response;
}

/** FastAPI's own form of an error. */
export function detail(status: number, what: unknown): Response {
  return json({ detail: what }, status);
}

/** What FastAPI says of a field, in a list of such. */
export function fieldProblem(type: string, field: string, msg: string, input: unknown): object {
  return { type, loc: ['body', field], msg, input };
}

/** Refusals of a server that says all of them in one form. */
export function refusals(
  error: (status: number, message: string) => Response,
  unauthorised: () => Response = () => error(401, 'Unauthorized'),
): Dialect['refuse'] {
  return (reason) => {
    if (reason === 'unauthorised') return unauthorised();
    return reason === 'unknown-route' ? error(404, 'Not Found') : error(405, 'Method Not Allowed');
  };
}

export function isForm({ exchange }: Call): boolean {
  return exchange.headers.get('content-type')?.startsWith('multipart/form-data') === true;
}

/** A field that is there, as text: a form and JSON alike. */
export function textOf({ body }: Call, field: string): string | undefined {
  const value = body.input[field];
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

export function completedAt(job: MockJob): number | null {
  return job.completedAt === undefined ? null : unixSeconds(job.completedAt);
}

/** Progress as those servers tell it that know start and end alone. */
export function startOrEnd(job: MockJob): number {
  return job.status === 'completed' ? 100 : 0;
}

/** `after` and `limit`, as the servers in Python read them: an unknown `after` is the end. */
export function pageOf(jobs: readonly MockJob[], { query }: Call): { page: MockJob[]; hasMore: boolean } {
  const ordered = query.get('order')?.toLowerCase() === 'asc' ? [...jobs] : jobs.toReversed();
  const after = query.get('after');
  const index = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const rest = after !== null && index === 0 ? [] : ordered.slice(index);
  const limit = Number(query.get('limit') ?? rest.length);
  return { page: rest.slice(0, limit), hasMore: rest.length > limit };
}

/** Why a `limit` is refused. */
export function limitProblem({ query }: Call, least = 1): string | undefined {
  const limit = query.get('limit');
  if (limit === null) return undefined;
  if (!/^[+-]?\d+$/.test(limit))
    return 'Input should be a valid integer, unable to parse string as an integer';
  if (Number(limit) < least) return `Input should be greater than or equal to ${least}`;
  return Number(limit) > 100 ? 'Input should be less than or equal to 100' : undefined;
}

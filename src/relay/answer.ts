/** What a page is told where it is refused. Its words hold nothing of the server behind. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number | undefined;
}

/** A refusal of the relay's own, on its way to the page. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: Answer;

  constructor(status: number, error: string, more: { jobId?: string; retryAfterMs?: number } = {}) {
    super(error);
    const { jobId, retryAfterMs } = more;
    this.answer = { status, retryAfterMs, body: { error, ...(jobId !== undefined && { jobId }) } };
  }
}

export const NO_SUCH_JOB = 'No such job';

/** As of a job of somebody else, which is to look as if it were not there. */
export function noSuchJob(): Refused {
  return new Refused(404, NO_SUCH_JOB);
}

/** Nobody else keeps it, and it is nothing but what it says. */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
};

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...HEADERS, 'content-type': 'application/json', ...headers },
  });
}

export function toResponse({ status, body, retryAfterMs }: Answer): Response {
  const seconds = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000);
  return json(body, status, seconds === undefined ? {} : { 'retry-after': String(seconds) });
}

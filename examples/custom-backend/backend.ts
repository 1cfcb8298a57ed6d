import { type Backend, type HttpResponse, InputError, InvalidResponseError, type JobStatus } from 'reelwire';

/** What this (fictional) server says about a film. Untrusted: any field may be missing. */
type Film = { id?: unknown; state?: string; percent?: number; reason?: string } | null;

const STATUS = new Map<unknown, JobStatus>([
  ['waiting', 'queued'],
  ['shooting', 'processing'],
  ['wrapped', 'completed'],
  ['scrapped', 'failed'],
]);

/** `POST /films`, `GET /films/{id}`, `GET /films/{id}/file?cut=…`; no streams, so its jobs are polled. */
export function filmStudio(): Backend<{ readonly prompt: string }, 'full' | 'trailer'> {
  const path = (id: string) => `/films/${encodeURIComponent(id)}`;
  const read = ({ body, status }: HttpResponse) => {
    const film = body as Film;
    if (typeof film?.id !== 'string') throw new InvalidResponseError('the answer names no film', { status });
    const word = STATUS.get(film.state);
    const unknownStatus = word === undefined ? film.state : undefined;
    return {
      jobId: film.id,
      status: word,
      unknownStatus,
      progress: film.percent,
      error: film.reason,
      raw: film,
    };
  };
  return {
    name: 'filmStudio',
    variants: ['full', 'trailer'],
    generate(input) {
      if (!input.prompt) throw new InputError('prompt', 'prompt must not be empty');
      return { method: 'POST', url: '/films', body: { type: 'json', value: { prompt: input.prompt } } };
    },
    parseGenerate: read,
    status: (jobId) => ({ method: 'GET', url: path(jobId) }),
    parseStatus: read,
    download: ({ id }, cut) => ({ method: 'GET', url: `${path(id)}/file?cut=${cut}` }),
  };
}

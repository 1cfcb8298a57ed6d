/** The jobs of this tab, kept over a reload. */
export interface KnownJob {
  readonly id: string;
  readonly title: string;
}

const KEY = 'jobs';
const MAX_JOBS = 20;

export function remember(job: KnownJob): void {
  sessionStorage.setItem(KEY, JSON.stringify([...recall(), job].slice(-MAX_JOBS)));
}

/** A job that was cancelled is not followed again. */
export function forget(id: string): void {
  sessionStorage.setItem(KEY, JSON.stringify(recall().filter((job) => job.id !== id)));
}

export function recall(): readonly KnownJob[] {
  return JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as KnownJob[];
}

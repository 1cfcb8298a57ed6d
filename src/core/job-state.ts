import {
  type CompletedJob,
  type FailedJob,
  isEnd,
  isTerminal,
  type JobSnapshot,
  type JobStatus,
  type JobUpdate,
  type PendingJob,
  type SnapshotSource,
} from './model.js';

const RANK: Readonly<Record<JobStatus, number>> = { queued: 0, processing: 1, completed: 2, failed: 2 };

/**
 * How far a job is, as one number that only grows: what is not further than what is known says nothing new. For
 * whoever can keep a number for a job, but no snapshot.
 */
export function positionOf({ status, progress }: Pick<JobSnapshot, 'status' | 'progress'>): number {
  return RANK[status] * 1_000 + (isTerminal(status) ? 0 : progress);
}

/** A placeholder for a job of which nothing is known yet. */
export function initialSnapshot(jobId: string, source: SnapshotSource, nowMs: number): JobSnapshot {
  return applyUpdate(undefined, { jobId, raw: undefined }, source, nowMs);
}

/**
 * Merges what a server said into what is known. Status only moves forward, progress never falls, a terminal
 * snapshot absorbs all that follows.
 *
 * Returns `known` itself, the same object, where the update says nothing new: nothing is allocated then, and
 * `result !== known` is the whole test for a change. A change to a terminal status happens at most once.
 *
 * @param known - Undefined for the first update of a job.
 */
export function applyUpdate(
  known: JobSnapshot | undefined,
  update: JobUpdate,
  source: SnapshotSource,
  nowMs: number,
): JobSnapshot {
  if (known !== undefined && isEnd(known)) return known;
  const last = known?.status ?? 'queued';
  const said = update.status ?? last;
  // Out of order: what was said before the present status may still raise progress, its words are old.
  const late = RANK[said] < RANK[last];
  const status = late ? last : said;
  const before = known?.progress ?? 0;
  const progress = status === 'completed' ? 100 : furthest(before, update.progress);
  const message = late ? known?.message : (text(update.message) ?? known?.message);

  if (isTerminal(status)) return Object.freeze(ended(status, update, progress, message, source, nowMs));
  const place = status === 'queued' ? (update.queuePosition ?? known?.queuePosition) : undefined;
  const isKnown = known !== undefined && status === last && progress === before;
  if (isKnown && message === known.message && place === known.queuePosition) return known;
  const { jobId: id, raw } = update;
  // Assigned, not spread: this is made for each frame of a stream that says something new.
  const updatedAt = new Date(nowMs);
  const job: Mutable<PendingJob> =
    message === undefined
      ? { id, status, progress, updatedAt, transport: source, raw }
      : { id, status, progress, message, updatedAt, transport: source, raw };
  if (place !== undefined) job.queuePosition = place;
  const isVague = known === undefined || known.indeterminate === true;
  if (isVague && (progress === 0 || progress === 100)) job.indeterminate = true;
  return Object.freeze(job);
}

function furthest(before: number, said: unknown): number {
  // False for NaN, too; an infinity is no progress either. A backend of the caller's may give what a server sent as it is.
  return typeof said === 'number' && said > before && said !== Number.POSITIVE_INFINITY
    ? Math.min(said, 100)
    : before;
}

function text(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function ended(
  status: 'completed' | 'failed',
  {
    jobId: id,
    raw,
    error = '',
    errorCode,
    outputs,
    videoUrl = outputs?.[0]?.url,
    expiresAt,
    gone,
  }: JobUpdate,
  progress: number,
  message: string | undefined,
  transport: SnapshotSource,
  nowMs: number,
): JobSnapshot {
  const updatedAt = new Date(nowMs);
  // Assigned, not spread: receivers of webhooks make one for each delivery, and spreads take most of the time.
  if (status === 'failed') {
    const job: Mutable<FailedJob> = { id, status, progress, error, updatedAt, transport, raw };
    if (message !== undefined) job.message = message;
    if (errorCode !== undefined) job.errorCode = errorCode;
    return job;
  }
  const job: Mutable<CompletedJob> = { id, status, progress, updatedAt, transport, raw };
  if (message !== undefined) job.message = message;
  if (videoUrl !== undefined) job.videoUrl = videoUrl;
  if (outputs !== undefined) job.outputs = outputs;
  if (expiresAt !== undefined) job.expiresAt = expiresAt;
  if (gone !== undefined) job.gone = gone;
  return job;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

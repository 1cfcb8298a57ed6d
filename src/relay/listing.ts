import type { JobRecord } from '../index.js';
import { Refused } from './answer.js';
import type { JobHub } from './hub.js';
import { viewOfRecord } from './watched-job.js';

/** The most that one answer lists. */
const MAX_PAGE = 100;
/** Records of one user that are looked through. */
const MAX_RECORDS = 10_000;

/** One job of a list. */
interface ListedJob {
  readonly jobId: string;
  readonly status: string;
  readonly progress: number;
  /** ISO 8601. */
  readonly createdAt: string;
}

/**
 * The user's jobs, newest first.
 *
 * @param after - What `next` of the answer before was.
 */
export async function listJobs(
  records: AsyncIterable<JobRecord>,
  hub: Pick<JobHub, 'known'>,
  after: string | null,
): Promise<{ jobs: ListedJob[]; next?: string }> {
  const cursor = after === null ? undefined : cursorOf(after);
  const found: JobRecord[] = [];
  for await (const record of records) {
    // Nothing came of it.
    if (record.state !== 'refused') found.push(record);
    if (found.length >= MAX_RECORDS) break;
  }
  found.sort(newestFirst);
  const from = cursor === undefined ? 0 : found.findIndex((record) => newestFirst(cursor, record) < 0);
  const page = from === -1 ? [] : found.slice(from, from + MAX_PAGE);
  const last = page.at(-1);
  const hasMore = last !== undefined && found.at(-1) !== last;
  return {
    jobs: page.map((record) => {
      const known = hub.known(record.key);
      const { status, progress } = known?.isKnown ? known : viewOfRecord(record);
      return { jobId: record.key, status, progress, createdAt: new Date(record.createdAt).toISOString() };
    }),
    ...(hasMore && { next: `${last.createdAt}.${last.key}` }),
  };
}

type Place = Pick<JobRecord, 'createdAt' | 'key'>;

function newestFirst(one: Place, other: Place): number {
  return other.createdAt - one.createdAt || (one.key < other.key ? -1 : Number(one.key > other.key));
}

function cursorOf(after: string): Place {
  const [, createdAt, key] = /^(\d{1,16})\.([\x21-\x7e]{1,255})$/.exec(after) ?? [];
  if (key === undefined) throw new Refused(400, 'after must be the next of another answer');
  return { createdAt: Number(createdAt), key };
}

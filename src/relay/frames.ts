import type { JobSnapshot } from '../index.js';
import { cleanWords } from './words.js';

/** What a page is told of a job: the body of a status answer, and a frame. */
export interface JobView {
  readonly jobId: string;
  readonly status: JobSnapshot['status'];
  readonly progress: number;
  readonly message?: string;
  readonly error?: string;
  readonly errorCode?: string;
  readonly queuePosition?: number;
  /** Below the relay's base: the server's own may be a credential. */
  readonly videoUrl?: string;
  readonly outputs?: readonly { readonly url: string; readonly type?: string | undefined }[];
  /** When the video goes away, in seconds since the epoch. */
  readonly contentExpiresAt?: number;
}

const RANK = { queued: 0, processing: 1, completed: 2, failed: 2 };

/** The server's snapshot as the page that calls the job `key` may see it. */
export function viewOf(key: string, snapshot: JobSnapshot): JobView {
  const { id, status, progress, message, error } = snapshot;
  const clean = (words: string) => cleanWords(words, key, id);
  return {
    ...{ jobId: key, status, progress },
    ...(message && { message: clean(message) }),
    ...(error !== undefined && { error: clean(error) }),
    ...(status === 'failed' && snapshot.errorCode && { errorCode: clean(snapshot.errorCode) }),
    ...(status === 'queued' &&
      snapshot.queuePosition !== undefined && { queuePosition: snapshot.queuePosition }),
    ...(status === 'completed' && filesOf(key, snapshot)),
  };
}

function filesOf(key: string, { outputs = [], expiresAt }: Extract<JobSnapshot, { status: 'completed' }>) {
  const url = `/api/download?jobId=${encodeURIComponent(key)}`;
  return {
    videoUrl: url,
    ...(outputs.length > 1 && {
      outputs: outputs.slice(0, 100).map(({ type }, index) => ({
        url: index === 0 ? url : `${url}&output=${index}`,
        ...(/^\w+\/[\w.+-]+$/.test(type ?? '') && { type }),
      })),
    }),
    ...(expiresAt !== undefined && { contentExpiresAt: Math.floor(expiresAt.getTime() / 1_000) }),
  };
}

/** How far a job is. */
type Position = Pick<JobView, 'status' | 'progress'>;

export function hasEnded({ status }: Position): boolean {
  return status === 'completed' || status === 'failed';
}

/** False where a page would move back, or where the end is known. */
export function isNews(view: Position, known: Position | undefined): boolean {
  if (known === undefined) return true;
  const steps = RANK[view.status] - RANK[known.status];
  if (hasEnded(known) || steps < 0) return false;
  return steps > 0 || view.progress >= known.progress;
}

/** The first frame, which proves to a page that what it sends is heard. */
export const CONNECTED = JSON.stringify({ type: 'connected' });

export function acknowledged(action: Action, jobId: string): string {
  return JSON.stringify({ type: `${action}d`, jobId });
}

/** Without `type` and `status`: a page would take that for the end of its job. */
export function problem(error: string, jobId?: string): string {
  return JSON.stringify({ error, jobId });
}

type Action = 'subscribe' | 'unsubscribe';

/** What a page says: what to do for which job, or the words of what is wrong with it. */
export type PageMessage = { readonly action: Action; readonly jobId: string } | { readonly error: string };

/** The longest id of a job. */
const MAX_ID = 255;

/** Reads a frame of a page. Never throws. */
export function readMessage(text: string): PageMessage {
  let message: { readonly action?: unknown; readonly jobId?: unknown } | null;
  try {
    message = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { error: 'Invalid message format' };
  }
  if (typeof message !== 'object' || message === null) return { error: 'Invalid message format' };
  const { action, jobId } = message;
  const isId = typeof jobId === 'string' && jobId !== '' && jobId.length <= MAX_ID;
  return isId && (action === 'subscribe' || action === 'unsubscribe')
    ? { action, jobId }
    : { error: 'Unknown action or missing jobId' };
}

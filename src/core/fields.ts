import type { JobUpdate } from './model.js';
import { type StatusWords, statusOfWord } from './status-words.js';

/** An untrusted JSON object: any field may hold anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** The most that is kept of a message or a reason, in characters. */
const MAX_TEXT = 10_000;
/** The same for a word that should be a status. */
const MAX_WORD = 100;

/** Text that is not empty; undefined for all else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value;
}

/** A job id off the wire, where some servers send a number; one that was rounded is the id of another job. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

/** Unix seconds, or a date as text. */
export function dateOf(value: unknown): Date | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return dateAt(new Date(typeof value === 'number' ? value * 1_000 : value).getTime());
}

/** Undefined where no date can be so late: what is counted from a date off the wire may be. */
export function dateAt(ms: number): Date | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * What a server says about a job, in our words. The dialects share the names of most fields, and servers mix the
 * rest, so one reader does for all. An optional field of a wrong type is as if it were not there.
 *
 * @param typeWord - A word that is the status where the object has no `status`.
 * @param words - The dialect's own.
 */
export function readUpdate(raw: Fields, jobId: string, typeWord?: unknown, words?: StatusWords): JobUpdate {
  const known = statusOfWord(raw.status ?? typeWord, words);
  const status = known ?? undefined;
  const message = textOf(raw.message) ?? textOf(raw.step);
  const failed = status === 'failed';
  // Of several, the first.
  const failure: unknown =
    failed && [raw.error ?? (Object(raw.data) as Fields).error ?? raw.errors].flat()[0];
  const reason = Object(failure) as Fields;
  return {
    jobId,
    status,
    unknownStatus: known === undefined ? unknownWord(raw.status ?? typeWord) : undefined,
    progress: progressOf(raw.progress),
    message,
    error: failed
      ? (textOf(reason.message) ??
        textOf(reason.code) ??
        textOf(failure) ??
        message ??
        tellingWord(raw.status))
      : undefined,
    errorCode: textOf(reason.code),
    videoUrl: textOf(raw.videoUrl) ?? textOf(raw.url),
    expiresAt: dateOf(raw.expires_at ?? raw.contentExpiresAt),
    raw,
  };
}

function progressOf(value: unknown): number | undefined {
  const progress = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof progress === 'number' && Number.isFinite(progress) ? progress : undefined;
}

function unknownWord(value: unknown): string | undefined {
  const word = typeof value === 'number' ? String(value) : textOf(value);
  return word?.trim() === '' ? undefined : word?.slice(0, MAX_WORD);
}

/** `expired` and `cancelled` are reasons, `failed` and `error` are not. */
function tellingWord(word: unknown): string | undefined {
  return typeof word === 'string' && !/^\s*(failed|error)\s*$/i.test(word) ? word : undefined;
}

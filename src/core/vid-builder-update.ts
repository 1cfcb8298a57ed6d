import { dateAt, dateOf, type Fields, readUpdate, textOf } from './fields.js';
import type { JobUpdate } from './model.js';
import { isRecord } from './record.js';

/** What the status call and the webhooks tell of a job. */
export function readVidBuilderUpdate(raw: Fields, jobId: string): JobUpdate {
  const update = readUpdate(raw, jobId);
  const stored = storedFile(raw, 'standard');
  if (stored === undefined) return update;
  const toldAt = dateOf(raw.timestamp)?.getTime();
  const lifetimeMs = durationMs(stored.expiresIn);
  return {
    ...update,
    videoUrl: textOf(stored.signedUrl) ?? update.videoUrl,
    expiresAt:
      toldAt === undefined || lifetimeMs === undefined ? update.expiresAt : dateAt(toldAt + lifetimeMs),
  };
}

/** Where a finished file is stored, if not on the server itself. */
export function storedFile(raw: unknown, kind: 'standard' | 'reels'): Fields | undefined {
  const upload = isRecord(raw) ? raw.s3Upload : undefined;
  const file = isRecord(upload) && upload.enabled !== false ? upload[kind] : undefined;
  return isRecord(file) ? file : undefined;
}

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['second', 1],
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
  ['week', 604_800],
]);

/** `7 days` → milliseconds. */
function durationMs(value: unknown): number | undefined {
  const [, count, unit = ''] = /^\s*(\d{1,6})\s*([a-z]+?)s?\s*$/i.exec(textOf(value) ?? '') ?? [];
  const seconds = UNIT_SECONDS.get(unit.toLowerCase());
  return seconds === undefined ? undefined : Number(count) * seconds * 1_000;
}

import { textOf } from '../../core/fields.js';
import type { JobStatus } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import type { SharedSnapshot } from '../bus.js';

const STATUSES: readonly unknown[] = ['queued', 'processing', 'completed', 'failed'] satisfies JobStatus[];

/** What came over a bus: whoever may write to it may write anything. Undefined for what is no snapshot. */
export function readShared(json: string): SharedSnapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { id, status, progress, at, queuePosition } = value;
  if (typeof id !== 'string' || !STATUSES.includes(status)) return undefined;
  if (typeof progress !== 'number' || typeof at !== 'number') return undefined;
  // What is further than the end, as 1e999, would have the end told nobody.
  if (!(progress >= 0 && progress <= 100)) return undefined;
  return {
    ...{ id, status: status as JobStatus, progress, at },
    message: textOf(value.message),
    error: textOf(value.error),
    errorCode: textOf(value.errorCode),
    queuePosition: typeof queuePosition === 'number' ? queuePosition : undefined,
  };
}

import type { ErrorBody } from '../../core/error-body.js';
import { textOf } from '../../core/fields.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { readPrediction } from '../../core/replicate-prediction.js';
import { InvalidResponseError } from '../../errors.js';

/** One page of predictions, the newest first. */
export interface ReplicateList {
  /** `raw` has the whole prediction: its `model`, `input` and `created_at` tell which submit made it. */
  readonly jobs: readonly JobUpdate[];
  /** Give it as `cursor` to get the next page, of older ones. Missing on the last. */
  readonly next?: string;
}

/** Whose token it is. */
export interface ReplicateAccount {
  readonly username: string;
  /** `user` or `organization`. */
  readonly type?: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** `{ title, detail, status }`, or either alone; `invalid_fields` says more of an input that was refused. */
export function parseReplicateError(body: unknown): ErrorBody {
  if (!isRecord(body)) return { details: body ?? undefined };
  const { detail, title, status: _status, type: _type, ...rest } = body;
  const message = textOf(detail)?.trim() || textOf(title);
  const seconds = /resets in ~?(\d+) ?s/i.exec(message ?? '')?.[1];
  const details = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null));
  return {
    message,
    hint: /version (does not exist|or not permitted)/i.test(`${textOf(detail)} ${textOf(title)}`)
      ? 'Only official models are run by owner/name; give any other with its version, as owner/name:VERSION.'
      : undefined,
    retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    details: Object.keys(details).length === 0 ? undefined : details,
  };
}

export function readPredictions(body: unknown): ReplicateList {
  const results = isRecord(body) ? body.results : undefined;
  if (!Array.isArray(results)) throw unfit('the list of predictions holds no results');
  const jobs = results.flatMap((one: unknown) => {
    const id = isRecord(one) ? textOf(one.id) : undefined;
    return isRecord(one) && id !== undefined ? [readPrediction(one, id)] : [];
  });
  // By its query alone: behind a proxy it is at another place than it says.
  const next = isRecord(body) ? /\?([^\s#]+)/.exec(textOf(body.next) ?? '')?.[1] : undefined;
  return { jobs, ...(next !== undefined && { next }) };
}

export function readAccount(body: unknown): ReplicateAccount {
  if (!isRecord(body) || typeof body.username !== 'string') throw unfit('the account has no username');
  return body as ReplicateAccount;
}

function unfit(problem: string): InvalidResponseError {
  return new InvalidResponseError(problem, {
    hint: 'Check that baseUrl is that of Replicate, or of a proxy for all of it.',
  });
}

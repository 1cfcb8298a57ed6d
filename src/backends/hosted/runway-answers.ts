import type { ErrorBody } from '../../core/error-body.js';
import { type Fields, readUpdate, textOf } from '../../core/fields.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import type { StatusWords } from '../../core/status-words.js';
import { InvalidResponseError } from '../../errors.js';
import { dayAfter } from './day-after.js';

/** What Runway says of the organization whose key it is, untrusted. */
export interface RunwayOrganization {
  /** Credits that are left. */
  readonly creditBalance: number;
  readonly tier?: {
    readonly maxMonthlyCreditSpend?: number;
    /** By the name of each model; null: no limit. More at once than may be are `THROTTLED`, more a day are refused by 429. */
    readonly models?: Readonly<
      Record<
        string,
        { readonly maxConcurrentGenerations?: number | null; readonly maxDailyGenerations?: number | null }
      >
    >;
  };
  /** What was made in the past day. */
  readonly usage?: { readonly models?: Readonly<Record<string, { readonly dailyGenerations?: number }>> };
  readonly [field: string]: unknown;
}

/** `THROTTLED`: as many as may be run already, and Runway keeps it until one ends. */
const WORDS: StatusWords = new Map([
  ['pending', 'queued'],
  ['throttled', 'queued'],
  ['running', 'processing'],
  ['succeeded', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'failed'],
]);

/** No task has more. */
const MAX_OUTPUTS = 1_000;
/** Of the list of what is wrong with an input. */
const MAX_ISSUES = 20;

/** A task, as its status call answers; the answer to a submit has the id alone. Costs stay in `raw`. */
export function readTask(raw: Fields, jobId: string, headers?: Headers): JobUpdate {
  const { status, failure, failureCode, progress, output } = raw;
  // Its own words alone: what `message`, `url` and the like would be, no task has.
  const update = readUpdate({ status, error: textOf(failure) }, jobId, undefined, WORDS);
  if (update.status === 'failed') {
    const isCancelled = typeof status === 'string' && /^\s*cancel/i.test(status);
    return { ...update, errorCode: textOf(failureCode) ?? (isCancelled ? 'cancelled' : undefined), raw };
  }
  if (update.status !== 'completed') return { ...update, progress: percentageOf(progress), raw };
  const urls = [output].flat().slice(0, MAX_OUTPUTS);
  const outputs = urls.flatMap((url) => (isWebUrl(url) ? [{ url }] : []));
  return {
    ...update,
    ...(outputs.length > 0 && { outputs, expiresAt: dayAfter(headers) }),
    raw,
  };
}

/** From 0 to 1, in percent, without the digits that 0.29 × 100 has at its end. */
function percentageOf(progress: unknown): number | undefined {
  return typeof progress === 'number' && Number.isFinite(progress)
    ? Math.round(progress * 10_000) / 100
    : undefined;
}

function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/\S+$/i.test(value);
}

/** `{ error, issues: [{ code, path, message }], docUrl }`. */
export function parseRunwayError(body: unknown): ErrorBody {
  if (!isRecord(body)) return typeof body === 'string' ? { message: body } : { details: body ?? undefined };
  const { error, issues, docUrl, ...rest } = body;
  const problems = Array.isArray(issues) ? issues.slice(0, MAX_ISSUES).flatMap(wordsOfIssue) : [];
  // What is in between may have its words one level down.
  const words = textOf(isRecord(error) ? error.message : error);
  const sentences = [words, problems.join('; ')].filter(Boolean);
  const isOther = error != null && typeof error !== 'string';
  const details = { ...rest, ...(isOther && { error }), ...(issues != null && { issues }) };
  const page = textOf(docUrl);
  return {
    message: sentences.length === 0 ? undefined : sentences.join(': '),
    hint: page === undefined || !isWebUrl(page) ? undefined : `Runway tells more at ${page}`,
    details: Object.keys(details).length === 0 ? undefined : details,
  };
}

function wordsOfIssue(issue: unknown): string[] {
  const message = isRecord(issue) ? textOf(issue.message) : undefined;
  if (!isRecord(issue) || message === undefined) return [];
  const path: readonly unknown[] = Array.isArray(issue.path) ? issue.path : [];
  const place = path.filter((part) => typeof part === 'string' || typeof part === 'number').join('.');
  return [place === '' ? message : `${place}: ${message}`];
}

export function readOrganization(body: unknown): RunwayOrganization {
  if (!isRecord(body) || typeof body.creditBalance !== 'number') {
    throw new InvalidResponseError('the organization has no creditBalance', {
      hint: 'Check that baseUrl is that of Runway, or of a proxy for all of it.',
    });
  }
  return body as RunwayOrganization;
}

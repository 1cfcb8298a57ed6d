import { type ErrorBody, parseErrorBody } from '../../core/error-body.js';
import { dateAt, dateOf, type Fields, idOf, readUpdate, textOf } from '../../core/fields.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import type { StatusWords } from '../../core/status-words.js';
import { readStatus } from '../answers.js';
import type { HttpResponse } from '../backend.js';
import { dayAfter } from './day-after.js';

const WORDS: StatusWords = new Map([
  ['pending', 'queued'],
  ['done', 'completed'],
  ['failed', 'failed'],
  ['expired', 'failed'],
]);

const REFUSED = 'xAI withholds the video, which breaks its content policy, and charges for it all the same';
const NO_VIDEO = 'xAI says that it is done, and names no video; with output.upload_url, look there';

/**
 * The answer to a status call. A 202 says that it runs, with a body or without one.
 *
 * @throws InvalidResponseError where it tells nothing.
 */
export function readXaiStatus(response: HttpResponse, jobId: string): JobUpdate {
  const { status, headers, body } = response;
  if (status === 202 && (!isRecord(body) || body.status === undefined)) {
    const { progress } = readUpdate(isRecord(body) ? body : {}, jobId);
    return { jobId, status: 'processing', progress, raw: body };
  }
  return readStatus(response, jobId, (raw, id) => readVideo(raw, id, headers), requestIdOf);
}

/** Of a submit; status answers have none. */
export function requestIdOf(body: Fields): string | undefined {
  return idOf(body.request_id);
}

/** A request, as its status call answers. What it has cost stays in `raw`. */
export function readVideo(raw: Fields, jobId: string, headers?: Headers): JobUpdate {
  const { status, progress, error, code } = raw;
  const video: Fields = isRecord(raw.video) ? raw.video : {};
  const word = status ?? (textOf(video.url) === undefined ? undefined : 'done');
  const update = readUpdate({ status: word, progress, error }, jobId, undefined, WORDS);
  if (update.status === 'failed') {
    const isExpired = textOf(status)?.trim().toLowerCase() === 'expired';
    const errorCode = update.errorCode ?? textOf(code) ?? (isExpired ? 'expired' : undefined);
    return { ...update, errorCode, raw };
  }
  // There is no word of its own for what has not begun.
  if (update.status === 'queued' && Number(update.progress) > 0)
    return { ...update, status: 'processing', raw };
  if (update.status !== 'completed') return { ...update, raw };
  if (video.respect_moderation === false)
    return { ...update, status: 'failed', error: REFUSED, errorCode: 'content_policy', raw };
  const places = placesOf(raw);
  const [videoUrl] = places;
  if (videoUrl === undefined)
    return { ...update, status: 'failed', error: NO_VIDEO, errorCode: 'no_video', raw };
  return { ...update, videoUrl, expiresAt: expiryOf(raw, headers), raw };
}

/** Where the video is: its URL, which holds for a day, and the copy in Files, by its public URL and by its id. */
export function placesOf(raw: unknown): readonly string[] {
  const video: Fields = isRecord(raw) && isRecord(raw.video) ? raw.video : {};
  const file = fileOf(raw);
  const id = textOf(file.file_id);
  const content = id === undefined || !/^[\w-]+$/.test(id) ? undefined : `/files/${id}/content`;
  return [webUrl(video.url), webUrl(file.public_url), content].filter((place) => place !== undefined);
}

/** Until when the one holds that holds longer. */
function expiryOf(raw: Fields, headers: Headers | undefined): Date | undefined {
  const file = fileOf(raw);
  const isTemporary = isRecord(raw.video) && webUrl(raw.video.url) !== undefined;
  const temporary = isTemporary ? dayAfter(headers) : undefined;
  const published = webUrl(file.public_url) === undefined ? undefined : dateOf(file.public_url_expires_at);
  const latestMs = Math.max(temporary?.getTime() ?? 0, published?.getTime() ?? 0);
  return latestMs === 0 ? undefined : dateAt(latestMs);
}

function fileOf(raw: unknown): Fields {
  if (!isRecord(raw)) return {};
  const told = (isRecord(raw.video) ? raw.video.file_output : undefined) ?? raw.file_output;
  return isRecord(told) ? told : {};
}

function webUrl(value: unknown): string | undefined {
  return typeof value === 'string' && /^https?:\/\/\S+$/i.test(value) ? value : undefined;
}

/**
 * `{ code, error }`, where the code may be a sentence, `{ error: { code, message } }`, or words alone. That a key is wrong
 * is said by a 400.
 */
export function parseXaiError(body: unknown): ErrorBody {
  const told = parseErrorBody(body);
  const isDenied = /^incorrect api key/i.test(told.message ?? '');
  const parsed: ErrorBody = { ...told, unauthorized: isDenied || undefined };
  if (!/\s/.test(parsed.code ?? '')) return parsed;
  const { code: sentence = '', message = '' } = parsed;
  return { ...parsed, code: undefined, message: `${sentence.replace(/[.:]?\s*$/, ': ')}${message}` };
}

import type { HttpRefusal } from '../backends/backend.js';
import { parseJson } from '../core/json.js';
import { isRecord } from '../core/record.js';
import { abortable } from '../runtime/abort.js';
import { readerOf } from './body.js';
import { bytesOf } from './body-reader.js';
import type { Words } from './few-words.js';
import type { CallContext } from './types.js';

/**
 * The most that is read of a JSON answer, in bytes. Servers give back the input of a job with each, files and all, and
 * whoever follows the job need not have sent it: this is more than any service takes that does so.
 */
const MAX_JSON_BYTES = 67_108_864;
/** The same of a refusal. */
const MAX_REFUSAL_BYTES = 1_048_576;

/** As far as it came; beyond so many bytes the rest is cancelled. Never rejects. */
async function readText(
  response: Response,
  signal: AbortSignal | undefined,
  maxBytes: number,
): Promise<{ text: string; cut?: 'size' | { readonly error: unknown } }> {
  const decoder = new TextDecoder();
  let text = '';
  // A body without a stream comes as a whole: where it is told to be too large, it is not read.
  let room = maxBytes;
  if (!response.body && Number(response.headers.get('content-length')) > room) return { text, cut: 'size' };
  try {
    const reader = readerOf(response, 'text');
    for (;;) {
      const chunk = await abortable(reader.read(), signal);
      if (chunk === undefined) return { text: text + decoder.decode() };
      const bytes = bytesOf(chunk); // A fetch of the caller's may bring texts.
      text += decoder.decode(bytes, { stream: true });
      room -= bytes.length;
      if (room < 0) {
        reader.cancel();
        return { text, cut: 'size' };
      }
    }
  } catch (error) {
    return { text, cut: { error } };
  }
}

/**
 * The JSON of a successful answer; undefined for one that has no body.
 *
 * @param mustSay - An empty body is none of 204 or 205 but an answer that was lost, as that of a submit is; and a JSON
 * object is an answer though its body never ended, as nobody can ask for it again.
 * @throws InvalidResponseError for anything else, or what the reading failed with.
 */
export async function readJson(
  response: Response,
  context: CallContext,
  mustSay: boolean,
  words: () => Promise<Words>,
): Promise<unknown> {
  const { text, cut } = await readText(response, context.signal, MAX_JSON_BYTES);
  if (response.status === 204 || response.status === 205) return undefined;
  if (!cut && text.trim() === '' && !mustSay) return undefined;
  try {
    const body = !cut || mustSay ? parseJson(text) : undefined;
    if (!cut || isRecord(body)) return body;
  } catch {
    // Told below, with what came.
  }
  context.came = { headers: response.headers, text };
  if (cut && cut !== 'size') throw cut.error;
  throw (await words()).unreadable(response, context, cut && true);
}

/** An answer that is no success, its body parsed where it is JSON, else its text. Never fails for want of a body. */
export async function readRefusal(
  response: Response,
  context: CallContext,
): Promise<Omit<HttpRefusal, 'call'>> {
  // Without a body that can be read, the status alone is an answer.
  const { text } = await readText(response, context.signal, MAX_REFUSAL_BYTES);
  const { status, headers } = response;
  try {
    return { status, headers, body: parseJson(text) };
  } catch {
    return { status, headers, body: text };
  }
}

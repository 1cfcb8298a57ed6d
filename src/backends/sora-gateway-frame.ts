import { type Fields, idOf, readUpdate, textOf } from '../core/fields.js';
import { parseJson, showJson } from '../core/json.js';
import type { StreamMessage } from '../core/model.js';
import { isRecord } from '../core/record.js';

const MAX_PLAIN_LENGTH = 4_000;
const CONTROL: StreamMessage = { type: 'control' };
/** Names of events that say no more than that the stream is there. */
const HEARTBEAT = /^(ping|pong|heart-?beat|keep-?alive|hello|open|ready|connected|subscribed)$/i;
/** The same of a type, and what may stand for any event: no word for a status, as `ready` is, or another may be. */
const PLAIN =
  /^(ping|pong|heart-?beat|keep-?alive|hello|open|connected|message|event|data|job|status|update)$/i;

/**
 * One frame of the gateway's WebSocket or SSE stream, which look alike. Never throws. No schema here: hundreds of
 * thousands of frames a second come through, and any field of them may be missing.
 *
 * @param event - The name of an SSE event: its type, where its data has none.
 */
export function parseGatewayFrame(text: string, event?: string): StreamMessage {
  const message = readFrame(text, event === 'message' ? undefined : event);
  return message.type === 'problem' && event !== undefined && HEARTBEAT.test(event) ? CONTROL : message;
}

function readFrame(text: string, event: string | undefined): StreamMessage {
  let frame: unknown;
  try {
    frame = text.length > MAX_PLAIN_LENGTH ? parseJson(text) : JSON.parse(text);
    // Only what needs it pays for it: an id that may have been rounded, a frame that may be nested too deep.
    if (typeof (frame as Fields | null)?.jobId === 'number') frame = parseJson(text);
  } catch {
    return problem('a frame is not JSON', jobIdIn(text));
  }
  if (!isRecord(frame)) return problem('a frame is not a JSON object');
  const jobId = idOf(frame.jobId);
  const type = frame.type ?? event;
  return jobId === undefined ? aboutNoJob(frame, type) : aboutJob(frame, jobId, type);
}

function aboutJob(frame: Fields, jobId: string, type: unknown): StreamMessage {
  if (frame.status === undefined && (type === 'subscribed' || type === 'unsubscribed')) return CONTROL;
  const update = readUpdate(frame, jobId, frame.status ?? statusWord(type));
  if (update.status === undefined && update.unknownStatus === undefined) {
    // No failure: only a status, or a type that stands for one, ends a job.
    if (textOf(frame.error) !== undefined) return problem(`the server says ${quote(frame.error)}`, jobId);
    if (update.progress === undefined && update.message === undefined) {
      return typeof type === 'string' ? CONTROL : problem('a frame says nothing of its job', jobId);
    }
  }
  return { type: 'update', update };
}

/** A type, where it may stand for a status. */
function statusWord(type: unknown): unknown {
  return typeof type === 'string' && PLAIN.test(type) ? undefined : type;
}

function aboutNoJob(frame: Fields, type: unknown): StreamMessage {
  const error = textOf(frame.error) ?? (type === 'error' ? textOf(frame.message) : undefined);
  if (error !== undefined) return problem(`the server says ${quote(error)}`);
  return typeof type === 'string' && frame.status === undefined ? CONTROL : problem('a frame names no job');
}

function problem(message: string, jobId?: string): StreamMessage {
  return { type: 'problem', message, jobId };
}

function quote(words: unknown): string {
  return showJson(textOf(words)?.slice(0, 500));
}

/** The job that a broken frame was about, where that much of it can be read. */
function jobIdIn(text: string): string | undefined {
  return /"jobId"\s*:\s*"([^"\\]{1,512})"/.exec(text.slice(0, 2_000))?.[1];
}

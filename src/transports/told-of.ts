import { cleanUpdate } from '../core/clean-update.js';
import type { JobUpdate, StreamMessage } from '../core/model.js';

/** What a stream said, without the credentials that it may quote, and with the file where it can be fetched. */
export function toldOf(
  message: StreamMessage,
  redact: (text: string) => string,
  locate: (update: JobUpdate) => JobUpdate,
): StreamMessage {
  if (message.type === 'problem') return { ...message, message: redact(message.message) };
  if (message.type !== 'update') return message;
  const update = cleanUpdate(message.update, redact);
  if ((update.videoUrl ?? update.outputs) !== undefined) return { type: 'update', update: locate(update) };
  // Of most frames nothing is made anew.
  return update === message.update ? message : { type: 'update', update };
}

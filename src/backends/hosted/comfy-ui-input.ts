import { isBlob } from '../../core/blob.js';
import { type Check, checkFields, text } from '../../core/check.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import type { HttpRequest } from '../backend.js';
import { type Bytes, bytes, isBytes } from '../bytes.js';
import { refuseInput } from '../input.js';

/** A file with a name, or bytes and the name that they are to have: nodes tell what it is by its ending. */
export type ComfyUIFile = File | { readonly file: Bytes; readonly name: string };

/** As the server has it: another spelling would be another job to it. */
export const promptId: Check = (value) =>
  typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)
    ? undefined
    : 'must be a UUID in small letters';

/** The form of an upload. A name that is taken by another file gets a number: the answer has it. */
export function uploadForm(given: ComfyUIFile): HttpRequest {
  const isPair = isRecord(given) && !isBytes(given);
  if (isPair) checkFields('file', 'field', given, { file: bytes, name: text }, refuseInput);
  const [file, name] = isPair
    ? [given.file, given.name]
    : [given, (given as { name?: unknown } | undefined)?.name];
  if (!isBytes(file) || text(name) !== undefined)
    throw new InputError('file', 'file must be a File with a name, or { file, name }', {
      hint: "Such as { file: bytes, name: 'first-frame.png' }.",
    });
  const value = isBlob(file) ? file : new Blob([file as BlobPart]);
  return {
    ...{ method: 'POST', url: '/api/upload/image' },
    body: { type: 'form', fields: [{ name: 'image', value, filename: String(name) }] },
  };
}

import { bufferOfBlob, isBlob } from '../core/blob.js';
import type { Check } from '../core/check.js';
import type { FormField } from './backend.js';

/** A file's contents; a `File` is a `Blob`. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

export function isBytes(value: unknown): value is Bytes {
  return value instanceof Blob || / (Uint8Array|ArrayBuffer|Blob|File)]/.test({}.toString.call(value));
}

export function sizeOf(data: Bytes): number {
  return isBlob(data) ? data.size : data.byteLength;
}

export const bytes: Check = (value) =>
  isBytes(value) ? undefined : 'must be a Uint8Array, ArrayBuffer or Blob';

/** A file of a form. A type and a name are found for one that has none: servers refuse a file without them. */
export async function fileField(name: string, data: Bytes, index = 0): Promise<FormField> {
  const type = await mediaTypeOf(data);
  const given = isBlob(data) && 'name' in data && typeof data.name === 'string' ? data.name : '';
  const typed = () =>
    isBlob(data) ? data.slice(0, data.size, type) : new Blob([data as BlobPart], { type });
  return {
    name,
    value: isBlob(data) && data.type !== '' ? data : typed(),
    filename: given === '' ? `${name}-${index + 1}.${/\/(\w+)/.exec(type)?.[1] ?? 'bin'}` : given,
  };
}

/** What a Blob says it is, else what its bytes look like; `application/octet-stream` where neither tells. */
export async function mediaTypeOf(data: Bytes): Promise<string> {
  return (isBlob(data) && data.type) || typeOf(await startOf(data));
}

/** What files of these types begin with, as Latin-1. */
const MAGIC = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF.{4}WEBP/s],
  ['audio/wav', /^RIFF.{4}WAVE/s],
  ['audio/mpeg', /^ID3/],
  ['video/mp4', /^.{4}ftyp/s],
] as const;

function typeOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes);
  return MAGIC.find(([, magic]) => magic.test(start))?.[0] ?? 'application/octet-stream';
}

/** Nothing, where a Blob cannot be read: it has a type all the same, the one that says nothing. */
async function startOf(data: Bytes): Promise<Uint8Array> {
  if (ArrayBuffer.isView(data)) return data.subarray(0, 16);
  if (!isBlob(data)) return new Uint8Array(data, 0, Math.min(16, data.byteLength));
  return new Uint8Array(await bufferOfBlob(data.slice(0, 16)).catch(() => new ArrayBuffer(0)));
}

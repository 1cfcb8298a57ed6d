import { bufferOfBlob } from '../core/blob.js';
import type { Check } from '../core/check.js';
import type { FormField } from './backend.js';

/** A file's contents; a `File` is a `Blob`. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

export function isBytes(value: unknown): value is Bytes {
  return value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof Blob;
}

export function sizeOf(data: Bytes): number {
  return data instanceof Blob ? data.size : data.byteLength;
}

export const bytes: Check = (value) =>
  isBytes(value) ? undefined : 'must be a Uint8Array, an ArrayBuffer or a Blob';

/** A file of a form. A type and a name are found for one that has none: servers refuse a file without them. */
export async function fileField(name: string, data: Bytes, index = 0): Promise<FormField> {
  const isBlob = data instanceof Blob;
  const type = await mediaTypeOf(data);
  const given = isBlob && 'name' in data && typeof data.name === 'string' ? data.name : '';
  const typed = () => (isBlob ? data.slice(0, data.size, type) : new Blob([data as BlobPart], { type }));
  return {
    name,
    value: isBlob && data.type !== '' ? data : typed(),
    filename: given === '' ? `${name}-${index + 1}.${/\/(\w+)/.exec(type)?.[1] ?? 'bin'}` : given,
  };
}

/** What a Blob says it is, else what its bytes look like; `application/octet-stream` where neither tells. */
export async function mediaTypeOf(data: Bytes): Promise<string> {
  return (data instanceof Blob && data.type) || typeOf(await startOf(data));
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
  if (data instanceof Uint8Array) return data.subarray(0, 16);
  if (data instanceof ArrayBuffer) return new Uint8Array(data, 0, Math.min(16, data.byteLength));
  return new Uint8Array(await bufferOfBlob(data.slice(0, 16)).catch(() => new ArrayBuffer(0)));
}

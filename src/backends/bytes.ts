import type { Check } from '../core/check.js';
import type { FormField } from './backend.js';

/** A file's contents; a `File` is a `Blob`. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

export const bytes: Check = (value) =>
  value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof Blob
    ? undefined
    : 'must be a Uint8Array, an ArrayBuffer or a Blob';

/** A multiple of three, so that the parts join without padding; few enough for the arguments of one call. */
const BASE64_CHUNK_BYTES = 0x6000;

export async function toBase64(data: Bytes): Promise<string> {
  const buffer = data instanceof Blob ? await data.arrayBuffer() : data;
  const all = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
  let base64 = '';
  for (let start = 0; start < all.length; start += BASE64_CHUNK_BYTES) {
    base64 += btoa(String.fromCharCode(...all.subarray(start, start + BASE64_CHUNK_BYTES)));
  }
  return base64;
}

/** A file of a form. A type and a name are found for one that has none: servers refuse a file without them. */
export async function fileField(name: string, data: Bytes, index = 0): Promise<FormField> {
  const blob = data instanceof Blob ? data : new Blob([data as BlobPart]);
  const type = blob.type === '' ? await typeOf(blob) : blob.type;
  const given = 'name' in blob && typeof blob.name === 'string' ? blob.name : '';
  return {
    name,
    value: blob.type === '' ? blob.slice(0, blob.size, type) : blob,
    filename: given === '' ? `${name}-${index + 1}.${/\/(\w+)/.exec(type)?.[1] ?? 'bin'}` : given,
  };
}

/** What files of these types begin with, as Latin-1. */
const MAGIC = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF.{4}WEBP/s],
  ['video/mp4', /^.{4}ftyp/s],
] as const;

async function typeOf(blob: Blob): Promise<string> {
  const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
  return MAGIC.find(([, magic]) => magic.test(start))?.[0] ?? 'application/octet-stream';
}

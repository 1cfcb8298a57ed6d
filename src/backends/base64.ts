import { bufferOfBlob, isBlob } from '../core/blob.js';
import { InputError } from '../errors.js';
import { type Bytes, sizeOf } from './bytes.js';

/** A multiple of three, so that the parts join without padding; few enough for the arguments of one call. */
const BASE64_CHUNK_BYTES = 0x6000;

/** As base64 it is a third longer, and the longest string of V8 has 512 Mi characters. */
const MAX_BASE64_BYTES = 380 * 1_048_576;

/** @throws InputError where it is larger than a text may be, before it is read. */
export async function toBase64(data: Bytes, field: string): Promise<string> {
  const size = sizeOf(data);
  if (size > MAX_BASE64_BYTES) {
    throw new InputError(
      field,
      `${field} has ${size} bytes, more than the ${MAX_BASE64_BYTES} that can be sent`,
      {
        hint: 'Give a shorter recording, or one that is compressed.',
      },
    );
  }
  const all = await bytesOf(data, field);
  let base64 = '';
  for (let start = 0; start < all.length; start += BASE64_CHUNK_BYTES) {
    base64 += btoa(String.fromCharCode(...all.subarray(start, start + BASE64_CHUNK_BYTES)));
  }
  return base64;
}

async function bytesOf(data: Bytes, field: string): Promise<Uint8Array> {
  if (ArrayBuffer.isView(data)) return data;
  try {
    return new Uint8Array(isBlob(data) ? await bufferOfBlob(data) : data);
  } catch (cause) {
    throw new InputError(field, `${field} cannot be read here`, {
      cause,
      hint: 'Give its bytes as a Uint8Array.',
    });
  }
}

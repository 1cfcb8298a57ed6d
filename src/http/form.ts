import type { FormField } from '../backends/backend.js';
import { bufferOfBlob } from '../core/blob.js';
import { InputError } from '../errors.js';
import type { Payload } from './types.js';

/**
 * Makes the body of a form.
 *
 * @param foreign - The fetch is not the platform's: it may not know the platform's FormData, and would send
 * `[object FormData]`.
 * @throws InputError where it cannot be made.
 */
export async function formPayload(fields: readonly FormField[], foreign: boolean): Promise<Payload> {
  try {
    const form = formOf(fields);
    return foreign || isText(form) || fields.some(isOfAnotherMaker) ? await encode(fields) : { body: form };
  } catch (cause) {
    throw new InputError('input', 'a file cannot be read here, or put into a form', {
      cause,
      hint: 'Give its bytes as a Uint8Array.',
    });
  }
}

function formOf(fields: readonly FormField[]): FormData {
  const form = new FormData();
  for (const { name, value, filename } of fields) {
    if (typeof value === 'string') form.append(name, value);
    else if (filename === undefined) form.append(name, value);
    else form.append(name, value, filename);
  }
  return form;
}

/** Where FormData is of another maker than fetch (jsdom), it is taken for a text. */
function isText(form: FormData): boolean {
  if (typeof Response !== 'function') return false;
  return /^text/.test(new Response(form).headers.get('content-type') ?? '');
}

/** A Blob that is not Node's (jsdom's): Node's fetch would wait for its bytes for ever. */
function isOfAnotherMaker({ value }: FormField): boolean {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const buffer = process?.getBuiltinModule?.('node:buffer') as { Blob?: typeof Blob } | undefined;
  return typeof value !== 'string' && buffer?.Blob !== undefined && !(value instanceof buffer.Blob);
}

/** `multipart/form-data` (RFC 7578), names escaped as browsers do. */
async function encode(fields: readonly FormField[]): Promise<Payload> {
  const boundary = `----reelwire${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  const parts: (string | Uint8Array<ArrayBuffer>)[] = [];
  for (const { name, value, filename } of fields) {
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${escapeName(name)}"`;
    if (typeof value === 'string') {
      parts.push(`${head}\r\n\r\n${value.replace(/\r\n?|\n/g, '\r\n')}\r\n`);
      continue;
    }
    const file = filename ?? ('name' in value && typeof value.name === 'string' ? value.name : 'blob');
    const type = value.type || 'application/octet-stream';
    parts.push(
      `${head}; filename="${escapeName(file)}"\r\ncontent-type: ${type}\r\n\r\n`,
      new Uint8Array(await bufferOfBlob(value)),
      '\r\n',
    );
  }
  parts.push(`--${boundary}--\r\n`);
  return { body: joined(parts), contentType: `multipart/form-data; boundary=${boundary}` };
}

function escapeName(name: string): string {
  return name.replace(/\r\n?|\n/g, '%0D%0A').replace(/"/g, '%22');
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const all = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const whole = new Uint8Array(all.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

import type { MockUpload } from './request-log.js';

export interface ParsedBody {
  /** For the log: whatever it was. */
  readonly value: unknown;
  /** The JSON object, or the text fields of the form; empty otherwise. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly files: readonly MockUpload[];
  /** As received: signatures are over these. */
  readonly raw: Uint8Array;
  /** Says what is wrong with a body that cannot be parsed. */
  readonly problem?: string;
}

export const NO_BODY: ParsedBody = { value: undefined, input: {}, files: [], raw: new Uint8Array() };

export async function parseBody(raw: Uint8Array, contentType: string | null): Promise<ParsedBody> {
  if (raw.byteLength === 0) return NO_BODY;
  if (contentType?.startsWith('multipart/form-data')) return parseForm(raw, contentType);
  const text = new TextDecoder().decode(raw);
  try {
    const value: unknown = JSON.parse(text);
    return { value, input: isRecord(value) ? value : {}, files: [], raw };
  } catch {
    return { value: text, input: {}, files: [], raw, problem: 'Invalid JSON' };
  }
}

async function parseForm(raw: Uint8Array, contentType: string): Promise<ParsedBody> {
  const input: Record<string, string> = {};
  const files: MockUpload[] = [];
  try {
    const form = await new Response(raw.slice(), { headers: { 'content-type': contentType } }).formData();
    for (const [name, value] of form) {
      if (typeof value === 'string') input[name] = value;
      else {
        const bytes = new Uint8Array(await value.arrayBuffer());
        files.push({ name, filename: value.name, contentType: value.type, bytes });
      }
    }
    return { value: input, input, files, raw };
  } catch {
    return { value: undefined, input: {}, files: [], raw, problem: 'Invalid multipart body' };
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Fields } from '../../core/fields.js';
import type { JobOutput } from '../../core/model.js';
import { isRecord } from '../../core/record.js';

const TYPES: ReadonlyMap<string | undefined, string> = new Map([
  ['mp4', 'video/mp4'],
  ['m4v', 'video/mp4'],
  ['webm', 'video/webm'],
  ['mkv', 'video/x-matroska'],
  ['mov', 'video/quicktime'],
  ['avi', 'video/x-msvideo'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
]);
/** No workflow saves more. */
const MAX_OUTPUTS = 1_000;

/**
 * The moving pictures that nodes have saved, whatever each calls them (`images`, `gifs`, `video` …): videos before gifs
 * and those before webps; of each kind what is kept before what is not, and what the last node made first.
 */
export function outputsOf(outputs: unknown): readonly JobOutput[] {
  const files = Object.values(isRecord(outputs) ? outputs : {})
    .reverse()
    .flatMap((node) => Object.values(isRecord(node) ? node : {}))
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .slice(0, MAX_OUTPUTS);
  return files
    .filter(isFile)
    .map((file) => ({ file, rank: rankOf(file) }))
    .filter(({ rank }) => rank >= 0)
    .sort((one, other) => one.rank - other.rank)
    .map(({ file }) => outputOf(file));
}

type File = Fields & { readonly filename: string };

function isFile(value: unknown): value is File {
  return isRecord(value) && typeof value.filename === 'string' && value.filename !== '';
}

/** Less is better; below 0 is no moving picture. */
function rankOf(file: File): number {
  const type = typeOf(file) ?? '';
  const kind = type.startsWith('video/') ? 0 : ['image/gif', 'image/webp'].indexOf(type) + 1;
  if (kind === 0 && !type.startsWith('video/')) return -1;
  return 2 * kind + (file.type === undefined || file.type === 'output' ? 0 : 1);
}

/** `format` may name the codec as well: `video/h264-mp4`. */
function typeOf({ filename, format }: File): string | undefined {
  const byName = TYPES.get(/\.(\w+)$/.exec(filename)?.[1]?.toLowerCase());
  return byName ?? (typeof format === 'string' && /^video\//.test(format) ? 'video/mp4' : undefined);
}

function outputOf(file: File): JobOutput {
  const query = new URLSearchParams({ filename: file.filename });
  for (const name of ['subfolder', 'type']) {
    const value = file[name];
    if (typeof value === 'string' && value !== '') query.set(name, value);
  }
  return { url: `/api/view?${query}`, type: typeOf(file), name: file.filename };
}

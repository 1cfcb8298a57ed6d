import { bytes, json } from '../../exchange.js';
import type { Call } from '../../routes.js';
import { variantOf } from './outputs.js';

const TYPES: Readonly<Record<string, string>> = {
  ...{ png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp', mp4: 'video/mp4', webm: 'video/webm' },
};
const FOLDERS = ['input', 'temp', 'output'];

/** A form: the file is `image`, whatever it is. A name that another file has gets a number. */
export function upload({ body, context }: Call): Response {
  const { files, input } = body;
  const { subfolder = '', type = 'input', overwrite } = input as Readonly<Record<string, string>>;
  const file = files.find(({ name }) => name === 'image');
  const isOutside = subfolder.split(/[\\/]/).includes('..') || /[\\/]/.test(file?.filename ?? '');
  if (file === undefined || file.filename === '' || isOutside || !FOLDERS.includes(type)) return empty(400);
  const { uploads } = context.comfyUI;
  const [, stem = file.filename, ending = ''] = /^(.*?)(\.[^.]*)?$/s.exec(file.filename) ?? [];
  const place = (name: string) => (subfolder === '' ? name : `${subfolder}/${name}`);
  let name = file.filename;
  for (let copy = 1; overwrite !== 'true' && overwrite !== '1'; copy++) {
    const there = uploads.get(place(name));
    if (there === undefined || Buffer.compare(there, file.bytes) === 0) break;
    name = `${stem} (${copy})${ending}`;
  }
  uploads.set(place(name), file.bytes);
  return json({ name, subfolder, type });
}

/** A file by its name, folder and kind. */
export async function view(call: Call): Promise<Response> {
  const { context, query } = call;
  const filename = query.get('filename') ?? '';
  const subfolder = query.get('subfolder') ?? '';
  const type = query.get('type') ?? 'output';
  if (!query.has('filename')) return missing();
  if (filename === '' || filename.startsWith('/') || filename.includes('..') || !FOLDERS.includes(type))
    return empty(400);
  if (subfolder.split(/[\\/]/).includes('..')) return empty(403);
  const given = context.comfyUI.uploads.get(subfolder === '' ? filename : `${subfolder}/${filename}`);
  if (type === 'input' && given !== undefined) {
    const ending = /\.(\w+)$/.exec(filename)?.[1] ?? '';
    return bytes(given.slice(), 200, {
      'content-type': TYPES[ending] ?? 'application/octet-stream',
      'content-disposition': `filename="${filename}"`,
    });
  }
  for (const run of context.comfyUI.runs) {
    const variant = variantOf(run, { filename, subfolder, type });
    if (variant === undefined) continue;
    const { behaviour, ready, status } = run.job;
    if (!ready) return status === 'completed' ? empty(behaviour.notReadyStatus ?? 404) : missing();
    const response = await context.serve(call, run.job, variant);
    // Without `attachment;`: pages show it.
    response.headers.set('content-disposition', `filename="${filename.replace(/["\\]/g, '\\$&')}"`);
    response.headers.set('x-content-type-options', 'nosniff');
    return response;
  }
  return missing();
}

export function empty(status: number): Response {
  return new Response(null, { status, headers: { 'content-length': '0' } });
}

function missing(): Response {
  return empty(404);
}

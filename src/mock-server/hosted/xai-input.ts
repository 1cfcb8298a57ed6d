import { isRecord } from '../body.js';
import { bytes, json } from '../exchange.js';

export type XaiRoute = 'generations' | 'edits' | 'extensions';
type Input = Readonly<Record<string, unknown>>;
type Type = 'string' | 'boolean' | 'integer' | 'object' | 'list';

const NEWER = 'grok-imagine-video-1.5';
/** What each model takes of what not all of them take. */
export const XAI_MODELS: Readonly<
  Record<string, { readonly resolutions: readonly string[]; readonly fields: readonly string[] }>
> = {
  'grok-imagine-video': { resolutions: ['480p', '720p'], fields: ['image', 'reference_images'] },
  [NEWER]: {
    resolutions: ['480p', '720p', '1080p'],
    fields: ['image', 'last_frame', 'keyframes', 'reference_images', 'reference_audios'],
  },
};
const RATIOS = ['1:1', '16:9', '9:16', '4:3', '3:4', '3:2', '2:3'];
const RESOLUTIONS = ['480p', '720p', '1080p'];

const COMMON = {
  ...({ model: 'string', prompt: 'string', user: 'string' } as const),
  ...({ storage_options: 'object', output: 'object' } as const),
};
const FIELDS: Readonly<Record<XaiRoute, Readonly<Record<string, Type>>>> = {
  generations: {
    ...COMMON,
    ...({ duration: 'integer', aspect_ratio: 'string', resolution: 'string', image: 'object' } as const),
    ...({ last_frame: 'object', keyframes: 'list', reference_images: 'list' } as const),
    ...({ reference_audios: 'list', generate_audio: 'boolean' } as const),
  },
  edits: { ...COMMON, video: 'object' },
  extensions: { ...COMMON, video: 'object', duration: 'integer' },
};

/** `{ code, error }`. */
export function xaiError(status: number, code: string, error: string): Response {
  return json({ code, error }, status);
}

/** What is wrong with the body of a submit. */
export function xaiProblem(route: XaiRoute, input: Input): Response | undefined {
  const unreadable = decoderProblem(route, input);
  if (unreadable !== undefined) return undecodable(unreadable);
  const model = String(input.model);
  if (!Object.hasOwn(XAI_MODELS, model))
    return xaiError(
      404,
      'not-found',
      `The model ${model} does not exist or your team does not have access to it.`,
    );
  const problem =
    (route === 'generations' ? generationProblem(model, input) : videoProblem(input)) ??
    storageProblem(input);
  return problem === undefined ? undefined : xaiError(400, 'invalid-argument', problem);
}

/** Words of the program that decodes the JSON, as plain text. */
function undecodable(problem: string): Response {
  const words = `Failed to deserialize the JSON body into the target type: ${problem}`;
  return bytes(new TextEncoder().encode(words), 422, { 'content-type': 'text/plain; charset=utf-8' });
}

function decoderProblem(route: XaiRoute, input: Input): string | undefined {
  if (input.model === undefined) return 'missing field `model`';
  for (const [name, value] of Object.entries(input)) {
    const type = Object.hasOwn(FIELDS[route], name) ? FIELDS[route][name] : undefined;
    if (type === undefined) return `unknown field \`${name}\``;
    if (!isOf(value, type)) return `${name}: invalid type, expected ${type}`;
  }
  return undefined;
}

function isOf(value: unknown, type: Type): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return isRecord(value);
  return type === 'list' ? Array.isArray(value) : typeof value === type;
}

function generationProblem(model: string, input: Input): string | undefined {
  const { prompt, duration, aspect_ratio, resolution, image, last_frame } = input;
  const { fields = [], resolutions = [] } = XAI_MODELS[model] ?? {};
  const newer = XAI_MODELS[NEWER]?.fields.find((name) => input[name] !== undefined && !fields.includes(name));
  if (newer !== undefined) return `${newer} is only supported by ${NEWER}.`;
  if (prompt === undefined && image === undefined) return 'prompt is required.';
  if (duration !== undefined && (Number(duration) < 1 || Number(duration) > 15))
    return 'duration must be between 1 and 15 seconds.';
  if (aspect_ratio !== undefined && !RATIOS.includes(String(aspect_ratio)))
    return `aspect_ratio must be one of ${RATIOS.join(', ')}.`;
  if (resolution !== undefined && !RESOLUTIONS.includes(String(resolution)))
    return `resolution must be one of ${RESOLUTIONS.join(', ')}.`;
  if (resolution !== undefined && !resolutions.includes(String(resolution)))
    return `${resolution} is only supported by ${NEWER}.`;
  if (image !== undefined && !isMedia(image)) return 'image must have a url or a file_id.';
  if (last_frame !== undefined && !isMedia(last_frame)) return 'last_frame must have a url or a file_id.';
  return listProblem(input);
}

function listProblem(input: Input): string | undefined {
  const { keyframes, reference_images: images, reference_audios: audios, resolution } = input;
  const isKeyframe = (one: unknown) =>
    isRecord(one) && isMedia(one.image) && typeof one.timestamp_s === 'number';
  const isVoice = (one: unknown) =>
    isRecord(one) && (typeof one.voice_id === 'string' || typeof one.url === 'string');
  if (!isListOf(keyframes, isKeyframe, 4)) return 'keyframes must have 1 to 4 images with their timestamp_s.';
  if (!isListOf(images, isMedia, 7)) return 'reference_images must have 1 to 7 images.';
  if (images !== undefined && resolution === '1080p') return 'reference_images are limited to 720p.';
  return isListOf(audios, isVoice, 3) ? undefined : 'reference_audios must have 1 to 3 voices.';
}

function isListOf(value: unknown, fits: (one: unknown) => boolean, most: number): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length > 0 && value.length <= most && value.every((one) => fits(one));
}

function videoProblem({ prompt, video, duration }: Input): string | undefined {
  if (!isMedia(video)) return 'video must have a url or a file_id.';
  if (prompt === undefined) return 'prompt is required.';
  if (duration !== undefined && (Number(duration) < 1 || Number(duration) > 10))
    return 'duration must be between 1 and 10 seconds.';
  return undefined;
}

function storageProblem({ storage_options: storage, output }: Input): string | undefined {
  if (isRecord(output) && !/^https?:\/\//.test(String(output.upload_url)))
    return 'output.upload_url must be a URL.';
  if (!isRecord(storage)) return undefined;
  const { expires_after: kept, public_url: published } = storage;
  if (kept !== undefined && !(Number.isInteger(kept) && Number(kept) > 0 && Number(kept) <= 2_592_000))
    return 'storage_options.expires_after must be at most 2592000 seconds.';
  if (published === undefined || published === true) return undefined;
  const seconds = isRecord(published) ? Number(published.expires_after) : Number.NaN;
  return seconds >= 3_600 && seconds <= 2_592_000
    ? undefined
    : 'storage_options.public_url must be true, or expire after 3600 to 2592000 seconds.';
}

/** `https`, a `data:` URL, or what is in Files. */
function isMedia(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (typeof value.file_id === 'string') return true;
  return typeof value.url === 'string' && /^(https:\/\/\S|data:[\w.+-]+\/[\w.+-]+;base64,\S)/.test(value.url);
}

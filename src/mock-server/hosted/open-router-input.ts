import { isRecord } from '../body.js';
import { isLoopback } from '../gate.js';
import { OPEN_ROUTER_MODELS } from './open-router-models.js';

const ASPECT_RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4', '3:2', '2:3', '21:9', '9:21'];
const RESOLUTIONS = ['360p', '480p', '720p', '768p', '1080p', '1K', '2K', '4K'];
const FRAMES = ['first_frame', 'last_frame'];
const REFERENCES = ['image_url', 'audio_url', 'video_url'];

type Input = Readonly<Record<string, unknown>>;

/** Why a submit is refused by 400; undefined where nothing is wrong. */
export function openRouterProblem(input: Input): string | undefined {
  const { model } = input;
  if (typeof model !== 'string') return 'model: expected a string';
  if (!/^[\w.-]+\/[\w.:-]+$/.test(model)) return `${model} is not a valid model ID`;
  return (
    fieldProblem(input) ?? framesProblem(input) ?? referencesProblem(input) ?? modelProblem(model, input)
  );
}

function fieldProblem(input: Input): string | undefined {
  const wrong = (name: string, expected: string) => `${name}: expected ${expected}`;
  for (const name of ['prompt', 'previous_job_id']) {
    if (input[name] !== undefined && typeof input[name] !== 'string') return wrong(name, 'a string');
  }
  const { duration, seed, generate_audio, size, aspect_ratio, resolution, provider } = input;
  if (duration !== undefined && !(Number.isInteger(duration) && Number(duration) > 0))
    return wrong('duration', 'a positive integer');
  if (seed !== undefined && !Number.isInteger(seed)) return wrong('seed', 'an integer');
  if (generate_audio !== undefined && typeof generate_audio !== 'boolean')
    return wrong('generate_audio', 'a boolean');
  if (size !== undefined && !/^\d+x\d+$/.test(String(size))) return wrong('size', 'WIDTHxHEIGHT');
  if (aspect_ratio !== undefined && !ASPECT_RATIOS.includes(String(aspect_ratio)))
    return wrong('aspect_ratio', `one of ${ASPECT_RATIOS.join(', ')}`);
  if (resolution !== undefined && !RESOLUTIONS.includes(String(resolution)))
    return wrong('resolution', `one of ${RESOLUTIONS.join(', ')}`);
  if (provider !== undefined && !isRecord(provider)) return wrong('provider', 'an object');
  return callbackProblem(input.callback_url);
}

/** Only HTTPS is called; this machine is, too, as a test's receiver has no certificate. */
function callbackProblem(callback: unknown): string | undefined {
  if (callback === undefined) return undefined;
  try {
    const { protocol, hostname } = new URL(String(callback));
    if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  } catch {
    // No URL at all.
  }
  return 'callback_url: must be an HTTPS URL';
}

function framesProblem({ frame_images: frames }: Input): string | undefined {
  if (frames === undefined) return undefined;
  if (!Array.isArray(frames)) return 'frame_images: expected an array';
  for (const [index, frame] of frames.entries()) {
    const path = `frame_images.${index}`;
    if (!isRecord(frame) || frame.type !== 'image_url') return `${path}.type: expected "image_url"`;
    if (!FRAMES.includes(String(frame.frame_type)))
      return `${path}.frame_type: expected ${FRAMES.join(' or ')}`;
    if (!isMedia(frame.image_url)) return `${path}.image_url.url: expected an HTTPS or data URL`;
  }
  return undefined;
}

function referencesProblem({ input_references: references }: Input): string | undefined {
  if (references === undefined) return undefined;
  if (!Array.isArray(references)) return 'input_references: expected an array';
  for (const [index, reference] of references.entries()) {
    const path = `input_references.${index}`;
    const type = isRecord(reference) ? String(reference.type) : '';
    if (!REFERENCES.includes(type)) return `${path}.type: expected ${REFERENCES.join(' or ')}`;
    if (!isMedia((reference as Input)[type])) return `${path}.${type}.url: expected an HTTPS or data URL`;
  }
  return undefined;
}

function isMedia(value: unknown): boolean {
  const url = isRecord(value) ? value.url : undefined;
  return typeof url === 'string' && /^(https:\/\/\S|data:[\w.+-]+\/[\w.+-]+;base64,\S)/.test(url);
}

function modelProblem(model: string, input: Input): string | undefined {
  const row = Object.hasOwn(OPEN_ROUTER_MODELS, model) ? OPEN_ROUTER_MODELS[model] : undefined;
  if (row === undefined) return undefined;
  const allowed: readonly (readonly [string, readonly unknown[]])[] = [
    ['duration', row.durations],
    ['resolution', row.resolutions],
    ['aspect_ratio', row.aspectRatios],
  ];
  for (const [name, values] of allowed) {
    const value = input[name];
    if (value !== undefined && !values.includes(value))
      return `${name} ${value} is not supported by ${model}. Supported: ${values.join(', ')}`;
  }
  return undefined;
}

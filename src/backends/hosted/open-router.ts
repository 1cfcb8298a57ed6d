import { type Check, checkFields, oneOf, optional, text } from '../../core/check.js';
import type { Fields } from '../../core/fields.js';
import { encodeJobId } from '../../core/job-id.js';
import { contentOf, readOpenRouterJob } from '../../core/open-router-job.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import { readStatus, readSubmitted } from '../answers.js';
import type { Operation } from '../backend.js';
import { type Bytes, isBytes } from '../bytes.js';
import { type CallbackUrl, callbackUrl, callbackUrlOf, callbackUrlOption } from '../callback-url.js';
import { checkVariant, refuseInput, refuseOptionOf } from '../input.js';
import { withDataUrls } from './data-url.js';
import type { HostedBackend } from './hosted-backend.js';
import { type OpenRouterModel, parseOpenRouterError, readOpenRouterModels } from './open-router-answers.js';

/** Options for `openRouter`. */
export interface OpenRouterOptions {
  /** Used where `generate` is given none, such as `google/veo-3.1`. */
  readonly model?: string | undefined;
  /** Where the end of each job is reported to. @default that of the workspace, if it has one */
  readonly callbackUrl?: CallbackUrl | undefined;
}

/** An `https` URL, a `data:` URL, or a file, which becomes one. */
export interface OpenRouterUrl {
  readonly url: string | Bytes;
}

/** A picture that the video begins or ends with. */
export interface OpenRouterFrameImage {
  readonly type: 'image_url';
  readonly image_url: OpenRouterUrl;
  readonly frame_type: 'first_frame' | 'last_frame';
}

/** What the video is to resemble or to sound like. */
export type OpenRouterInputReference =
  | { readonly type: 'image_url'; readonly image_url: OpenRouterUrl }
  | { readonly type: 'audio_url'; readonly audio_url: OpenRouterUrl }
  | { readonly type: 'video_url'; readonly video_url: OpenRouterUrl };

/**
 * What `generate` takes, by OpenRouter's own names. Each model takes some of it, with values of its own:
 * `client.backend.models()` has them.
 */
export interface OpenRouterVideo {
  /** Such as `google/veo-3.1`. @default that of `openRouter({ model })` */
  readonly model?: string | undefined;
  readonly prompt?: string | undefined;
  /** Length of the video, in whole seconds. */
  readonly duration?: number | undefined;
  /** Such as `16:9`. */
  readonly aspect_ratio?: string | undefined;
  /** Such as `720p`, `1080p` or `4K`. */
  readonly resolution?: string | undefined;
  /** Width and height, such as `1280x720`, in place of `resolution` and `aspect_ratio`. */
  readonly size?: string | undefined;
  readonly seed?: number | undefined;
  readonly generate_audio?: boolean | undefined;
  /** With these, `input_references` are ignored by OpenRouter. */
  readonly frame_images?: readonly OpenRouterFrameImage[] | undefined;
  readonly input_references?: readonly OpenRouterInputReference[] | undefined;
  /** Where the end of this job is reported to; OpenRouter takes `https` alone. @default that of `openRouter({ callbackUrl })` */
  readonly callback_url?: string | undefined;
  /** A completed job of the same model to go on from. */
  readonly previous_job_id?: string | undefined;
  /** `{ options: { SLUG: { parameters } } }`, handed to the maker; a model's `allowed_passthrough_parameters` may be in it. */
  readonly provider?: Readonly<Record<string, unknown>> | undefined;
  /** Further fields of OpenRouter's; sent as they are, and last. Files too. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Methods of `client.backend` with this backend. */
export type OpenRouterOperations = {
  /** The models that make videos; costs nothing. */
  readonly models: Operation<undefined, readonly OpenRouterModel[]>;
};

type OpenRouter<Input> = HostedBackend<Input, 'video', OpenRouterOperations>;

const VARIANTS = ['video'] as const;
/** What a body may have, 50 MiB, less what is no file in it. */
const MAX_BODY = 50 * 1_048_576 - 65_536;

const wholeNumber: Check = (value) => (Number.isSafeInteger(value) ? undefined : 'must be a whole number');
const seconds: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number of seconds';
const object: Check = (value) => (isRecord(value) ? undefined : 'must be an object');
const list: Check = (value) =>
  Array.isArray(value) && value.every(isRecord) ? undefined : 'must be a list of objects';
const yesOrNo: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

const OPTIONS: Readonly<Record<keyof OpenRouterOptions, Check>> = {
  model: optional(text),
  callbackUrl: callbackUrlOption,
};

const INPUT: Readonly<Record<keyof OpenRouterVideo, Check>> = {
  model: optional(text),
  prompt: optional(text),
  duration: optional(seconds),
  aspect_ratio: optional(text),
  resolution: optional(text),
  size: optional(text),
  seed: optional(wholeNumber),
  generate_audio: optional(yesOrNo),
  frame_images: optional(list),
  input_references: optional(list),
  callback_url: callbackUrl,
  previous_job_id: optional(text),
  provider: optional(object),
  extra: optional(object),
};

/**
 * OpenRouter's video API: many makers behind one key. Polling only; it cannot cancel.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const client = new VideoClient({ backend: openRouter({ model: 'google/veo-3.1' }), auth: { type: 'bearer', token } });
 */
export function openRouter(
  options: OpenRouterOptions & { readonly model: string },
): OpenRouter<OpenRouterVideo>;
export function openRouter(
  options?: OpenRouterOptions,
): OpenRouter<OpenRouterVideo & { readonly model: string }>;
export function openRouter(options: OpenRouterOptions = {}): OpenRouter<OpenRouterVideo> {
  checkFields('options', 'option', options, OPTIONS, refuseOptionOf('openRouter'));
  return {
    name: 'openRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    // Its documents advise 10 to 30 seconds.
    polling: { intervalMs: 10_000 },
    idempotency: 'none',
    variants: VARIANTS,

    async generate(input, context) {
      checkFields('input', 'field', input, INPUT, refuseInput);
      const { extra, ...fields } = input;
      checkMedia(fields);
      const model = fields.model ?? options.model;
      if ((extra?.model ?? model) === undefined) {
        throw new InputError('model', 'model is missing', {
          hint: 'Give it with the input, or once to openRouter({ model }); client.backend.models() lists them.',
        });
      }
      const callback_url =
        fields.callback_url ?? (await callbackUrlOf('callbackUrl', options.callbackUrl, context));
      const { extra: last, ...sent } = await withDataUrls(
        { ...fields, model, callback_url, extra },
        'OpenRouter',
        { body: MAX_BODY },
      );
      const value = { ...sent, ...(isRecord(last) && last) };
      return { method: 'POST', url: '/videos', body: { type: 'json', value } };
    },
    parseGenerate: (response) => readSubmitted(response, readOpenRouterJob),

    // The answer's `polling_url` is a path, or absolute: its documents differ. The id alone tells it.
    status: (jobId) => ({ method: 'GET', url: `/videos/${encodeJobId(jobId)}` }),
    parseStatus: (response, jobId) => readStatus(response, jobId, readOpenRouterJob),
    parseError: parseOpenRouterError,

    // Not the `unsigned_urls`: they are this route, by an origin that is not that of a proxy.
    download({ id }, variant, output = 0) {
      checkVariant(variant, VARIANTS);
      return { method: 'GET', url: contentOf(id, output) };
    },

    operations: {
      models: {
        request: () => ({ method: 'GET', url: '/videos/models' }),
        parse: ({ body }) => readOpenRouterModels(body),
      },
    },
  };
}

/** Each names its own place, and what is in it is a URL or a file. */
function checkMedia({ frame_images = [], input_references = [] }: OpenRouterVideo): void {
  for (const [index, frame] of frame_images.entries()) {
    const path = `frame_images[${index}]`;
    checkField(path, frame, 'type', oneOf('image_url'));
    checkField(path, frame, 'frame_type', oneOf('first_frame', 'last_frame'));
    checkField(path, frame, 'image_url', urlObject);
  }
  for (const [index, reference] of input_references.entries()) {
    const path = `input_references[${index}]`;
    checkField(path, reference, 'type', oneOf('image_url', 'audio_url', 'video_url'));
    checkField(path, reference, reference.type, urlObject);
  }
}

function checkField(path: string, value: object, name: string, check: Check): void {
  const problem = check((value as Fields)[name]);
  if (problem !== undefined) throw refuseInput(`${path}.${name}`, `${path}.${name} ${problem}`);
}

function urlObject(value: unknown): string | undefined {
  const url = isRecord(value) ? value.url : undefined;
  return text(url) === undefined || isBytes(url) ? undefined : 'must be { url }, a text or a file in it';
}

import { type Check, checkFields, optional, text } from '../../core/check.js';
import { encodeJobId } from '../../core/job-id.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import { readSubmitted } from '../answers.js';
import type { HttpRequest, HttpResponse, SubmitOperation } from '../backend.js';
import { type Bytes, isBytes } from '../bytes.js';
import { checkVariant, refuseInput, refuseOptionOf } from '../input.js';
import { withDataUrls } from './data-url.js';
import type { HostedBackend } from './hosted-backend.js';
import { parseXaiError, placesOf, readVideo, readXaiStatus, requestIdOf } from './xai-answers.js';

/** Options for `xai`. */
export interface XaiOptions {
  /** Used where none is given with the input, such as `grok-imagine-video-1.5`. */
  readonly model?: string | undefined;
}

/** An `https` URL, a `data:` URL, or a file, which becomes one. */
export interface XaiUrl {
  readonly url: string | Bytes;
}

/** A picture or a video: its URL, or the id of one in xAI's Files. */
export type XaiMedia = XaiUrl | { readonly file_id: string };

/** That a copy of the video is kept in xAI's Files. */
export interface XaiStorageOptions {
  readonly filename?: string | undefined;
  /** In seconds, up to 30 days. */
  readonly expires_after?: number | undefined;
  /** A URL that needs no key: for as long as the copy is kept, or for an hour to 30 days, in seconds. */
  readonly public_url?: true | { readonly expires_after: number } | undefined;
}

/** What `generate`, `edit` and `extend` have in common. */
export interface XaiJobInput {
  /** Such as `grok-imagine-video-1.5`. @default that of `xai({ model })` */
  readonly model?: string | undefined;
  /** Keep a copy of the video for longer than a day. */
  readonly storage_options?: XaiStorageOptions | undefined;
  /** Where xAI is to put the video; a team whose data is not retained has to give it. */
  readonly output?: { readonly upload_url: string } | undefined;
  /** Further fields of xAI's; sent as they are, and last. Files too. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** What `generate` takes, by xAI's own names. */
export interface XaiVideo extends XaiJobInput {
  readonly prompt?: string | undefined;
  /** Length of the video, from 1 to 15 whole seconds. @default xAI's own, 8 */
  readonly duration?: number | undefined;
  /** Such as `16:9`. */
  readonly aspect_ratio?: string | undefined;
  /** `480p`, `720p`, or `1080p`, which not each model takes. */
  readonly resolution?: string | undefined;
  /** The first frame. */
  readonly image?: XaiMedia | undefined;
  /** The last frame, for `grok-imagine-video-1.5`. */
  readonly last_frame?: XaiMedia | undefined;
  /** Up to four, for `grok-imagine-video-1.5`. */
  readonly keyframes?: readonly { readonly image: XaiMedia; readonly timestamp_s: number }[] | undefined;
  /** What the video is to resemble, one to seven; at 720p at most. */
  readonly reference_images?: readonly XaiMedia[] | undefined;
  /** Up to three voices, for `grok-imagine-video-1.5`. */
  readonly reference_audios?: readonly (XaiUrl | { readonly voice_id: string })[] | undefined;
  readonly generate_audio?: boolean | undefined;
  /** Who it is for, by a name of your own, so that misuse can be traced. */
  readonly user?: string | undefined;
}

/** What `client.backend.edit` takes. */
export interface XaiEdit extends XaiJobInput {
  readonly prompt: string;
  /** Of 8.7 seconds at most. */
  readonly video: XaiMedia;
  /** Who it is for, by a name of your own, so that misuse can be traced. */
  readonly user?: string | undefined;
}

/** What `client.backend.extend` takes. */
export interface XaiExtension extends XaiJobInput {
  readonly prompt: string;
  /** What it goes on from, 2 to 30 seconds. */
  readonly video: XaiMedia;
  /** Of the part that is added, 1 to 10 whole seconds. @default xAI's own, 6 */
  readonly duration?: number | undefined;
}

/** Methods of `client.backend` with this backend; each makes a job. */
export type XaiOperations = {
  /** Changes a video by a prompt. */
  readonly edit: SubmitOperation<XaiEdit>;
  /** Goes on with a video from its last frame. */
  readonly extend: SubmitOperation<XaiExtension>;
};

type Xai<Input> = HostedBackend<Input, 'video', XaiOperations>;

const VARIANTS = ['video'] as const;
/** What all files of an input may have together, as `data:` URLs. */
const LIMITS = { body: 10 * 1_048_576 };

const object: Check = (value) => (isRecord(value) && !isBytes(value) ? undefined : 'must be an object');
const seconds: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number of seconds';
const yesOrNo: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const url: Check = (value) => {
  const given = isRecord(value) ? value.url : undefined;
  return isBytes(given) || text(given) === undefined ? undefined : 'must be { url }, a text or a file in it';
};
const orId =
  (name: string): Check =>
  (value) =>
    url(value) === undefined || (isRecord(value) && text(value[name]) === undefined)
      ? undefined
      : `must be { url }, a text or a file in it, or { ${name} }`;
const media = orId('file_id');
const voice = orId('voice_id');
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => !check(one))
      ? undefined
      : `must be a list, each of which ${check(undefined)}`;
const keyframe: Check = (value) =>
  isRecord(value) && media(value.image) === undefined && typeof value.timestamp_s === 'number'
    ? undefined
    : 'must be { image, timestamp_s }';
const upload: Check = (value) =>
  isRecord(value) && text(value.upload_url) === undefined ? undefined : 'must be { upload_url }';

const COMMON = {
  model: optional(text),
  storage_options: optional(object),
  output: optional(upload),
  extra: optional(object),
};
const INPUT: Readonly<Record<keyof XaiVideo, Check>> = {
  ...COMMON,
  prompt: optional(text),
  duration: optional(seconds),
  aspect_ratio: optional(text),
  resolution: optional(text),
  image: optional(media),
  last_frame: optional(media),
  keyframes: optional(listOf(keyframe)),
  reference_images: optional(listOf(media)),
  reference_audios: optional(listOf(voice)),
  generate_audio: optional(yesOrNo),
  user: optional(text),
};
const EDIT: Readonly<Record<keyof XaiEdit, Check>> = {
  ...COMMON,
  prompt: text,
  video: media,
  user: optional(text),
};
const EXTENSION: Readonly<Record<keyof XaiExtension, Check>> = {
  ...COMMON,
  prompt: text,
  video: media,
  duration: optional(seconds),
};

/**
 * xAI's Grok Imagine. Polling only; it cannot cancel. `expiresAt` is a day after the answer that told of the end, and
 * asking again gives no new URL: download at the end, or have a copy kept by `storage_options`.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const client = new VideoClient({ backend: xai({ model: 'grok-imagine-video-1.5' }), auth: { type: 'bearer', token } });
 */
export function xai(options: XaiOptions & { readonly model: string }): Xai<XaiVideo>;
export function xai(options?: XaiOptions): Xai<XaiVideo & { readonly model: string }>;
export function xai(options: XaiOptions = {}): Xai<XaiVideo> {
  checkFields('options', 'option', options, { model: optional(text) }, refuseOptionOf('xai'));
  const submit =
    <Given extends XaiJobInput>(route: string, checks: Readonly<Record<string, Check>>) =>
    async (given: Given): Promise<HttpRequest> => {
      checkFields('input', 'field', given, checks, refuseInput);
      const { extra, model = options.model } = given;
      if ((extra?.model ?? model) === undefined) {
        throw new InputError('model', 'model is missing', {
          hint: "Give it with the input, or once to xai({ model: 'grok-imagine-video-1.5' }).",
        });
      }
      const { extra: last, ...sent } = await withDataUrls({ ...given, model }, 'xAI', LIMITS);
      const value = { ...sent, ...(isRecord(last) && last) };
      return { method: 'POST', url: `/videos/${route}`, body: { type: 'json', value } };
    };
  const parse = (response: HttpResponse) => readSubmitted(response, readVideo, requestIdOf);
  return {
    name: 'xai',
    baseUrl: 'https://api.x.ai/v1',
    // As often as its own clients ask at most.
    polling: { intervalMs: 5_000 },
    idempotency: 'none',
    variants: VARIANTS,
    probe: { method: 'GET', url: '/api-key' },

    generate: submit<XaiVideo>('generations', INPUT),
    parseGenerate: parse,

    status: (jobId) => ({ method: 'GET', url: `/videos/${encodeJobId(jobId)}` }),
    parseStatus: readXaiStatus,
    parseError: parseXaiError,

    download({ snapshot }, variant, output = 0) {
      checkVariant(variant, VARIANTS);
      if (snapshot?.status !== 'completed' || output > 0) return undefined;
      const places = new Set([snapshot.videoUrl ?? [], placesOf(snapshot.raw)].flat());
      return places.size === 0 ? undefined : [...places].map((place) => ({ method: 'GET', url: place }));
    },

    operations: {
      edit: { submits: true, request: submit<XaiEdit>('edits', EDIT), parse },
      extend: { submits: true, request: submit<XaiExtension>('extensions', EXTENSION), parse },
    },
  };
}

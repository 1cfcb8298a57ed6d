import { type Check, checkFields, oneOf, optional, text, wholeNumber } from '../../core/check.js';
import { encodeJobId } from '../../core/job-id.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import { readStatus, readSubmitted } from '../answers.js';
import type { HttpRequest, Operation } from '../backend.js';
import { type Bytes, isBytes } from '../bytes.js';
import { refuseInput, refuseOptionOf } from '../input.js';
import { withDataUrls } from './data-url.js';
import type { HostedBackend } from './hosted-backend.js';
import { namedOutput, VIDEO } from './named-output.js';
import { parseRunwayError, type RunwayOrganization, readOrganization, readTask } from './runway-answers.js';

/** What makes a video of what. */
export type RunwayTask = 'text_to_video' | 'image_to_video' | 'video_to_video';

/** Options for `runway`. */
export interface RunwayOptions {
  /** Used where `generate` is given none, such as `gen4.5`. */
  readonly model?: string | undefined;
  /** The `X-Runway-Version` of each call. @default '2024-11-06' */
  readonly version?: string | undefined;
}

/** A picture at the beginning or at the end of the video. */
export interface RunwayImage {
  /** An `https` URL, a `data:` URL, a `runway://` URI, or a file, which becomes a `data:` URL. */
  readonly uri: string | Bytes;
  readonly position?: 'first' | 'last' | undefined;
}

/** What `generate` takes, by Runway's own names. Each model takes some of it, with values of its own. */
export interface RunwayVideo {
  /**
   * @default what the fields say: `image_to_video` with `promptImage`, `video_to_video` with `videoUri` or `promptVideo`,
   * else `text_to_video`
   */
  readonly task?: RunwayTask | undefined;
  /** Such as `gen4.5` or `veo3.1`. @default that of `runway({ model })` */
  readonly model?: string | undefined;
  readonly promptText?: string | undefined;
  /** The picture to begin with, or a list. A file becomes a `data:` URL, of 5,242,880 characters at most. */
  readonly promptImage?: string | Bytes | readonly RunwayImage[] | undefined;
  /** The video to work on, for `aleph2` and `gemini_omni_flash`. */
  readonly videoUri?: string | Bytes | undefined;
  /** The video to work on, for other models of `video_to_video`. */
  readonly promptVideo?: string | Bytes | undefined;
  /** Such as `1280:720`. */
  readonly ratio?: string | undefined;
  /** Length of the video, in whole seconds; some models take `'auto'`. */
  readonly duration?: number | 'auto' | undefined;
  /** From 0 to 4,294,967,295. */
  readonly seed?: number | undefined;
  /** Further fields of Runway's, such as `audio`; sent as they are, and last. Files too. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Methods of `client.backend` with this backend. */
export type RunwayOperations = {
  /** Credits that are left, and limits; costs nothing. */
  readonly organization: Operation<undefined, RunwayOrganization>;
};

type Runway<Input> = HostedBackend<Input, 'video', RunwayOperations>;

/** Of one `data:` URL, in characters; all of them together are bounded by what a server may take in at once. */
const LIMITS = { url: 5_242_880, body: 20 * 5_242_880 };

const object: Check = (value) => (isRecord(value) && !isBytes(value) ? undefined : 'must be an object');
const media: Check = (value) =>
  isBytes(value) || text(value) === undefined ? undefined : 'must be a URL or a file';
const position = optional(oneOf('first', 'last'));
const images: Check = (value) => {
  if (!Array.isArray(value))
    return media(value) === undefined ? undefined : 'must be a URL, a file, or a list';
  const fits = (image: unknown) =>
    isRecord(image) && media(image.uri) === undefined && position(image.position) === undefined;
  return value.length > 0 && value.every(fits)
    ? undefined
    : "must have { uri, position: 'first' or 'last' } in its list";
};
const seconds: Check = (value) =>
  value === 'auto' || (Number.isSafeInteger(value) && Number(value) > 0)
    ? undefined
    : "must be a whole number of seconds, or 'auto'";

const OPTIONS: Readonly<Record<keyof RunwayOptions, Check>> = {
  model: optional(text),
  version: optional(text),
};
const INPUT: Readonly<Record<keyof RunwayVideo, Check>> = {
  task: optional(oneOf('text_to_video', 'image_to_video', 'video_to_video')),
  model: optional(text),
  promptText: optional(text),
  promptImage: optional(images),
  videoUri: optional(media),
  promptVideo: optional(media),
  ratio: optional(text),
  duration: optional(seconds),
  seed: optional(wholeNumber(0, 4_294_967_295)),
  extra: optional(object),
};

/**
 * Runway's API: its own models and those of others. Polling only. `expiresAt` is a day after the answer, the least that
 * the URLs of `outputs` hold, and a status call gives new ones.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const client = new VideoClient({ backend: runway({ model: 'gen4.5' }), auth: { type: 'bearer', token } });
 */
export function runway(options: RunwayOptions & { readonly model: string }): Runway<RunwayVideo>;
export function runway(options?: RunwayOptions): Runway<RunwayVideo & { readonly model: string }>;
export function runway(options: RunwayOptions = {}): Runway<RunwayVideo> {
  checkFields('options', 'option', options, OPTIONS, refuseOptionOf('runway'));
  const headers = { 'X-Runway-Version': options.version ?? '2024-11-06' };
  const organization: HttpRequest = { method: 'GET', url: '/v1/organization', headers };
  const urlOf = (jobId: string) => `/v1/tasks/${encodeJobId(jobId)}`;
  return {
    name: 'runway',
    baseUrl: 'https://api.dev.runwayml.com',
    // No task changes more often, it says.
    polling: { intervalMs: 5_000 },
    idempotency: 'none',
    variants: VIDEO,
    probe: organization,

    async generate(given) {
      checkFields('input', 'field', given, INPUT, refuseInput);
      const { task = taskOf(given), extra, ...fields } = given;
      const model = fields.model ?? options.model;
      if ((extra?.model ?? model) === undefined) {
        throw new InputError('model', 'model is missing', {
          hint: "Give it with the input, or once to runway({ model: 'gen4.5' }).",
        });
      }
      const { extra: last, ...sent } = await withDataUrls({ ...fields, model, extra }, 'Runway', LIMITS);
      const value = { ...sent, ...(isRecord(last) && last) };
      return { method: 'POST', url: `/v1/${task}`, headers, body: { type: 'json', value } };
    },
    parseGenerate: (response) => readSubmitted(response, readTask),

    status: (jobId) => ({ method: 'GET', url: urlOf(jobId), headers }),
    parseStatus: (response, jobId) =>
      readStatus(response, jobId, (raw, id) => readTask(raw, id, response.headers)),
    parseError: parseRunwayError,

    download: namedOutput,
    // Of a task that has ended it would delete the video.
    cancel: (jobId) => ({ method: 'DELETE', url: urlOf(jobId), headers }),

    operations: {
      organization: { request: () => organization, parse: ({ body }) => readOrganization(body) },
    },
  };
}

function taskOf({ promptImage, videoUri, promptVideo, extra = {} }: RunwayVideo): RunwayTask {
  const image = promptImage ?? extra.promptImage;
  const video = videoUri ?? promptVideo ?? extra.videoUri ?? extra.promptVideo;
  if (image !== undefined && video !== undefined) {
    throw new InputError('task', 'a picture and a video to work on are of different tasks', {
      hint: "Give task: 'image_to_video' or task: 'video_to_video' as well, or one of them alone.",
    });
  }
  if (video !== undefined) return 'video_to_video';
  return image === undefined ? 'text_to_video' : 'image_to_video';
}

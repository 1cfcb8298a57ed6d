import * as z from 'zod/mini';
import { type Fields, textOf } from '../core/fields.js';
import { encodeJobId } from '../core/job-id.js';
import type { JobSnapshot, JobUpdate } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { statusOfWord } from '../core/status-words.js';
import { isHttp, parseUrl } from '../core/url.js';
import { readVidBuilderUpdate, storedFile } from '../core/vid-builder-update.js';
import { ConfigurationError, InputError } from '../errors.js';
import { readAccepted, readFailed, readStatus, readSubmitted } from './answers.js';
import type { Backend, HttpRequest } from './backend.js';
import { type Bytes, fileField } from './bytes.js';
import { type CallbackUrl, callbackUrlOf } from './callback-url.js';
import { checkVariant } from './input.js';
import { bytes, object, parseInput, parseOptions, strict, text } from './schema.js';

/** One scene of a video. */
export interface VidBuilderScene {
  /** Such as `hero-title`. */
  readonly type: string;
  /** In seconds. */
  readonly duration: number;
  /** What the scene shows; its fields depend on the type. */
  readonly content: Readonly<Record<string, unknown>>;
  /** To the next scene, such as `fade`. */
  readonly transition?: string | undefined;
}

/** What `generate` takes. */
export interface VidBuilderVideo {
  readonly scenes: readonly VidBuilderScene[];
  /** A name that the server knows, as `colorScheme` is. */
  readonly theme?: string | undefined;
  /** Of the whole video. */
  readonly title?: string | undefined;
  readonly colorScheme?: string | undefined;
  /** `volume` from 0 to 1. `enabled` is sent as true where it is not given. */
  readonly music?:
    | {
        readonly trackId: string;
        readonly volume?: number | undefined;
        readonly enabled?: boolean | undefined;
      }
    | undefined;
  /** Such as `4k`. */
  readonly quality?: string | undefined;
  /** Also make the upright variant, `reels`. */
  readonly generateReels?: boolean | undefined;
  /** At most 20, sent as files. */
  readonly images?: readonly Bytes[] | undefined;
  /** Fields of this server's own, such as `fps`; sent as they are, and last. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Options for `vidBuilder`. */
export interface VidBuilderOptions {
  /** Where the server reports to, given once for each `generate`. `http` or `https`; or a function that gives one for each. */
  readonly webhookUrl?: CallbackUrl | undefined;
  /** Use the old call that answers only when the video is made, after 3 to 15 minutes. @default false */
  readonly blocking?: boolean | undefined;
}

/** The files of a completed job. */
export type VidBuilderVariant = 'video' | 'reels';
type VidBuilder<Input> = Backend<Input, VidBuilderVariant, Record<never, never>>;

const MAX_IMAGES = 20;
const BOOLEAN = 'must be true or false';
const SECONDS = 'must be a number of seconds above 0';
const VOLUME = 'must be a number from 0 to 1';
const SCENES = 'must be a list of at least one scene';
const IMAGES = `must be a list of at most ${MAX_IMAGES} images`;
const CALLBACK = 'must be an http or https URL, or a function that gives one';
const VARIANTS = ['video', 'reels'] as const;

const inputSchema = () =>
  strict({
    scenes: z
      .array(
        strict({
          type: text(),
          duration: z.number(SECONDS).check(z.positive(SECONDS)),
          content: object(),
          transition: z.optional(text()),
        }),
        SCENES,
      )
      .check(z.minLength(1, SCENES)),
    theme: z.optional(text()),
    title: z.optional(text()),
    colorScheme: z.optional(text()),
    music: z.optional(
      strict({
        trackId: text(),
        volume: z.optional(z.number(VOLUME).check(z.gte(0, VOLUME), z.lte(1, VOLUME))),
        enabled: z.optional(z.boolean(BOOLEAN)),
      }),
    ),
    quality: z.optional(text()),
    generateReels: z.optional(z.boolean(BOOLEAN)),
    images: z.optional(z.array(bytes(), IMAGES).check(z.maxLength(MAX_IMAGES, IMAGES))),
    extra: z.optional(object()),
    webhookUrl: z.optional(text()),
  });

const optionsSchema = () =>
  strict({
    webhookUrl: z.optional(z.custom<CallbackUrl>(isCallbackUrl, CALLBACK)),
    blocking: z.optional(z.boolean(BOOLEAN)),
  });

/**
 * VidBuilder: polling only, it has no streams.
 *
 * @throws ConfigurationError that names the option.
 */
export function vidBuilder(options: { readonly blocking: true }): VidBuilder<VidBuilderVideo>;
export function vidBuilder(options: {
  readonly webhookUrl: CallbackUrl;
  readonly blocking?: false | undefined;
}): VidBuilder<VidBuilderVideo & { readonly webhookUrl?: string | undefined }>;
export function vidBuilder(options?: {
  readonly webhookUrl?: CallbackUrl | undefined;
  readonly blocking?: false | undefined;
}): VidBuilder<VidBuilderVideo & { readonly webhookUrl: string }>;
export function vidBuilder(
  options: VidBuilderOptions = {},
): VidBuilder<VidBuilderVideo & { readonly webhookUrl?: string | undefined }> {
  const { blocking = false } = parseOptions('vidBuilder', optionsSchema, options);
  const wrong = problemOfWebhookUrl(options.webhookUrl, blocking);
  if (options.webhookUrl !== undefined && wrong !== undefined) {
    throw new ConfigurationError('webhookUrl', `vidBuilder: webhookUrl ${wrong}`);
  }

  return {
    name: 'vidBuilder',
    variants: VARIANTS,

    async generate(input, context) {
      const { images = [], webhookUrl: given, music, extra, ...rest } = parseInput(inputSchema, input);
      // Without the word, the server makes a silent video.
      const config = {
        ...rest,
        ...(music !== undefined && { music: { enabled: true, ...defined(music) } }),
        ...extra,
      };
      const webhookUrl = given ?? (await callbackUrlOf('webhookUrl', options.webhookUrl, context));
      const problem = problemOfWebhookUrl(webhookUrl, blocking);
      if (problem !== undefined) {
        throw new InputError('webhookUrl', `webhookUrl ${problem}`, {
          hint: 'The server requires it: give it here or to vidBuilder({ webhookUrl }), or use vidBuilder({ blocking: true }) without.',
        });
      }
      const webhook = webhookUrl === undefined ? {} : { webhookUrl };
      return {
        method: 'POST',
        url: blocking ? '/api/generate-flexible-video' : '/api/generate-video-async',
        timeout: blocking ? 'job' : 'request',
        body: await bodyOf(config, webhook, images),
      };
    },
    parseGenerate: blocking ? (response) => readSubmitted(response, readFinished) : readAccepted,

    status: (jobId) => ({ method: 'GET', url: `/api/job-status/${encodeJobId(jobId)}` }),
    parseStatus: (response, jobId) => readStatus(response, jobId, readVidBuilderUpdate),
    parseRefusal: readFailed,

    download({ id, snapshot }, variant) {
      checkVariant(variant, VARIANTS);
      const name = `${encodeJobId(id)}${variant === 'reels' ? '_reels' : ''}`;
      // Where the video is stored elsewhere, only the completed job tells where.
      if (snapshot?.status !== 'completed') return undefined;
      const url = storedUrl(snapshot, variant);
      if (
        variant === 'reels' &&
        url === undefined &&
        isRecord(snapshot.raw) &&
        snapshot.raw.reelsGenerated === false
      ) {
        throw new InputError('variant', `job ${id} was made without reels`, {
          hint: 'Generate with generateReels: true.',
        });
      }
      return { method: 'GET', url: url ?? `/api/download/${name}` };
    },
  };
}

/** The answer of the blocking call: by the time it comes, the job has ended. */
function readFinished(raw: Fields, jobId: string): JobUpdate {
  const failed = raw.success === false || statusOfWord(raw.status) === 'failed';
  return { ...readVidBuilderUpdate({ ...raw, status: failed ? 'failed' : 'completed' }, jobId), raw };
}

async function bodyOf(
  config: Fields,
  webhook: { readonly webhookUrl?: string },
  images: readonly Bytes[],
): Promise<NonNullable<HttpRequest['body']>> {
  if (images.length === 0) return { type: 'json', value: { ...webhook, ...config } };
  return {
    type: 'form',
    fields: [
      { name: 'config', value: JSON.stringify(config) },
      ...Object.entries(webhook).map(([name, value]) => ({ name, value })),
      ...(await Promise.all(images.map((image, index) => fileField('images', image, index)))),
    ],
  };
}

function isCallbackUrl(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'function';
}

/** Never quotes the URL: a receiver may keep a secret in it. */
function problemOfWebhookUrl(webhookUrl: CallbackUrl | undefined, blocking: boolean): string | undefined {
  if (blocking) return webhookUrl === undefined ? undefined : 'is not used by the blocking call';
  if (webhookUrl === undefined) return 'is missing';
  // What it gives is looked at for each job.
  if (typeof webhookUrl === 'function') return undefined;
  const url = parseUrl(webhookUrl);
  return url !== undefined && isHttp(url) ? undefined : 'is not an http or https URL';
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function storedUrl({ raw }: JobSnapshot, variant: VidBuilderVariant): string | undefined {
  const url = textOf(storedFile(raw, variant === 'reels' ? 'reels' : 'standard')?.signedUrl);
  return url !== undefined && /^(https?:\/)?\//i.test(url) ? url : undefined;
}

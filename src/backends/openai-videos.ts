import * as z from 'zod/mini';
import { idOf, textOf } from '../core/fields.js';
import { encodeJobId } from '../core/job-id.js';
import type { JobUpdate } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { InputError, InvalidResponseError } from '../errors.js';
import type { Backend, FormField, HttpRequestBody, Operation, SubmitOperation } from './backend.js';
import { type Bytes, fileField, isBytes } from './bytes.js';
import { checkVariant } from './input.js';
import { readOpenAIJob, readOpenAIRefusal, readOpenAIStatus, readOpenAISubmitted } from './openai-update.js';
import { object, parseInput, parseOptions, strict, text } from './schema.js';

/** Options for `openAIVideos`. */
export interface OpenAIVideosOptions {
  /** Used where `generate` is given none; without either the server's own default is. */
  readonly model?: string | undefined;
  /**
   * How `generate` is sent. Some servers take nothing but a form, old ones a form only with a file.
   *
   * @default 'multipart'
   */
  readonly encoding?: 'multipart' | 'json' | undefined;
}

/** What `generate` takes. */
export interface OpenAIVideo {
  /** What the video is to show. */
  readonly prompt: string;
  /** Such as `sora-2`. @default that of `openAIVideos({ model })`, else the server's */
  readonly model?: string | undefined;
  /** Such as `720x1280`. */
  readonly size?: string | undefined;
  /** Length of the video, in seconds. */
  readonly seconds?: number | string | undefined;
  /**
   * An image or a video to begin with: a file, or where the server finds one. vLLM-Omni and SGLang take only a file here,
   * and an address in fields of their own: `extra: { image_reference: { image_url } }`, `extra: { reference_url }`.
   */
  readonly input_reference?:
    | Bytes
    | string
    | { readonly image_url: string }
    | { readonly file_id: string }
    | undefined;
  /** Fields of this server's own, such as `seed` and `negative_prompt`; sent as they are, and last. Files too. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** The files of a completed job. */
export type OpenAIVideoVariant = 'video' | 'thumbnail' | 'spritesheet';

/** What `client.backend.list` takes. */
export interface OpenAIListInput {
  /** Jobs a page, from 1 to 100. */
  readonly limit?: number | undefined;
  /** The `lastId` of the page before. */
  readonly after?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** One page of jobs. */
export interface OpenAIList {
  readonly jobs: readonly JobUpdate[];
  readonly hasMore: boolean;
  /** Give it as `after` to get the next page. */
  readonly lastId?: string;
}

/** What `client.backend.remix` takes. */
export interface OpenAIRemixInput {
  /** The completed job to begin with. */
  readonly jobId: string;
  readonly prompt: string;
}

/** Methods of `client.backend` with this backend. */
export type OpenAIOperations = {
  readonly list: Operation<OpenAIListInput | undefined, OpenAIList>;
  /** Takes a job id. A job that runs is cancelled by it. */
  readonly delete: Operation<string, { readonly jobId?: string; readonly deleted: boolean }>;
  readonly remix: SubmitOperation<OpenAIRemixInput>;
};

const SECONDS = 'must be a number of seconds above 0, or such a number as text';
const LIMIT = 'must be a whole number from 1 to 100';
const VARIANTS = ['video', 'thumbnail', 'spritesheet'] as const;

const REFERENCE = 'must be a file, a text, { image_url } or { file_id }';

const optionsSchema = () =>
  strict({
    model: z.optional(text()),
    encoding: z.optional(z.enum(['multipart', 'json'], "must be 'multipart' or 'json'")),
  });
const inputSchema = () =>
  strict({
    model: z.optional(text()),
    prompt: text(),
    size: z.optional(text()),
    seconds: z.optional(z.custom<number | string>(isDuration, SECONDS)),
    input_reference: z.optional(
      z.custom<NonNullable<OpenAIVideo['input_reference']>>(isReference, REFERENCE),
    ),
    extra: z.optional(object()),
  });
const listSchema = () =>
  strict({
    limit: z.optional(z.int(LIMIT).check(z.gte(1, LIMIT), z.lte(100, LIMIT))),
    after: z.optional(text()),
    order: z.optional(z.enum(['asc', 'desc'], "must be 'asc' or 'desc'")),
  });
const remixSchema = () => strict({ jobId: z.unknown(), prompt: text() });

/**
 * OpenAI's video API, as self-hosted and compatible servers speak it: polling only.
 *
 * LiteLLM may answer a status call about a job that has failed with a 500, as it does while its provider is away. No
 * number of them is an end: give `completed({ timeoutMs })`, whose error has the words of the last one.
 *
 * @throws ConfigurationError that names the option.
 */
export function openAIVideos(
  options: OpenAIVideosOptions = {},
): Backend<OpenAIVideo, OpenAIVideoVariant, OpenAIOperations> {
  const defaults = parseOptions('openAIVideos', optionsSchema, options);
  const remove = (jobId: string) => ({ method: 'DELETE', url: `/v1/videos/${encodeJobId(jobId)}` }) as const;

  return {
    name: 'openAIVideos',
    variants: VARIANTS,

    async generate(input) {
      const { model = defaults.model, ...fields } = parseInput(inputSchema, input);
      const body = await bodyOf({ model, ...fields }, defaults.encoding ?? 'multipart');
      return { method: 'POST', url: '/v1/videos', body };
    },
    // A server that makes the video at once may say that it is completed.
    parseGenerate: readOpenAISubmitted,

    status: (jobId) => ({ method: 'GET', url: `/v1/videos/${encodeJobId(jobId)}` }),
    parseStatus: readOpenAIStatus,
    parseRefusal: readOpenAIRefusal,

    download({ id, snapshot }, variant) {
      checkVariant(variant, VARIANTS);
      const content = `/v1/videos/${encodeJobId(id)}/content`;
      if (variant !== 'video') return { method: 'GET', url: `${content}?variant=${variant}` };
      // Some servers have no such route, and say elsewhere where the file is.
      const told = snapshot?.status === 'completed' ? snapshot.videoUrl : undefined;
      return [content, ...(told === undefined ? [] : [told])].map((url) => ({ method: 'GET', url }));
    },
    cancel: remove,

    operations: {
      list: { request: listRequest, parse: ({ body }) => readList(body) },
      delete: {
        request: remove,
        parse: ({ body }) => {
          const jobId = isRecord(body) ? idOf(body.id) : undefined;
          return {
            ...(jobId !== undefined && { jobId }),
            deleted: !isRecord(body) || body.deleted !== false,
          };
        },
      },
      remix: {
        submits: true,
        request(input) {
          const { jobId, prompt } = parseInput(remixSchema, input);
          return {
            method: 'POST',
            url: `/v1/videos/${encodeJobId(jobId)}/remix`,
            body: { type: 'json', value: { prompt } },
          };
        },
        parse: readOpenAISubmitted,
      },
    },
  };
}

function isDuration(value: unknown): boolean {
  const seconds = typeof value === 'string' ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds < Number.POSITIVE_INFINITY;
}

function isReference(value: unknown): boolean {
  if (typeof value === 'string') return /\S/.test(value);
  if (!isRecord(value)) return false;
  return isBytes(value) || typeof value.image_url === 'string' || typeof value.file_id === 'string';
}

async function bodyOf(
  { seconds, extra, ...rest }: OpenAIVideo,
  encoding: 'multipart' | 'json',
): Promise<HttpRequestBody> {
  // The API takes the seconds as text.
  const fields = { ...rest, ...(seconds !== undefined && { seconds: String(seconds) }), ...extra };
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  // A file goes into a form, whatever the rest.
  if (encoding === 'json' && !entries.some(([, value]) => isBytes(value))) {
    return { type: 'json', value: Object.fromEntries(entries) };
  }
  return { type: 'form', fields: await Promise.all(entries.map(([name, value]) => fieldOf(name, value))) };
}

/** Objects as JSON text, all else as it reads. */
async function fieldOf(name: string, value: unknown): Promise<FormField> {
  if (isBytes(value)) return fileField(name, value);
  if (typeof value !== 'object') return { name, value: String(value) };
  try {
    return { name, value: JSON.stringify(value) };
  } catch (cause) {
    throw new InputError(name, `${name} cannot be sent as JSON`, { cause });
  }
}

function listRequest(input: OpenAIListInput = {}) {
  const given = Object.entries(parseInput(listSchema, input)).filter(([, value]) => value !== undefined);
  const query = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return { method: 'GET', url: `/v1/videos${query === '' ? '' : `?${query}`}` } as const;
}

function readList(body: unknown): OpenAIList {
  const page = isRecord(body) ? body : {};
  const data = Array.isArray(body) ? body : page.data;
  if (!Array.isArray(data)) {
    throw new InvalidResponseError('the list of videos holds no data', {
      hint: 'Check that backend and baseUrl fit the server.',
    });
  }
  const jobs = data.filter(isRecord).flatMap((video) => {
    const jobId = idOf(video.id);
    return jobId === undefined ? [] : [readOpenAIJob(video, jobId)];
  });
  const lastId = textOf(page.last_id) ?? jobs.at(-1)?.jobId;
  return { jobs, hasMore: page.has_more === true, ...(lastId !== undefined && { lastId }) };
}

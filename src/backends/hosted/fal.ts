import { type Check, checkFields, oneOf, optional } from '../../core/check.js';
import { falAppOf, falRequestIdOf, readFalStatus } from '../../core/fal-request.js';
import { checkJobId } from '../../core/job-id.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import { readStatus } from '../answers.js';
import { isBytes } from '../bytes.js';
import { type CallbackUrl, callbackUrl, callbackUrlOf, callbackUrlOption } from '../callback-url.js';
import { refuseInput, refuseOptionOf } from '../input.js';
import { withDataUrls } from './data-url.js';
import { falAnsweredId, parseFalEvent, readFalAnswer, readFalRefusal, readFalSubmit } from './fal-answers.js';
import type { HostedBackend } from './hosted-backend.js';
import { namedOutput, VIDEO } from './named-output.js';

/** Options for `fal`. */
export interface FalOptions {
  /**
   * Used where `generate` is given none, such as `fal-ai/veo3.1`. With it, the bare id of a request goes on with its
   * job, too, as other clients have it.
   */
  readonly model?: string | undefined;
  /** Where the end of each request is reported to. @default nowhere */
  readonly webhookUrl?: CallbackUrl | undefined;
  /** `low` waits until nothing else is in the queue. @default fal's own, `normal` */
  readonly priority?: 'normal' | 'low' | undefined;
}

/** What `generate` takes. */
export interface FalRequest {
  /** `owner/app`, with a path where the app has several, such as `fal-ai/veo3.1/image-to-video`. @default that of `fal({ model })` */
  readonly model?: string | undefined;
  /**
   * What the model takes: each has fields of its own, such as `prompt`. A file anywhere in it becomes a `data:` URL, of
   * 10 MiB at most; fal advises URLs for what is larger than a few kB.
   */
  readonly input: Readonly<Record<string, unknown>>;
  /** Where the end of this request is reported to. @default that of `fal({ webhookUrl })` */
  readonly webhookUrl?: string | undefined;
}

/** What all files of an input may have together, as `data:` URLs. */
const MAX_FILES = 10 * 1_048_576;
const JOB_ID = /^(?:(?:workflows|comfy)\/)?[^/]+\/[^/]+\/requests\/[^/]+$/;
/** No request has it, whatever the app: what `diagnose` asks for. */
const NIL = '00000000-0000-0000-0000-000000000000';

const model: Check = (value) =>
  typeof value === 'string' &&
  /^(?!.*(?:^|\/)\.\.?(?:\/|$))(?!(?:.*\/)?requests\/)[\w.-]+(?:\/[\w.-]+)+$/.test(value)
    ? undefined
    : "must be 'owner/app', or 'owner/app/path'";
const object: Check = (value) => (isRecord(value) && !isBytes(value) ? undefined : 'must be an object');

const OPTIONS: Readonly<Record<keyof FalOptions, Check>> = {
  model: optional(model),
  webhookUrl: callbackUrlOption,
  priority: optional(oneOf('normal', 'low')),
};
const INPUT: Readonly<Record<keyof FalRequest, Check>> = {
  model: optional(model),
  input: object,
  webhookUrl: callbackUrl,
};

/**
 * fal's queue: any of its models. Each job has an event stream of its own, and a place in the queue.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const client = new VideoClient({ backend: fal({ model: 'fal-ai/veo3.1' }), auth: { type: 'bearer', token: FAL_KEY } });
 */
export function fal(options: FalOptions & { readonly model: string }): HostedBackend<FalRequest, 'video'>;
export function fal(options?: FalOptions): HostedBackend<FalRequest & { readonly model: string }, 'video'>;
export function fal(options: FalOptions = {}): HostedBackend<FalRequest, 'video'> {
  checkFields('options', 'option', options, OPTIONS, refuseOptionOf('fal'));
  const pathOf = (jobId: string) => pathFor(checkJobId(jobId), options.model);
  const statusOf = (jobId: string, route: string) => `${pathOf(jobId)}/${route}?logs=1`;
  return {
    name: 'fal',
    baseUrl: 'https://queue.fal.run',
    credential: { header: 'authorization', scheme: 'Key' },
    idempotency: 'none',
    variants: VIDEO,

    async generate(given, context) {
      checkFields('input', 'field', given, INPUT, refuseInput);
      const app = given.model ?? options.model;
      if (app === undefined) {
        throw new InputError('model', 'model is missing', {
          hint: "Give it with the input, or once to fal({ model: 'owner/app' }).",
        });
      }
      const hook = given.webhookUrl ?? (await callbackUrlOf('webhookUrl', options.webhookUrl, context));
      const { input: value } = await withDataUrls({ input: given.input }, 'fal', { body: MAX_FILES });
      const { priority } = options;
      return {
        method: 'POST',
        url: `/${app}${hook === undefined ? '' : `?fal_webhook=${encodeURIComponent(hook)}`}`,
        headers: priority && { 'x-fal-queue-priority': priority },
        body: { type: 'json', value },
      };
    },
    parseGenerate: readFalSubmit,

    status: (jobId) => ({ method: 'GET', url: statusOf(jobId, 'status') }),
    parseStatus(response, jobId) {
      const update = readStatus(response, jobId, readFalStatus, falAnsweredId);
      if (update.status !== 'completed') return update;
      const parse = (result: typeof response) => readFalAnswer(result, jobId);
      return { next: { method: 'GET', url: pathOf(jobId) }, parse };
    },
    parseRefusal: readFalRefusal,
    sse: {
      perJob: true,
      url: ([jobId = '']) => statusOf(jobId, 'status/stream'),
      parse: (data, context) => parseFalEvent(data, context?.jobId),
    },

    download: namedOutput,
    cancel: (jobId) => ({ method: 'PUT', url: `${pathOf(jobId)}/cancel` }),
    webhookIdOf: falRequestIdOf,
  };
}

/** @throws InputError for what is no id of a request, nor the bare one of a model that is known. */
function pathFor(jobId: string, given: string | undefined): string {
  if (JOB_ID.test(jobId)) return `/${jobId.split('/').map(encodeURIComponent).join('/')}`;
  const app = given ?? (jobId === NIL ? 'fal-ai/veo3.1' : undefined);
  if (app !== undefined && !jobId.includes('/'))
    return `/${falAppOf(app)}/requests/${encodeURIComponent(jobId)}`;
  throw new InputError('jobId', 'jobId is not that of a request of fal', {
    hint: "Give the id as it was told, such as 'owner/app/requests/ID'; fal's own, bare, goes with fal({ model }).",
  });
}

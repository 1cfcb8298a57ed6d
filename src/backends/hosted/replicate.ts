import { type Check, checkFields, oneOf, optional } from '../../core/check.js';
import { encodeJobId } from '../../core/job-id.js';
import { isRecord } from '../../core/record.js';
import { readPrediction } from '../../core/replicate-prediction.js';
import { InputError } from '../../errors.js';
import { readStatus, readSubmitted } from '../answers.js';
import type { HttpRequest, Operation } from '../backend.js';
import { isBytes } from '../bytes.js';
import { type CallbackUrl, callbackUrl, callbackUrlOf, callbackUrlOption } from '../callback-url.js';
import { refuseInput, refuseOptionOf } from '../input.js';
import { withDataUrls } from './data-url.js';
import type { HostedBackend } from './hosted-backend.js';
import { namedOutput, VIDEO } from './named-output.js';
import {
  parseReplicateError,
  type ReplicateAccount,
  type ReplicateList,
  readAccount,
  readPredictions,
} from './replicate-answers.js';

/** When Replicate calls a webhook: `output` and `logs` at most twice a second. */
export type ReplicateWebhookEvent = 'start' | 'output' | 'logs' | 'completed';

/** Options for `replicate`. */
export interface ReplicateOptions {
  /** Used where `generate` is given none, such as `google/veo-3.1`. */
  readonly model?: string | undefined;
  /** Where each prediction is reported to. @default nowhere */
  readonly webhook?: CallbackUrl | undefined;
  /** When it is. @default Replicate's own, at each output and at the end */
  readonly webhookEventsFilter?: readonly ReplicateWebhookEvent[] | undefined;
}

/** What `generate` takes, by Replicate's own names. */
export interface ReplicatePrediction {
  /**
   * `owner/name` for an official model; `owner/name:VERSION`, or the version's id alone, for any other.
   *
   * @default that of `replicate({ model })`
   */
  readonly model?: string | undefined;
  /**
   * What the model takes: each has fields of its own, such as `prompt`. A file anywhere in it becomes a `data:` URL, of
   * 10 MiB at most; Replicate advises URLs for what is larger than 256 kB.
   */
  readonly input: Readonly<Record<string, unknown>>;
  /** Where this prediction is reported to: `https`, and no redirect. @default that of `replicate({ webhook })` */
  readonly webhook?: string | undefined;
  /** When it is. @default that of `replicate({ webhookEventsFilter })` */
  readonly webhook_events_filter?: readonly ReplicateWebhookEvent[] | undefined;
  /** Further fields of Replicate's; sent as they are, and last. Files too. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** What `client.backend.list` takes. */
export interface ReplicateListInput {
  /** Only predictions made then or later. A text is ISO 8601, such as `2026-11-26T12:00:00Z`. */
  readonly created_after?: string | Date | undefined;
  /** The `next` of the page before, in place of all else. */
  readonly cursor?: string | undefined;
}

/** Methods of `client.backend` with this backend; they cost nothing. */
export type ReplicateOperations = {
  /** Predictions of the account, the newest first, a hundred a page: where a submit whose answer was lost can be found. */
  readonly list: Operation<ReplicateListInput | undefined, ReplicateList>;
  /** Whose token it is: whether the credential works. */
  readonly account: Operation<undefined, ReplicateAccount>;
};

type Replicate<Input> = HostedBackend<Input, 'video', ReplicateOperations>;

const ACCOUNT: HttpRequest = { method: 'GET', url: '/account' };
/** What all files of an input may have together, as `data:` URLs. */
const MAX_FILES = 10 * 1_048_576;

const model: Check = (value) =>
  typeof value === 'string' && /^(?:[^\s/:]+\/[^\s/:]+(?::[^\s/:]+)?|[0-9a-f]{64})$/i.test(value)
    ? undefined
    : "must be 'owner/name', 'owner/name:VERSION', or the id of a version";
const object: Check = (value) => (isRecord(value) && !isBytes(value) ? undefined : 'must be an object');
const event = oneOf('start', 'output', 'logs', 'completed');
const events: Check = (value) =>
  Array.isArray(value) && value.every((one) => event(one) === undefined)
    ? undefined
    : "must be a list of 'start', 'output', 'logs' and 'completed'";
const time: Check = (value) =>
  (typeof value === 'string' || value instanceof Date) && !Number.isNaN(new Date(value).getTime())
    ? undefined
    : 'must be a Date, or a time in ISO 8601';
const query: Check = (value) =>
  typeof value === 'string' && /^[^\s#]+$/.test(value) ? undefined : 'must be the next of a page';

const OPTIONS: Readonly<Record<keyof ReplicateOptions, Check>> = {
  model: optional(model),
  webhook: callbackUrlOption,
  webhookEventsFilter: optional(events),
};
const INPUT: Readonly<Record<keyof ReplicatePrediction, Check>> = {
  model: optional(model),
  input: object,
  webhook: callbackUrl,
  webhook_events_filter: optional(events),
  extra: optional(object),
};
const LIST: Readonly<Record<keyof ReplicateListInput, Check>> = {
  created_after: optional(time),
  cursor: optional(query),
};

/**
 * Replicate: any of its models. Polling only, and the files are gone an hour after the end.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * const client = new VideoClient({ backend: replicate({ model: 'google/veo-3.1' }), auth: { type: 'bearer', token } });
 */
export function replicate(
  options: ReplicateOptions & { readonly model: string },
): Replicate<ReplicatePrediction>;
export function replicate(
  options?: ReplicateOptions,
): Replicate<ReplicatePrediction & { readonly model: string }>;
export function replicate(options: ReplicateOptions = {}): Replicate<ReplicatePrediction> {
  checkFields('options', 'option', options, OPTIONS, refuseOptionOf('replicate'));
  return {
    name: 'replicate',
    baseUrl: 'https://api.replicate.com/v1',
    idempotency: 'none',
    variants: VIDEO,
    probe: ACCOUNT,

    async generate(given, context) {
      checkFields('input', 'field', given, INPUT, refuseInput);
      const version = given.model ?? options.model;
      if ((given.extra?.version ?? version) === undefined) {
        throw new InputError('model', 'model is missing', {
          hint: "Give it with the input, or once to replicate({ model: 'owner/name' }).",
        });
      }
      const webhook = given.webhook ?? (await callbackUrlOf('webhook', options.webhook, context));
      const { input, webhook_events_filter = options.webhookEventsFilter, extra } = given;
      // Of the two routes for official models, the one that takes every other model, too.
      const fields = { version, input, webhook, webhook_events_filter, extra };
      const { extra: last, ...sent } = await withDataUrls(fields, 'Replicate', { body: MAX_FILES });
      const value = { ...sent, ...(isRecord(last) && last) };
      return { method: 'POST', url: '/predictions', body: { type: 'json', value } };
    },
    parseGenerate: (response) => readSubmitted(response, readPrediction),

    status: (jobId) => ({ method: 'GET', url: pathOf(jobId) }),
    parseStatus: (response, jobId) => readStatus(response, jobId, readPrediction),
    parseError: parseReplicateError,

    download: namedOutput,
    cancel: (jobId) => ({ method: 'POST', url: `${pathOf(jobId)}/cancel` }),

    operations: {
      list: { request: listRequest, parse: ({ body }) => readPredictions(body) },
      account: {
        request: () => ACCOUNT,
        parse: ({ body }) => readAccount(body),
      },
    },
  };
}

function pathOf(jobId: string): string {
  return `/predictions/${encodeJobId(jobId)}`;
}

function listRequest(given: ReplicateListInput = {}): HttpRequest {
  checkFields('input', 'field', given, LIST, refuseInput);
  const { created_after, cursor } = given;
  if (cursor !== undefined) return { method: 'GET', url: `/predictions?${cursor}` };
  if (created_after === undefined) return { method: 'GET', url: '/predictions' };
  const since = new Date(created_after).toISOString();
  return { method: 'GET', url: `/predictions?created_after=${encodeURIComponent(since)}` };
}

import { type Check, checkFields, oneOf, optional, text } from '../core/check.js';
import { type Fields, readUpdate } from '../core/fields.js';
import { encodeJobId } from '../core/job-id.js';
import type { JobUpdate } from '../core/model.js';
import { InputError } from '../errors.js';
import { readAccepted, readFailed, readStatus } from './answers.js';
import type { Backend } from './backend.js';
import { type Bytes, bytes } from './bytes.js';
import { checkVariant, refuseInput, refuseOptionOf } from './input.js';
import { loadBase64 } from './load-base64.js';
import { parseGatewayFrame } from './sora-gateway-frame.js';

/** Options for `soraGateway`. */
export interface SoraGatewayOptions {
  /** Given here, it need not be given to each `generate`. */
  readonly walletAddress?: string | undefined;
  /** `path`: `/api/videos/status/{jobId}`; `query`: `/api/status?jobId=…&renderVersion=…`. @default 'path' */
  readonly statusRoute?: 'path' | 'query' | undefined;
  /** Sent with each `generate`, download and `query` status. @default 'v3' */
  readonly renderVersion?: string | undefined;
}

/** A script, paid for by a wallet. */
export interface SoraGatewayScript {
  /** Of the wallet that pays, such as `0x123…`. */
  readonly walletAddress: string;
  /** What the video is to say and show. */
  readonly script: string;
  readonly scriptOrQuestion?: undefined;
  readonly audioBuffer?: undefined;
}

/** A script or a question, with or without a narration. */
export interface SoraGatewayQuestion {
  /** A script, or a question that the server writes one for. */
  readonly scriptOrQuestion: string;
  /** The narration; sent as base64. */
  readonly audioBuffer?: Bytes | undefined;
  readonly walletAddress?: string | undefined;
  readonly script?: undefined;
}

/** What `generate` takes where no wallet was given to the backend. */
export type SoraGatewayInput = SoraGatewayScript | SoraGatewayQuestion;
/** What `generate` takes where one was. */
export type SoraGatewayInputWithoutWallet =
  | (Omit<SoraGatewayScript, 'walletAddress'> & { readonly walletAddress?: string | undefined })
  | SoraGatewayQuestion;

const INPUT: Readonly<Record<keyof SoraGatewayInput, Check>> = {
  walletAddress: optional(text),
  script: optional(text),
  scriptOrQuestion: optional(text),
  audioBuffer: optional(bytes),
};

const OPTIONS: Readonly<Record<keyof SoraGatewayOptions, Check>> = {
  walletAddress: optional(text),
  statusRoute: optional(oneOf('path', 'query')),
  renderVersion: optional(text),
};

const VARIANTS = ['video'] as const;

/**
 * The gateway before Sora: WebSocket, SSE and polling.
 *
 * @throws ConfigurationError that names the option.
 */
export function soraGateway(
  options: SoraGatewayOptions & { readonly walletAddress: string },
): Backend<SoraGatewayInputWithoutWallet, 'video', Record<never, never>>;
export function soraGateway(
  options?: SoraGatewayOptions,
): Backend<SoraGatewayInput, 'video', Record<never, never>>;
export function soraGateway(
  options: SoraGatewayOptions = {},
): Backend<SoraGatewayInput, 'video', Record<never, never>> {
  checkFields('options', 'option', options, OPTIONS, refuseOptionOf('soraGateway'));
  const { statusRoute = 'path', renderVersion = 'v3' } = options;
  const version = `renderVersion=${encodeURIComponent(renderVersion)}`;

  return {
    name: 'soraGateway',
    variants: VARIANTS,

    async generate(input) {
      checkFields('input', 'field', input, INPUT, refuseInput);
      const { walletAddress = options.walletAddress, script, scriptOrQuestion, audioBuffer } = input;
      checkForm({ walletAddress, script, scriptOrQuestion, audioBuffer });
      return {
        method: 'POST',
        url: `/api/generate?${version}`,
        body: {
          type: 'json',
          value: {
            walletAddress,
            script,
            scriptOrQuestion,
            audioBuffer: audioBuffer && (await (await loadBase64()).toBase64(audioBuffer, 'audioBuffer')),
            // Servers look for it in the query or in the body.
            renderVersion,
          },
        },
      };
    },
    parseGenerate: readAccepted,

    status(jobId) {
      const id = encodeJobId(jobId);
      const url = statusRoute === 'path' ? `/api/videos/status/${id}` : `/api/status?jobId=${id}&${version}`;
      return { method: 'GET', url };
    },
    parseStatus: (response, jobId) => readStatus(response, jobId, readGatewayStatus),
    parseRefusal: readFailed,

    download({ id }, variant) {
      checkVariant(variant, VARIANTS);
      return { method: 'GET', url: `/api/download?jobId=${encodeJobId(id)}&${version}` };
    },

    webSocket: {
      path: '/',
      subscribe: (jobId) => JSON.stringify({ action: 'subscribe', jobId }),
      unsubscribe: (jobId) => JSON.stringify({ action: 'unsubscribe', jobId }),
      parse: (frame) => parseGatewayFrame(frame),
    },
    sse: {
      url: (jobIds) => `/api/jobs/events?jobIds=${jobIds.map(encodeJobId).join(',')}`,
      parse: (data, context) => parseGatewayFrame(data, context?.event),
    },
  };
}

/** What the status route answers while a job is under way, however far that is. */
const NO_PROGRESS = 50;

/**
 * Where a server sends its webhooks elsewhere, the word may stay `pending` for ever, and only the file says that the
 * job has ended.
 */
function readGatewayStatus(raw: Fields, jobId: string): JobUpdate {
  const update = readUpdate(raw, jobId);
  if (update.status === 'failed' || update.status === 'completed') return update;
  if (raw.videoAvailable === true) return { ...update, status: 'completed', unknownStatus: undefined };
  return update.status !== undefined && update.progress === NO_PROGRESS
    ? { ...update, progress: undefined }
    : update;
}

/** One of the two forms, whole. */
function checkForm(input: {
  readonly walletAddress: string | undefined;
  readonly script: string | undefined;
  readonly scriptOrQuestion: string | undefined;
  readonly audioBuffer: Bytes | undefined;
}): void {
  if ((input.script === undefined) === (input.scriptOrQuestion === undefined)) {
    throw new InputError('script', 'give either script or scriptOrQuestion');
  }
  if (input.script === undefined) return;
  if (input.audioBuffer !== undefined) {
    throw new InputError('audioBuffer', 'audioBuffer goes with scriptOrQuestion, not with script');
  }
  if (input.walletAddress === undefined) {
    throw new InputError('walletAddress', 'walletAddress is missing', {
      hint: 'Give it with the script, or once to soraGateway({ walletAddress }).',
    });
  }
}

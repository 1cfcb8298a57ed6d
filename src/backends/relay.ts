import { type Fields, readUpdate, textOf } from '../core/fields.js';
import { encodeJobId } from '../core/job-id.js';
import type { JobOutput, JobUpdate, StreamMessage } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { readStatus, readSubmitted } from './answers.js';
import type { Backend, Operation } from './backend.js';
import { refuseInput } from './input.js';
import { soraGateway } from './sora-gateway.js';

/** One of the user's jobs, as `client.backend.list()` has it. */
export interface RelayJob {
  readonly jobId: string;
  readonly status: 'queued' | 'processing' | 'completed' | 'failed';
  /** 0–100. */
  readonly progress: number;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Of `client.backend.list()`: at most 100 jobs. */
export interface RelayJobs {
  readonly jobs: readonly RelayJob[];
  /** For `after` of the next call; missing with the last of them. */
  readonly next?: string;
}

/** The further calls of a relay. */
export type RelayOperations = {
  /** The user's jobs, newest first, those that another tab or device made among them. */
  readonly list: Operation<{ readonly after?: string | undefined } | undefined, RelayJobs>;
  /** Takes a job off that list, and its key out of use. */
  readonly forget: Operation<string, void>;
};

/** As long as a relay knows a key, and longer than a page tries. */
const WINDOW_MS = 86_400_000;

/**
 * For pages of a server that runs `createRelay` of `reelwire/relay`: what `generate` takes is what its `inputOf` is given.
 *
 * @typeParam Input - That, as JSON.
 * @example
 * const client = new VideoClient({ baseUrl: '/videos', backend: relayBackend<{ script: string }>() });
 */
export function relayBackend<Input extends object = Record<string, unknown>>(): Backend<
  Input,
  'video',
  RelayOperations
> {
  const gateway = soraGateway();
  const read = (message: StreamMessage): StreamMessage =>
    message.type === 'update' ? { ...message, update: withMore(message.update) } : message;
  const { sse, webSocket } = gateway;
  return {
    ...gateway,
    name: 'relay',
    idempotency: { windowMs: WINDOW_MS },

    generate(input) {
      if (!isRecord(input)) throw refuseInput('input', 'input must be an object');
      return { method: 'POST', url: '/api/generate', body: { type: 'json', value: input } };
    },
    parseGenerate: (response) => readSubmitted(response, readRelayed),
    parseStatus: (response, jobId) => readStatus(response, jobId, readRelayed),

    download: ({ id }, _variant, output = 0) => ({
      method: 'GET',
      url: `/api/download?jobId=${encodeJobId(id)}${output === 0 ? '' : `&output=${output}`}`,
    }),

    ...(webSocket && {
      webSocket: { ...webSocket, path: '', parse: (frame) => read(webSocket.parse(frame)) },
    }),
    ...(sse && { sse: { ...sse, parse: (data, context) => read(sse.parse(data, context)) } }),

    operations: {
      list: {
        request: ({ after } = {}) => ({
          method: 'GET',
          url: `/api/jobs${after === undefined ? '' : `?after=${encodeURIComponent(after)}`}`,
        }),
        // What a server of ours answers.
        parse: ({ body }) => body as RelayJobs,
      },
      forget: {
        request: (jobId) => ({ method: 'DELETE', url: `/api/jobs/${encodeJobId(jobId)}` }),
        parse: () => {},
      },
    },
  };
}

function readRelayed(raw: Fields, jobId: string): JobUpdate {
  return withMore(readUpdate(raw, jobId));
}

/** What the gateway does not tell. */
function withMore(update: JobUpdate): JobUpdate {
  const { errorCode, outputs, queuePosition } = update.raw as Fields;
  return {
    ...update,
    errorCode: textOf(errorCode),
    queuePosition: typeof queuePosition === 'number' ? queuePosition : undefined,
    outputs: Array.isArray(outputs) ? outputs.filter(isOutput) : undefined,
  };
}

function isOutput(value: unknown): value is JobOutput {
  return isRecord(value) && typeof value.url === 'string';
}

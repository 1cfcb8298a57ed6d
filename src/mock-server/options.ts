import type { MockDialect } from './dialect-names.js';
import type { MockFault } from './fault.js';
import type { MockJobBehaviour } from './job.js';
import type { MockOpenAIFlavour } from './openai/names.js';
import type { MockRequest } from './request-log.js';
import type { MockWebhookOptions } from './webhook-options.js';

/** Credentials that the mock server asks for. */
export type MockAuth =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string };

/** What a submit brought, as `onSubmit` sees it. */
export interface MockSubmit {
  readonly dialect: MockDialect;
  /** The parsed JSON, or the text fields of a form. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** How the gateway's streams behave; the defaults are those of running servers. */
export interface MockStreamOptions {
  /** `{type: "connected"}` at the opening of a WebSocket. @default true in style `field` */
  greeting?: boolean | undefined;
  /** `{type: "subscribed"}` and `{type: "unsubscribed"}`. @default true in style `field` */
  acknowledgements?: boolean | undefined;
  /**
   * `plain`: `{jobId, status, ...}`. `typed`: `{type, jobId, ...}`, where `completed` and `error` have no status.
   * `progress`: typed, and the end too is of type `progress`. @default typed in style `field`
   */
  frames?: 'plain' | 'typed' | 'progress' | undefined;
  /** Tell a job's state when it is subscribed to. @default false */
  snapshotOnSubscribe?: boolean | undefined;
  /** End an SSE stream with its last job. @default false */
  endWithJobs?: boolean | undefined;
}

/** Which server of the dialect of `openAIVideos` it is. */
export interface MockOpenAIOptions {
  /** Whose habits it has: status words, ids, routes and refusals. @default 'openai' */
  readonly flavour?: MockOpenAIFlavour | undefined;
  /** How a submit must be encoded, as servers have it that take one form only; for the flavour `openai`. @default either */
  readonly encoding?: 'multipart' | 'json' | undefined;
}

/** Which server of ComfyUI it is. */
export interface MockComfyUIOptions {
  /**
   * `0.3`: one of before the jobs API. It takes no ids of clients, `/interrupt` ends whatever runs, and no frame tells of
   * all nodes at once. @default '0.26'
   */
  readonly version?: '0.26' | '0.3' | undefined;
}

/** Options of the mock core, whichever way requests come to it. */
export interface MockServiceOptions extends MockJobBehaviour {
  /** In force from the start; more by `faults.add`. */
  faults?: readonly MockFault[] | undefined;
  /** Credentials that a call needs, any one of them; without them it is answered 401. @default none needed */
  auth?: MockAuth | readonly MockAuth[] | undefined;
  /** Let the pages that are let in read the answers. @default true */
  cors?: boolean | undefined;
  /**
   * soraGateway, openRouter, replicate and xai: the account's credits, 10 of which a job costs; then 402, of xai 403.
   * runway: what a job costs by model and length; then 400. @default unlimited
   */
  credits?: number | undefined;
  /** Answer a repeated `Idempotency-Key` with the same job, in the dialects that honour one. @default true */
  idempotency?: boolean | undefined;
  /** Ids of jobs are JSON numbers beyond 2^53, as databases give them: in answers, frames and webhooks. @default false */
  numericIds?: boolean | undefined;
  /** Send a `Repr-Digest` (RFC 9530) with downloads. @default false */
  digest?: boolean | undefined;
  /** Changes how one job runs, or what its id is. */
  onSubmit?:
    | ((submit: MockSubmit) => (MockJobBehaviour & { id?: string | undefined }) | undefined)
    | undefined;
  /** Told of each request as it comes, before its body is read. */
  onRequest?: ((request: MockRequest) => void) | undefined;
  /** Told of each HTTP request when it is answered, or its connection is lost: its `status` says which. */
  onAnswer?: ((request: MockRequest) => void) | undefined;
  streams?: MockStreamOptions | undefined;
  openAI?: MockOpenAIOptions | undefined;
  comfyUI?: MockComfyUIOptions | undefined;
  webhooks?: MockWebhookOptions | undefined;
  /** How many requests and webhook deliveries are remembered. @default 10000 */
  logSize?: number | undefined;
}

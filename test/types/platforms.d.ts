/** What the guides import of platforms, as these document it: the packages themselves are large, and of no other use. */

declare module '@vercel/functions' {
  export function waitUntil(promise: Promise<unknown>): void;
}

declare module 'next/server' {
  export function after<T>(task: Promise<T> | (() => T | Promise<T>)): void;
}

declare module 'cloudflare:workers' {
  export const env: { readonly WEBHOOK_SECRET: string };
  export class DurableObject<Environment = unknown> {
    protected readonly ctx: { readonly storage: unknown };
    protected readonly env: Environment;
    fetch?(request: Request): Response | Promise<Response>;
    webSocketMessage?(socket: WebSocket, message: string | ArrayBuffer): unknown;
    webSocketClose?(socket: WebSocket, code: number, reason: string, wasClean: boolean): unknown;
    webSocketError?(socket: WebSocket): unknown;
  }
}

declare module 'firebase-functions/params' {
  interface SecretParam {
    value(): string;
  }
  export function defineSecret(name: string): SecretParam;
}

declare module 'firebase-functions/https' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  import type { defineSecret } from 'firebase-functions/params';

  /** Requests and responses of Express. */
  export function onRequest(
    options: { readonly secrets: readonly ReturnType<typeof defineSecret>[] },
    handler: (
      request: IncomingMessage & { rawBody: Buffer },
      response: ServerResponse,
    ) => void | Promise<void>,
  ): (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

declare module '@upstash/redis' {
  export class Redis {
    static fromEnv(): Redis;
    eval<Values extends unknown[], Answer>(script: string, keys: string[], values: Values): Promise<Answer>;
  }
}

declare module '@trigger.dev/sdk' {
  export function task<Payload, Result>(options: {
    readonly id: string;
    readonly run: (
      payload: Payload,
      params: { readonly ctx: { readonly run: { readonly id: string } } },
    ) => Promise<Result>;
  }): unknown;
}

declare module '@temporalio/activity' {
  export class Context {
    static current(): Context;
    readonly cancellationSignal: AbortSignal;
    readonly info: {
      readonly activityId: string;
      readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
    };
    heartbeat(details?: unknown): void;
  }
}

declare module 'workflow' {
  export function getWorkflowMetadata(): { readonly workflowRunId: string };
}

declare module 'bullmq' {
  export class Worker {
    constructor(
      name: string,
      processor: (job: { readonly id?: string }) => Promise<unknown>,
      options: { readonly connection: unknown },
    );
  }
}

/** Files of the reader's own. An engine's client is as its package makes it. */
declare module '@/videos' {
  import type { SoraGatewayInput, VideoClient } from 'reelwire';

  export const client: VideoClient;
  export const input: SoraGatewayInput;
  export const connection: unknown;
  export const inngest: {
    createFunction(
      options: { readonly id: string },
      trigger: { readonly event: string },
      handler: (context: {
        readonly runId: string;
        readonly step: { run<Result>(id: string, work: () => Promise<Result>): Promise<Result> };
      }) => Promise<unknown>,
    ): unknown;
  };
}

declare module '@/my-store' {
  import type { JobStore } from 'reelwire/jobs';

  export function makeStore(): JobStore;
}

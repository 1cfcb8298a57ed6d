/** What the guides import of platforms, as these document it: the packages themselves are large, and of no other use. */

declare module '@vercel/functions' {
  export function waitUntil(promise: Promise<unknown>): void;
}

declare module 'next/server' {
  export function after<T>(task: Promise<T> | (() => T | Promise<T>)): void;
}

declare module 'cloudflare:workers' {
  export const env: { readonly WEBHOOK_SECRET: string };
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

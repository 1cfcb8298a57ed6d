import type { MockDialect } from './dialect-names.js';

/** Those that have options of their own. */
type OwnOptions = 'soraGateway' | 'vidBuilder' | 'openAIVideos';

/** Where webhooks go, and how they are signed. */
export interface MockWebhookOptions {
  /** soraGateway: where its events go, as `x-signature` signed with `secret` where there is one. */
  readonly gateway?: { readonly url: string; readonly secret?: string | undefined } | undefined;
  /** vidBuilder: signs as `x-webhook-signature`; the URL is each request's `webhookUrl`. */
  readonly vidBuilder?: { readonly secret?: string | undefined } | undefined;
  /**
   * openAIVideos: where its events go, by Standard Webhooks. A `secret` is base64 after `whsec_`, or the key's own
   * text; without one they are not signed.
   */
  readonly openAI?: { readonly url: string; readonly secret?: string | undefined } | undefined;
  /**
   * Of the other dialects, by their names: what signs their events. Replicate's is read as that of openAIVideos, OpenRouter's
   * is a text, and fal's the 32 bytes of an Ed25519 key in base64. The URL is each request's own.
   *
   * @default not signed; those of fal by a key that is published
   */
  readonly secrets?: Partial<Record<Exclude<MockDialect, OwnOptions>, string | undefined>> | undefined;
  /** Verifies what comes to `POST /api/webhook/video-events`. @default not verified */
  readonly upstreamSecret?: string | undefined;
  /** The dialect's delays between attempts are multiplied by it. @default 0.001 */
  readonly retryScale?: number | undefined;
  /** Other delays than the dialect's, in milliseconds before scaling. */
  readonly retryDelaysMs?: Partial<Record<MockDialect, readonly number[]>> | undefined;
  /**
   * Hosts besides loopback that a request's own `webhookUrl` may lead to; `*` is any. Otherwise anyone who can submit would
   * let this machine call the hosts that it reaches.
   *
   * @default []
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Told of each attempt once it was answered, has failed, or was not made. */
  readonly onDelivery?: ((delivery: MockDelivery) => void) | undefined;
  /** An attempt not answered for so long has failed, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** One attempt to deliver a webhook. */
export interface MockDelivery {
  readonly dialect: MockDialect;
  readonly jobId: string;
  /** The status, or the type, it tells. */
  readonly event: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 1 is the first. */
  readonly attempt: number;
  /** The receiver's answer; undefined while under way or where there was none. */
  status: number | undefined;
  /** Why there was no answer. */
  error: string | undefined;
  readonly at: Date;
}

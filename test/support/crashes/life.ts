import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoJob } from '../../../src/job/job.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobStore } from '../../../src/jobs/store.js';

/**
 * What is known of the server: that it honours idempotency keys, that it ignores them, or that it does and calls back a URL
 * that carries the token.
 */
export const SERVERS = ['honours keys', 'ignores keys', 'calls back with the token'] as const;
export type ServerKind = (typeof SERVERS)[number];

export interface Site {
  readonly kind: ServerKind;
  readonly url: string;
  /** Where the server calls back. */
  readonly hook: string;
}

/** What a process has told, in order. */
export type Fact =
  | { readonly told: 'job'; readonly key: string; readonly jobId: string }
  | { readonly told: 'error'; readonly key: string; readonly code: string }
  | { readonly told: 'end' | 'forgotten'; readonly key: string }
  | { readonly told: 'left'; readonly key: string; readonly state: string; readonly is: string };

export type Tell = (fact: Fact) => void;

/** The client of an application. In this project's tests its jobs are told of by nobody but polls and webhooks. */
export function clientOf(site: Site, store: JobStore, options: { fetch?: typeof fetch; requestMs?: number }) {
  const { fetch, requestMs = 30_000 } = options;
  return new VideoClient({
    baseUrl: site.url,
    backend: backendOf(site),
    jobs: jobsOver(store),
    transports: ['polling'],
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 5, maxDelayMs: 50 },
    timeouts: { requestMs },
    logger: 'silent',
    ...(fetch !== undefined && { fetch }),
  });
}

function backendOf({ kind, hook }: Site) {
  if (kind === 'honours keys') return { ...soraGateway(), idempotency: { windowMs: 86_400_000 } };
  if (kind === 'ignores keys') return { ...soraGateway(), idempotency: 'none' as const };
  return {
    ...vidBuilder({ webhookUrl: ({ token }) => `${hook}?key=${token}` }),
    idempotency: 'none' as const,
  };
}

/** By it a server's job is known to be that of a key. */
function inputOf({ kind }: Site, key: string): never {
  const input =
    kind === 'calls back with the token'
      ? { scenes: [{ type: 'text', duration: 4, content: { text: key } }] }
      : { walletAddress: '0x123', script: key };
  return input as never;
}

/** The key of what a server was sent. */
export function keyIn(body: unknown): string {
  const { script, scenes } = body as { script?: string; scenes?: readonly { content: { text: string } }[] };
  return script ?? scenes?.[0]?.content.text ?? '';
}

export type Client = ReturnType<typeof clientOf>;

/** How far a process goes with a key: to its job, to the end of that, or to where all is done and said to be so. */
export type Work = 'submit' | 'follow' | 'handle';

/** Works on all keys at once. Where it was done before, it is done again. */
export async function work(
  client: Client,
  site: Site,
  keys: readonly string[],
  tell: Tell,
  kind: Work,
): Promise<void> {
  await Promise.all(
    keys.map(async (key) => {
      const job = await submitted(client, site, key, tell);
      if (kind === 'submit' || job === undefined) return;
      await job.completed();
      tell({ told: 'end', key });
      if (kind === 'follow') return;
      await client.forget(key);
      tell({ told: 'forgotten', key });
    }),
  );
}

/** What the last process left; what others are at may be waited for until the signal. */
export async function comeBack(client: Client, tell: Tell, signal?: AbortSignal): Promise<void> {
  for await (const { record, job, error } of client.resume({ signal })) {
    if (record === undefined) throw error;
    tell({ told: 'left', key: record.key, state: record.state, is: job?.id ?? error?.code ?? '?' });
  }
}

async function submitted(client: Client, site: Site, key: string, tell: Tell): Promise<VideoJob | undefined> {
  try {
    const job = await client.generate(inputOf(site, key), { key });
    tell({ told: 'job', key, jobId: job.id });
    return job;
  } catch (error) {
    tell({ told: 'error', key, code: (error as { code?: string }).code ?? String(error) });
    return undefined;
  }
}

import type * as Reelwire from 'reelwire';
import type { DefaultBackend, JobSnapshot, TransportName, VideoClientOptions, VideoDownload } from 'reelwire';
import type * as Webhooks from 'reelwire/webhooks';

/** What each runtime is asked to do, by the package as it was loaded there. */
export const CHECKS = [
  'generate',
  'websocket',
  'sse',
  'polling',
  'download',
  'save',
  'webhook',
  'classes',
] as const;
export type Check = (typeof CHECKS)[number];

/** For each check what went wrong; null where it works. */
export type Findings = Readonly<Record<Check, string | null>>;

/** A signed delivery, as a receiver gets it. */
export interface Delivery {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

export interface Task {
  readonly baseUrl: string;
  /** Of the video that the server has, in lower-case hex. */
  readonly videoSha256: string;
  readonly deliveries: readonly Delivery[];
}

/** What a runtime brings to the scenario. */
export interface Host {
  readonly reelwire: typeof Reelwire;
  readonly webhooks: typeof Webhooks;
  /** Calls `save` and gives back what was written. */
  save(video: VideoDownload): Promise<Uint8Array<ArrayBuffer>>;
}

const INPUT = { walletAddress: '0x123', script: 'Explain blockchain' };
const END_MS = 20_000;

/** Runs every check. No client is closed: a process must exit by itself all the same. */
export async function runScenario(task: Task, host: Host): Promise<Findings> {
  const { reelwire, webhooks } = host;
  const connect = (options: Partial<VideoClientOptions<DefaultBackend>> = {}) =>
    new reelwire.VideoClient({ baseUrl: task.baseUrl, polling: { intervalMs: 50 }, ...options });

  const checks: Record<Check, () => Promise<void>> = {
    async generate() {
      const job = await connect().generate(INPUT);
      demand(job.id !== '', 'the job has no id');
      const refused = await rejection(connect().generate({ ...INPUT, script: '' }));
      demand(refused instanceof reelwire.InputError, `an empty script was answered by ${refused}`);
    },
    websocket: () => follow('websocket'),
    sse: () => follow('sse'),
    polling: () => follow('polling'),
    async download() {
      const video = await completedVideo();
      await demandVideo(await video.bytes());
      demand(video.filename.endsWith('.mp4'), `the file is called ${video.filename}`);
    },
    async save() {
      await demandVideo(await host.save(await completedVideo()));
    },
    async webhook() {
      for (const delivery of task.deliveries) {
        const { scheme } = await webhooks.verifyWebhookSignature(delivery);
        const tampered = { ...delivery, body: delivery.body.replace('completed', 'failed') };
        demand(tampered.body !== delivery.body, 'nothing was tampered with');
        const refused = await rejection(webhooks.verifyWebhookSignature(tampered));
        demand(
          refused instanceof webhooks.WebhookVerificationError && refused.reason === 'bad-signature',
          `a tampered ${scheme} delivery was answered by ${refused}`,
        );
      }
    },
    async classes() {
      const exported = new Set<unknown>(Object.values(reelwire));
      const classes = Object.entries(webhooks).filter(([name]) => name.endsWith('Error'));
      demand(classes.length > 0, 'reelwire/webhooks exports no error');
      for (const [name, value] of classes) demand(exported.has(value), `there are two classes ${name}`);
      const [delivery] = task.deliveries;
      const refused = await rejection(
        webhooks.verifyWebhookSignature({ body: '{}', secret: String(delivery?.secret), headers: {} }),
      );
      demand(refused instanceof reelwire.WebhookVerificationError, `${refused} is of another class`);
      demand(refused instanceof reelwire.VideoError, `${refused} is no VideoError`);
      demand(reelwire.isVideoError(refused), `isVideoError does not know ${refused}`);
    },
  };

  /** One transport and no other: what it does not bring never comes. */
  async function follow(name: TransportName): Promise<void> {
    const job = await connect({ transports: [name] }).generate(INPUT);
    const served: string[] = [];
    const snapshots: JobSnapshot[] = [];
    job.on('transport', ({ transport, reason }) => served.push(transport ?? `none (${reason})`));
    job.on('update', (snapshot) => snapshots.push(snapshot));
    const end = await job.completed({ timeoutMs: END_MS });
    demand(served.join() === name, `served by ${served.join() || 'none'}`);
    demand(end.transport === name, `the end came by ${end.transport}`);
    const pushed = snapshots.filter(({ transport }) => transport === name);
    demand(pushed.length > 1, 'no progress came by it');
  }

  async function completedVideo(): Promise<VideoDownload> {
    const job = await connect().generate(INPUT);
    return job.download();
  }

  async function demandVideo(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    demand(sha256 === task.videoSha256, `${bytes.length} bytes came, and they are not the video`);
  }

  const findings = CHECKS.map(async (check) => [check, await finding(checks[check])] as const);
  return Object.fromEntries(await Promise.all(findings)) as Findings;
}

async function finding(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

function demand(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem);
}

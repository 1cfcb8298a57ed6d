import type { JobSnapshot, JobUpdate, SnapshotSource } from '../core/model.js';
import type { WaitEngine } from '../job/waits.js';
import { Alarms } from '../runtime/alarms.js';
import type { StatusCalls } from '../transports/status-calls.js';
import type { BusLink } from './bus-link.js';
import { closedError } from './calls.js';
import { LateFollower } from './late-follower.js';
import { fetchAhead, part } from './parts.js';
import type { Settings } from './resolve-options.js';
import type { Server } from './server.js';

/** Where each wait has its own follower: how many of them are told what a webhook says. */
const MAX_OWN_FOLLOWERS = 1_000;

/** All that follows the jobs of one client. */
export class Following {
  readonly #server: Server;
  readonly #followers = new Set<LateFollower>();
  /** Where one request may not use what another opened, each wait has its own timer, calls and follower. */
  readonly #isShared: boolean;
  readonly #alarms: Alarms;
  readonly #engine: WaitEngine | undefined;
  #calls: StatusCalls | undefined;
  #link: BusLink | undefined;
  #hasFetched = false;

  constructor(server: Server) {
    const { runtime, settings } = server;
    this.#server = server;
    this.#isShared = runtime.isPerRequest !== true;
    this.#alarms = new Alarms(runtime);
    // A job that was submitted is to be followed, whatever was deployed between.
    fetchAhead(['following']);
    if (this.#isShared) this.#engine = { ...this.#make(settings), release() {} };
  }

  /** What follows a job by the client's settings until it is released. */
  engine(): WaitEngine {
    this.#fetchAhead();
    return this.#engine ?? this.#make(this.#server.settings);
  }

  /** The same by polling only. */
  pollingEngine(intervalMs: number): WaitEngine {
    const { settings } = this.#server;
    this.#fetchAhead();
    return this.#make({
      ...settings,
      transports: ['polling'],
      polling: { ...settings.polling, intervalMs },
    });
  }

  /** Tells whoever waits for the job; resolves what is relative in it. */
  learn({ id, ...snapshot }: JobSnapshot, source: SnapshotSource): JobUpdate {
    const update = this.#server.locate({ ...snapshot, jobId: id });
    this.ingest(update, source);
    return update;
  }

  /** Tells whoever waits for the job. */
  ingest(update: JobUpdate, source: SnapshotSource): void {
    for (const follower of this.#followers) follower.ingest(update, source);
  }

  /** Tells the other processes, where there is a bus. */
  async publish(snapshot: JobSnapshot): Promise<void> {
    await (await this.#linked())?.publish(snapshot);
  }

  async #linked(): Promise<BusLink | undefined> {
    if (this.#server.settings.bus === undefined) return undefined;
    const { createBusLink } = await part('following');
    this.#link ??= createBusLink(this.#server, (update) => this.ingest(update, 'webhook'));
    return this.#link;
  }

  close(): void {
    for (const follower of this.#followers) follower.close(closedError);
  }

  /** The first job is followed: by its end the site may have other files. What falls back is to lose no time, too. */
  #fetchAhead(): void {
    if (this.#hasFetched) return;
    this.#hasFetched = true;
    const { backend, transports } = this.#server.settings;
    fetchAhead(backend.sse && transports.includes('sse') ? ['sse', 'download'] : ['download']);
  }

  #make(settings: Settings): WaitEngine {
    const server = this.#server;
    const follower = new LateFollower(async () => {
      const { createCalls, createFollower } = await part('following');
      const calls = this.#calls ?? createCalls(server);
      if (this.#isShared) this.#calls = calls;
      return createFollower(server, settings, calls, () => part('sse'), await this.#linked());
    });
    if (server.calls.isClosed) follower.close(closedError);
    this.#followers.add(follower);
    // A request that was cut off releases nothing.
    if (!this.#isShared && this.#followers.size > MAX_OWN_FOLLOWERS) {
      const [oldest = follower] = this.#followers;
      this.#followers.delete(oldest);
    }
    return {
      alarms: this.#isShared ? this.#alarms : new Alarms(server.runtime),
      follower,
      release: () => this.#followers.delete(follower),
    };
  }
}

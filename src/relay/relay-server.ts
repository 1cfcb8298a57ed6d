import { createWebhookHandler, type WebhookContext } from '../webhooks/index.js';
import { json, Refused, toResponse } from './answer.js';
import { Doors } from './doors.js';
import { proxyDownload } from './download.js';
import { EventStream, EventStreams } from './event-stream.js';
import { type Ids, toldOf } from './failures.js';
import { Submits } from './generate.js';
import { JobHub } from './hub.js';
import { listJobs } from './listing.js';
import type { RelayAction, RelaySettings, RelayUser } from './options.js';
import { isOwnOrigin } from './origin.js';
import { Records } from './records.js';
import type { Relay, RelayStats } from './relay-types.js';
import { type RouteName, routeOf } from './routes.js';
import { CLOSE } from './session.js';
import { Sockets } from './sockets.js';
import { Sweep } from './sweep.js';
import { admit, identify } from './users.js';

/** A request that is let in. */
interface Call {
  readonly user: RelayUser;
  readonly request: Request;
  readonly context: WebhookContext;
  readonly query: URLSearchParams;
  readonly jobId: string | undefined;
  /** By which ids its words are cleaned. */
  readonly ids: { key?: string; jobId?: string };
}

/** All of one relay. */
export class RelayServer {
  readonly relay: Relay;
  readonly #settings: RelaySettings;
  readonly #records: Records;
  readonly #hub: JobHub;
  readonly #submits: Submits;
  readonly #streams = new EventStreams();
  readonly #sockets: Sockets;
  readonly #doors: Doors;
  readonly #sweep: Sweep;
  #isClosed = false;

  constructor(settings: RelaySettings) {
    const { client, jobs, limits, logger, webhooks } = settings;
    this.#settings = settings;
    this.#records = new Records(jobs);
    this.#hub = new JobHub(client, this.#records);
    this.#submits = new Submits(settings, this.#records, this.#hub);
    this.#doors = new Doors(limits);
    this.#sweep = new Sweep({ client, hub: this.#hub, logger, hasWebhooks: webhooks !== undefined });
    this.#sockets = new Sockets(
      settings,
      this.#doors,
      {
        limits,
        hub: this.#hub,
        find: (user, jobId) => this.#find(user, jobId, 'subscribe'),
        wordsOf: (error, key) => String(this.#told(error, 'subscribe', { key }).body.error),
      },
      (error) => toResponse(this.#told(error, 'upgrade')),
    );
    const deliver =
      webhooks && createWebhookHandler({ ...webhooks, logger: webhooks.logger ?? logger, client });
    const relay = this;
    this.relay = {
      limits,
      websocket: this.#sockets.hooks,
      fetch: (request, context = {}) => this.#fetch(request, context, deliver),
      get stats() {
        return relay.#stats();
      },
      drain: ({ forMs = 10_000 } = {}) => this.#drain(forMs),
      close: () => this.#close(),
    };
  }

  async #fetch(
    request: Request,
    context: WebhookContext,
    deliver: ReturnType<typeof createWebhookHandler> | undefined,
  ): Promise<Response> {
    const ids: Call['ids'] = {};
    let name = 'request';
    try {
      const url = new URL(request.url);
      const route = routeOf(this.#settings.basePath, request.method, url.pathname);
      if (route.name === 'nowhere') return json({ error: 'Not found' }, 404);
      if (route.name === 'other-method')
        return json({ error: 'Method not allowed' }, 405, { allow: route.allow });
      if (this.#isClosed) throw new Refused(503, 'The server is closed', { retryAfterMs: 1_000 });
      name = route.name;
      this.#sweep.start();
      if (route.name === 'webhook')
        return (await deliver?.(request, context)) ?? json({ error: 'Not found' }, 404);
      if (request.method !== 'GET' && !isOwnOrigin(request, this.#settings.allowedOrigins))
        throw new Refused(403, 'Not from this origin');
      const user = await identify(this.#settings, request);
      const query = url.searchParams;
      const jobId = route.jobId ?? query.get('jobId') ?? undefined;
      return await this.#handlers[route.name]({ user, request, context, query, jobId, ids });
    } catch (error) {
      // The page has left: nothing went wrong, and there is nobody to tell.
      if (request.signal.aborted && error === request.signal.reason) return json({ error: 'Gone' }, 499);
      return toResponse(this.#told(error, name, ids));
    }
  }

  readonly #handlers: Readonly<Record<Exclude<RouteName, 'webhook'>, (call: Call) => Promise<Response>>> = {
    generate: ({ user, request, context, ids }) =>
      this.#submits.generate(user, request, context, (key) => {
        ids.key = key;
      }),
    status: async (call) => {
      const record = await this.#own(call, 'status');
      return json(JSON.parse(await this.#hub.status(record)));
    },
    download: async (call) => {
      const record = await this.#own(call, 'download');
      const output = call.query.get('output') ?? '0';
      if (!/^\d{1,4}$/.test(output)) throw new Refused(400, 'output must be a number');
      await this.#hub.status(record);
      // Another process may have heard of the end since.
      if (!this.#hub.known(record.key)?.isOver)
        await this.#hub.status((await this.#records.read(record.key).catch(() => undefined)) ?? record);
      if (this.#hub.known(record.key)?.status !== 'completed')
        throw new Refused(404, 'Video not available yet');
      return proxyDownload(this.#settings.client, record, call.request, Number(output));
    },
    events: (call) => this.#events(call),
    list: async ({ user, query }) => {
      await admit(this.#settings, user, { type: 'list' });
      return json(await listJobs(this.#records.list(user.id), this.#hub, query.get('after')));
    },
    forget: async (call) => {
      const { key, state, decidedBy } = await this.#own(call, 'forget');
      // Its answer would be that of a job which nobody knows.
      if (state === 'submitting' && Date.now() < decidedBy)
        throw new Refused(409, 'A submit with this key is under way', {
          ...{ jobId: key, retryAfterMs: Math.min(decidedBy - Date.now(), 5_000) },
        });
      await this.#settings.client.forget(key);
      this.#records.forget(key);
      this.#hub.forget(key);
      return new Response(null, { status: 204 });
    },
  };

  /** Of jobs that are not there the stream says so, as a socket does; where none is, there is no stream. */
  async #events({ user, query, request }: Call): Promise<Response> {
    const { limits } = this.#settings;
    const jobIds = [...new Set((query.get('jobIds') ?? '').split(',').filter(Boolean))];
    if (jobIds.length === 0) throw new Refused(400, 'jobIds is missing');
    if (jobIds.length > limits.jobsPerStream)
      throw new Refused(400, `More than ${limits.jobsPerStream} jobs`);
    const { forgotten } = this.#records;
    let found = await Promise.allSettled(jobIds.map((jobId) => this.#find(user, jobId, 'subscribe')));
    // One may have waited for another.
    if (forgotten !== this.#records.forgotten)
      found = await Promise.allSettled(
        found.map(async (result) => {
          if (result.status === 'rejected') throw result.reason;
          return this.#records.own(user.id, result.value.key);
        }),
      );
    if (found.every(({ status }) => status === 'rejected')) throw (found[0] as PromiseRejectedResult).reason;
    const stream = new EventStream(user, this.#doors.enter(user.id), {
      ...{ limits, hub: this.#hub, streams: this.#streams },
    });
    if (request.signal.aborted) stream.end();
    request.signal.addEventListener('abort', () => stream.end(), { once: true });
    for (const [index, result] of found.entries()) {
      const jobId = jobIds[index] ?? '';
      if (result.status === 'fulfilled') stream.watch(result.value);
      else stream.problem(String(this.#told(result.reason, 'subscribe', { key: jobId }).body.error), jobId);
    }
    return stream.response;
  }

  async #own({ user, jobId, ids }: Call, type: Exclude<RelayAction['type'], 'generate' | 'list'>) {
    if (jobId === undefined) throw new Refused(400, 'jobId is missing');
    const record = await this.#find(user, jobId, type);
    ids.key = record.key;
    if (record.jobId !== undefined) ids.jobId = record.jobId;
    return record;
  }

  /** Whose it is comes first: whoever may not know of a job is not told that it may not. */
  async #find(user: RelayUser, jobId: string, type: Exclude<RelayAction['type'], 'generate' | 'list'>) {
    const record = await this.#records.own(user.id, jobId);
    const { forgotten } = this.#records;
    await admit(this.#settings, user, { type, jobId });
    // That may have taken a while.
    return forgotten === this.#records.forgotten ? record : this.#records.own(user.id, jobId);
  }

  #told(error: unknown, what: string, ids: Ids = {}) {
    const { answer, isOurs } = toldOf(error, ids);
    if (isOurs) {
      const about = ids.key === undefined ? '' : ` of job ${ids.key}`;
      const level = answer.status === 500 ? 'error' : 'warn';
      this.#settings.logger[level](`relay: ${what}${about} answered ${answer.status}: ${error}`);
    }
    return answer;
  }

  #stats(): RelayStats {
    return {
      sockets: this.#sockets.count,
      streams: this.#streams.count,
      jobs: this.#hub.followed,
      isDraining: this.#doors.isDraining,
    };
  }

  async #drain(forMs: number): Promise<void> {
    this.#doors.isDraining = true;
    const closers = [...this.#sockets.closers(CLOSE.restart, 'Restarting'), ...this.#streams.closers()];
    const startedAt = performance.now();
    for (let closed = 0; closed < closers.length && !this.#isClosed; ) {
      const share = forMs > 0 ? (performance.now() - startedAt) / forMs : 1;
      const due = Math.min(closers.length, Math.ceil(closers.length * share));
      for (; closed < due; closed++) closers[closed]?.();
      if (closed < closers.length)
        await new Promise((resolve) => setTimeout(resolve, Math.min(100, forMs / 10)));
    }
  }

  #close(): void {
    this.#isClosed = true;
    this.#doors.isDraining = true;
    this.#sweep.stop();
    for (const close of this.#sockets.closers(CLOSE.goingAway, 'Closed')) close();
    for (const close of this.#streams.closers()) close();
    this.#hub.close();
  }
}

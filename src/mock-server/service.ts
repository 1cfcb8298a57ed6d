import { authorised, unauthorised } from './auth.js';
import { NO_BODY, type ParsedBody, parseBody } from './body.js';
import { calledJobIds } from './called-jobs.js';
import { addCorsHeaders, preflight } from './cors.js';
import type { MockUpgrade } from './dialect.js';
import type { MockDialect } from './dialect-names.js';
import { DIALECTS } from './dialects.js';
import { ConnectionLost, type Exchange, sleep } from './exchange.js';
import type { MockRoute } from './fault.js';
import { MockFaults } from './faults.js';
import { filesRoutes } from './files-origin.js';
import type { Gate } from './gate.js';
import { ComfyHub } from './hosted/comfy-ui/hub.js';
import { alteredAnswer, beforeBody, replacedAnswer } from './http-faults.js';
import type { MockJob } from './job.js';
import { MockJobs } from './jobs.js';
import type { MockVariant } from './media/files.js';
import { Mounts, type Target } from './mounts.js';
import { idWriter } from './numeric-ids.js';
import { openAIVideosOf } from './openai-videos.js';
import type { MockServiceOptions } from './options.js';
import { BoundedLog, type MockRequest } from './request-log.js';
import { type Call, matchRoute, type RouteContext, type RouteMatch, type SubmitBehaviour } from './routes.js';
import { StoredFiles } from './stored-files.js';
import { MockStreams } from './streams/stream-log.js';
import { Submits } from './submits.js';
import { UpstreamEvents } from './upstream-events.js';
import { MockWebhooks } from './webhooks.js';

const DEFAULT_LOG_SIZE = 10_000;

/** The mock core: all dialects over `Exchange`s. It opens no socket, so that a server and msw can share it. */
export class MockService implements RouteContext {
  readonly options: MockServiceOptions;
  readonly jobs: MockJobs;
  readonly faults: MockFaults;
  readonly webhooks: MockWebhooks;
  readonly upstreamEvents: UpstreamEvents;
  readonly streams = new MockStreams();
  readonly account: { credits: number };
  readonly uploads = new Map<string, Readonly<Record<string, unknown>>>();
  readonly comfyUI: ComfyHub;
  readonly files: StoredFiles;
  readonly mounts: Mounts;
  /** What callers reach it by; set by the code that opens it to them. */
  baseUrl = 'http://mock.invalid';
  readonly #requests: BoundedLog<MockRequest>;
  readonly #submits: Submits;
  readonly #writeIds: (json: string) => string;
  readonly #gate: Gate | undefined;

  constructor(options: MockServiceOptions = {}, gate?: Gate) {
    this.#gate = gate;
    const {
      faults,
      auth,
      cors,
      credits,
      idempotency,
      numericIds = false,
      digest,
      onSubmit,
      onRequest,
      onAnswer,
      streams,
      webhooks,
      logSize,
      openAI,
      comfyUI,
      ...behaviour
    } = options;
    this.options = options;
    const dialects = { ...DIALECTS, openAIVideos: openAIVideosOf(openAI?.flavour) };
    const size = logSize ?? DEFAULT_LOG_SIZE;
    this.mounts = new Mounts(dialects);
    this.jobs = new MockJobs(behaviour, (dialect) => dialects[dialect].newId(), numericIds);
    this.files = new StoredFiles(digest ?? false);
    this.#submits = new Submits(options, this.jobs, dialects);
    this.faults = new MockFaults(faults);
    this.account = { credits: credits ?? Number.POSITIVE_INFINITY };
    this.#requests = new BoundedLog(size);
    this.upstreamEvents = new UpstreamEvents(webhooks?.upstreamSecret);
    this.#writeIds = idWriter(options);
    this.webhooks = new MockWebhooks(webhooks ?? {}, size, dialects, this, this.#writeIds);
    this.comfyUI = new ComfyHub(this.jobs, comfyUI?.version === '0.3');
    this.jobs.watch((update) => this.webhooks.tell(update));
  }

  get requests(): readonly MockRequest[] {
    return this.#requests.all;
  }

  clearRequests(): void {
    this.#requests.clear();
  }

  close(): void {
    this.jobs.clear();
    this.webhooks.close();
  }

  /** True where there is a route for it, with whatever method. */
  knows(exchange: Pick<Exchange, 'method' | 'url' | 'origin'>): boolean {
    return this.#target(exchange).match !== undefined;
  }

  /** Answers, or throws `ConnectionLost`, or throws the signal's reason once the caller has gone. */
  async handle(exchange: Exchange): Promise<Response> {
    const { method, headers } = exchange;
    const { dialect, match } = this.#target(exchange);
    const found = typeof match === 'object' ? match : undefined;
    const refusal =
      this.#gate?.refusal(headers, exchange.origin === 'files') ??
      (exchange.origin === 'main' ? dialect.turnAway?.(headers) : undefined);
    if (refusal !== undefined) {
      const entry = this.record(exchange, found);
      entry.status = refusal.status;
      this.options.onAnswer?.(entry);
      return refusal;
    }
    const isShared = this.options.cors !== false && dialect.cors !== false;
    if (method === 'OPTIONS' && match !== undefined && isShared)
      return preflight(headers, this.#gate?.asked(headers.get('origin')) ?? true);
    const entry = this.record(exchange, found);
    let response: Response;
    try {
      response = await this.#answer(exchange, { dialect, match }, entry);
      entry.status = response.status;
    } finally {
      this.options.onAnswer?.(entry);
    }
    const own = exchange.origin === 'main' ? dialect.headers?.() : undefined;
    for (const [name, value] of Object.entries(own ?? {})) response.headers.set(name, value);
    if (isShared) addCorsHeaders(response.headers);
    return response;
  }

  /** A request to upgrade to WebSocket: what strikes it, the answer that refuses it, if any, and what it becomes. */
  upgrade(exchange: Exchange): MockUpgrade {
    const { url, headers } = exchange;
    const entry = this.record(exchange, undefined, 'websocket');
    const faults = this.faults.take('websocket', []);
    const { dialect, isThere } = this.mounts.findSocket(url.pathname);
    let refusal = this.#gate?.refusal(headers) ?? dialect.turnAway?.(headers);
    refusal ??= replacedAnswer(faults, { exchange, context: this }, undefined);
    if (!isThere) refusal ??= dialect.refuse('unknown-route', exchange);
    if (!authorised(this.options.auth, dialect, headers, url.searchParams))
      refusal ??= unauthorised(dialect, exchange);
    entry.status = refusal?.status ?? 101;
    return { faults, refusal, attach: (wire) => dialect.webSocket?.attach(this, { url, faults, wire }) };
  }

  /** Writes a request down before anything happens to it. */
  record(
    exchange: Exchange,
    match: RouteMatch | undefined,
    route: MockRoute | undefined = match?.route.name,
  ): MockRequest {
    const { method, url, headers, origin } = exchange;
    const dialect = match?.route.dialect;
    const named = match?.params.jobId ?? url.searchParams.get('jobId') ?? undefined;
    const entry: MockRequest = {
      ...{ route, origin, method, url: url.href, path: url.pathname },
      dialect: dialect === 'files' ? undefined : dialect,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(headers),
      jobId: this.jobs.get(named ?? '')?.id ?? named,
      body: undefined,
      files: [],
      status: undefined,
      at: new Date(),
    };
    this.#requests.push(entry);
    this.options.onRequest?.(entry);
    return entry;
  }

  submit(call: Call, dialect: MockDialect, behaviour: SubmitBehaviour = {}): MockJob {
    return this.#submits.make(call, dialect, behaviour);
  }

  repeated(call: Call, dialect: MockDialect): MockJob | undefined {
    return this.#submits.repeated(call, dialect);
  }

  serve(call: Call, job: MockJob, variant: MockVariant): Promise<Response> {
    return this.files.serve(call, job, variant);
  }

  urlOf(dialect: MockDialect): string {
    return this.baseUrl + this.mounts.pathOf(dialect);
  }

  readonly signedUrl = (job: MockJob, variant: MockVariant): string => this.files.signedUrl(job, variant);

  signedUrlProblem(query: URLSearchParams): 'SignatureDoesNotMatch' | 'AccessDenied' | undefined {
    return this.files.problemOf(query);
  }

  #target({ method, url, origin }: Pick<Exchange, 'method' | 'url' | 'origin'>): Target {
    if (origin === 'main') return this.mounts.find(method, url.pathname);
    return { dialect: DIALECTS.soraGateway, match: matchRoute(filesRoutes, method, url.pathname) };
  }

  async #answer(exchange: Exchange, { dialect, match }: Target, entry: MockRequest): Promise<Response> {
    if (typeof match !== 'object') return dialect.refuse(match ?? 'unknown-route', exchange);
    const { route, params } = match;
    const jobIds = calledJobIds(entry, match, this.jobs);
    const faults = this.faults.take(route.name, jobIds);
    await beforeBody(faults, exchange.signal);
    const buffer = route.name === 'sse' ? faults.find('buffer') : undefined;
    if (buffer?.headers) await sleep(buffer.forMs, exchange.signal);
    const body = await this.#read(exchange, entry);
    if (faults.find('reset')?.at === 'after-body') throw new ConnectionLost('reset');
    if (
      route.dialect !== 'files' &&
      route.name !== 'upstream-webhook' &&
      !route.isPublic &&
      !authorised(this.options.auth, dialect, exchange.headers)
    )
      return unauthorised(dialect, exchange);

    const call: Call = {
      exchange,
      params,
      query: exchange.url.searchParams,
      body,
      faults,
      entry,
      context: this,
    };
    const job = jobIds[0] === undefined ? undefined : this.jobs.get(jobIds[0]);
    const replaced = replacedAnswer(faults, call, job);
    const response = replaced ?? (await alteredAnswer(faults, await route.handle(call), this.#writeIds));
    if (faults.find('reset')?.at === 'after-handling') throw new ConnectionLost('reset');
    return response;
  }

  async #read(exchange: Exchange, entry: MockRequest): Promise<ParsedBody> {
    if (exchange.method === 'GET' || exchange.method === 'HEAD') return NO_BODY;
    const body = await parseBody(await exchange.read(), exchange.headers.get('content-type'));
    entry.body = body.value;
    entry.files = body.files;
    return body;
  }
}

import type { AnyBackend } from '../../src/backends/backend.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import { askStatus } from '../../src/client/ask-status.js';
import type { StreamFailure, WakeReason } from '../../src/core/follow-model.js';
import type { Following, JobSink } from '../../src/core/follower.js';
import { initialSnapshot } from '../../src/core/job-state.js';
import type { StreamMessage } from '../../src/core/model.js';
import { ApiError, NetworkError } from '../../src/errors.js';
import type { HttpClient } from '../../src/http/types.js';
import type { WakingRuntime, WebSocketLike } from '../../src/runtime/runtime.js';
import { createRunner } from '../../src/transports/runner.js';
import { connectSse } from '../../src/transports/sse.js';
import { StatusCalls, type StatusCallsDeps } from '../../src/transports/status-calls.js';
import { type Event, randomOf, VirtualClock } from './clock.js';
import { SimulatedPeers } from './peers.js';
import { concurrencyOf, idOf, isKnown, type Plan, QUICK_MS, SETTINGS } from './plan.js';
import { type Frame, isHint, isOver, SimulatedServer, type Truth } from './server.js';
import { Witness } from './witness.js';

const GATEWAY = soraGateway();

/** Plays one schedule to the reducer, the runner and the transports, down to the frames; throws as `playReducer`. */
export async function playSystem(
  plan: Plan,
  breakCalls: (deps: StatusCallsDeps, clock: VirtualClock) => StatusCalls = (deps) => new StatusCalls(deps),
): Promise<void> {
  const clock = new VirtualClock();
  const server = new SimulatedServer(clock, plan);
  const witness = new Witness(clock, server, plan);
  const listeners = new Set<(reason: WakeReason) => void>();
  const { intervalMs, retry, ...timeouts } = SETTINGS;
  const random = randomOf(plan.seed);
  const backend = backendOf(plan);

  const runtime: WakingRuntime = {
    now: () => clock.wallNow,
    elapsedMs: () => clock.elapsed,
    random,
    setTimeout: (callback, delayMs) => clock.setTimer(callback, delayMs),
    clearTimeout: (handle) => {
      if (handle !== undefined) clock.cancel(handle as Event);
    },
    fetch: () => Promise.reject(new Error('not used')),
    webSocket: () =>
      class extends SimulatedWebSocket {
        constructor() {
          super(server, witness);
        }
      },
    onWake: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const follower = createRunner({
    runtime,
    backend,
    settings: {
      transports: plan.transports,
      polling: { intervalMs, concurrency: concurrencyOf(plan) },
      timeouts: { ...timeouts, requestMs: 0, jobMs: 0, notReadyMs: 0 },
      retry,
    },
    calls: breakCalls(
      {
        runtime,
        concurrency: concurrencyOf(plan),
        maxPauseMs: retry.maxDelayMs,
        quickMs: QUICK_MS,
        askStatus: async (jobId, signal) => {
          const answer = askStatus(
            { http: httpOf(server, plan), backend, cancels: { cancelled: new Map() } },
            jobId,
            signal,
            'never',
          );
          if (server.underWay > concurrencyOf(plan)) throw new Error('more status calls than allowed');
          // Before the client hears of it.
          answer.then(
            (update) => witness.answered(jobId, update),
            // A call that was given up says nothing of whether there are answers.
            (error) => signal?.aborted || witness.answered(jobId, error),
          );
          return await answer;
        },
      },
      clock,
    ),
    loadSse: async (codec) =>
      connectSse(
        { runtime, retry, openStream: (url, signal) => openStream(server, witness, url, signal) },
        codec,
        timeouts.connectMs,
      ),
    peers: plan.peers && {
      claim: async (jobId) => peers.claim(jobId),
      unclaim() {},
    },
    locate: (update) => update,
    webSocketUrl: () => 'ws://simulated/',
    logger: {
      debug() {},
      info() {},
      warn() {},
      error(message) {
        trouble = new Error(message);
      },
    },
  });

  const peers = new SimulatedPeers(clock, server, plan, (update) => follower.ingest(update, 'webhook'));
  let trouble: unknown;
  for (const [index, job] of plan.jobs.entries()) {
    const jobId = idOf(index);
    let following: Following | undefined;
    clock.after(job.followAt, () => {
      const sink: JobSink = {
        update: (snapshot) => witness.update(jobId, snapshot),
        stopped: (error) => witness.stopped(jobId, error),
        transport: ({ transport }) => witness.served(jobId, transport),
        warning: (warning) => witness.warned(warning),
      };
      const known = isKnown(plan) ? initialSnapshot(jobId, 'polling', clock.wallNow) : undefined;
      following = follower.follow(jobId, sink, known);
    });
    if (job.unfollowAt !== undefined) {
      clock.after(Math.max(job.unfollowAt, job.followAt + 1), () => {
        if (witness.isDone(jobId)) return;
        witness.left(jobId);
        following?.stop();
      });
    }
  }
  for (const { name, at, forMs } of plan.faults) {
    if (name !== 'online' && name !== 'visible' && name !== 'sleep') continue;
    clock.after(name === 'sleep' ? at + forMs : at, () => {
      witness.wakes += 1;
      for (const listener of listeners) listener(name === 'sleep' ? 'visible' : name);
    });
  }

  const isDone = () => plan.jobs.every((_, index) => witness.isDone(idOf(index)));
  while (!isDone() && clock.next(witness.deadline)) {
    await new Promise(setImmediate);
    if (trouble !== undefined) throw trouble;
    const open = server.open.filter(({ stream }) => stream === 'websocket');
    if (open.length > 1) throw new Error('two WebSockets at once');
  }
  witness.check();
  if (clock.timers.size > 0) throw new Error('a timer is left');
  if (server.open.length > 0) throw new Error('a connection is left');
  if (server.underWay > 0) throw new Error('a status call is left');
  if (listeners.size > 0) throw new Error('a listener is left');
}

/** The gateway's dialect; where a second call knows more, one whose streams and status leave it to that. */
function backendOf(plan: Plan): AnyBackend {
  const { webSocket, sse, ...calls } = GATEWAY;
  if (webSocket === undefined || sse === undefined) throw new Error('the gateway has both streams');
  const hinting = (message: StreamMessage): StreamMessage =>
    message.type === 'update' && isHint(message.update as Truth, plan)
      ? { type: 'ask', jobId: message.update.jobId }
      : message;
  return {
    ...calls,
    webSocket: { ...webSocket, parse: (frame) => hinting(webSocket.parse(frame)) },
    sse: { ...sse, perJob: plan.perJob || undefined, parse: (data) => hinting(sse.parse(data)) },
    parseStatus(response, jobId) {
      if (response.body === 'no such job') return { jobId, missing: true, raw: response.body };
      if (plan.resultMs === undefined || !isOver(response.body as Truth))
        return GATEWAY.parseStatus(response, jobId);
      return {
        next: { method: 'GET', url: RESULT },
        parse: (result) => GATEWAY.parseStatus(result, jobId),
      };
    },
    parseRefusal: ({ body, call }, jobId) =>
      call === 'followUp' && body === 'not yet' ? { jobId, raw: body } : undefined,
  };
}

const RESULT = '/result';

/** What answers the calls about a job. */
function httpOf(server: SimulatedServer, plan: Plan): Pick<HttpClient, 'send' | 'redact'> {
  return {
    redact: (text) => text,
    send: ({ url }, { jobId = '', signal, accepts }) =>
      new Promise((resolve, reject) => {
        const answered = (body: unknown, status = 200) => {
          const response = { status, headers: new Headers(), body };
          if (status === 200 || accepts?.(response) === true) resolve(response);
          else reject(new ApiError(`answered ${status}`, { status }));
        };
        const take = (result: Truth | undefined | Error) => {
          const isMissing = plan.missingBy200 === true && result instanceof ApiError && result.status === 404;
          if (isMissing) answered('no such job');
          else if (result instanceof Error) reject(result);
          else if (result === undefined) answered('not yet', 400);
          else answered(result);
        };
        const cancel = url === RESULT ? server.result(jobId, take) : server.status(jobId, take);
        signal?.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
      }),
  };
}

/** What goes over the wire of the gateway for what the simulated server says. */
function encode(frame: Frame): string {
  if (frame === 'greeting') return JSON.stringify({ type: 'connected', message: 'hello' });
  if ('garbageFor' in frame)
    return frame.garbageFor ? `{"jobId":"${frame.garbageFor}","status` : '\u0000\u0001';
  const { jobId, status, progress, error } = frame;
  if (status === 'completed')
    return JSON.stringify({ type: 'completed', jobId, videoId: 'v', timestamp: 'now' });
  if (status === 'failed' && error === undefined)
    return JSON.stringify({ type: 'progress', jobId, progress, status, message: 'At 40 %', data: {} });
  if (status === 'failed') return JSON.stringify({ type: 'error', jobId, error, timestamp: 'now' });
  return JSON.stringify({ type: 'progress', jobId, progress, status: 'generating' });
}

class SimulatedWebSocket implements WebSocketLike {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onerror: WebSocketLike['onerror'] = null;
  onclose: WebSocketLike['onclose'] = null;
  readonly #server: SimulatedServer;
  readonly #link;

  constructor(server: SimulatedServer, witness: Witness) {
    this.#server = server;
    witness.connects += 1;
    this.#link = server.connect('websocket', {
      opened: () => {
        witness.streamEvents += 1;
        this.readyState = 1;
        this.onopen?.({} as never);
      },
      frame: (frame) => this.onmessage?.({ data: encode(frame) }),
      failed: (failure) => {
        witness.streamEvents += 1;
        this.readyState = 3;
        this.onerror?.(errorEvent(failure) as never);
        this.onclose?.({ code: 1006, reason: '' });
      },
    });
  }

  send(data: string): void {
    const { action, jobId } = JSON.parse(data);
    this.#server[action as 'subscribe' | 'unsubscribe'](this.#link, jobId);
  }

  close(): void {
    this.readyState = 3;
    this.#server.close(this.#link);
  }
}

/** As the class of `ws` tells it. */
function errorEvent({ kind }: StreamFailure) {
  return kind === 'absent'
    ? { message: 'Unexpected server response: 404' }
    : { error: { code: 'ECONNREFUSED' } };
}

function openStream(
  server: SimulatedServer,
  witness: Witness,
  url: string,
  signal: AbortSignal,
): Promise<Response> {
  const jobIds = url.slice(url.indexOf('=') + 1).split(',');
  witness.connects += 1;
  return new Promise((resolve, reject) => {
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const link = server.connect('sse', {
      opened: () => {
        witness.streamEvents += jobIds.length;
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => {
            body = controller;
          },
          cancel: () => server.close(link),
        });
        resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream' } }));
      },
      frame: (frame) => {
        if (link.closed) return;
        body?.enqueue(new TextEncoder().encode(`data: ${encode(frame)}\n\n`));
        if (!server.endsWith(frame)) return;
        witness.streamEvents += 1;
        server.close(link);
        body?.close();
      },
      failed: ({ kind }) => {
        witness.streamEvents += 1;
        if (body !== undefined) body.error(undefined);
        else if (kind === 'absent') resolve(new Response(null, { status: 404 }));
        else reject(new NetworkError('network', 'refused'));
      },
    });
    for (const jobId of jobIds) server.subscribe(link, jobId);
    signal.addEventListener('abort', () => {
      server.close(link);
      reject(signal.reason);
    });
  });
}

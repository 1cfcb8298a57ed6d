import { soraGateway } from '../../src/backends/sora-gateway.js';
import type { StreamFailure, WakeReason } from '../../src/core/follow-model.js';
import type { Following, JobSink } from '../../src/core/follower.js';
import { initialSnapshot } from '../../src/core/job-state.js';
import type { JobUpdate } from '../../src/core/model.js';
import { NetworkError } from '../../src/errors.js';
import type { WakingRuntime, WebSocketLike } from '../../src/runtime/runtime.js';
import { createRunner } from '../../src/transports/runner.js';
import { connectSse } from '../../src/transports/sse.js';
import { StatusCalls, type StatusCallsDeps } from '../../src/transports/status-calls.js';
import { type Event, randomOf, VirtualClock } from './clock.js';
import { concurrencyOf, idOf, isKnown, type Plan, QUICK_MS, SETTINGS } from './plan.js';
import { type Frame, SimulatedServer } from './server.js';
import { Witness } from './witness.js';

const BACKEND = soraGateway();

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
    backend: BACKEND,
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
          const answer = ask(server, jobId, signal);
          if (server.underWay > concurrencyOf(plan)) throw new Error('more status calls than allowed');
          // Before the client hears of it.
          answer.then(
            () => witness.answered(jobId, true),
            // A call that was given up says nothing of whether there are answers.
            () => signal?.aborted || witness.answered(jobId, false),
          );
          const body = await answer;
          // Of this dialect it is never a follow-up.
          return BACKEND.parseStatus({ status: 200, headers: new Headers(), body }, jobId) as JobUpdate;
        },
      },
      clock,
    ),
    loadSse: async (codec) =>
      connectSse(
        { runtime, openStream: (url, signal) => openStream(server, witness, url, signal) },
        codec,
        timeouts.connectMs,
      ),
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

function ask(server: SimulatedServer, jobId: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const cancel = server.status(jobId, (result) => {
      if (result instanceof Error) reject(result);
      else resolve(result);
    });
    signal.addEventListener('abort', () => {
      cancel();
      reject(signal.reason);
    });
  });
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
      frame: (frame) => body?.enqueue(new TextEncoder().encode(`data: ${encode(frame)}\n\n`)),
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

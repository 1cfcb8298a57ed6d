import type { AnyBackend } from '../backends/backend.js';
import { step } from '../core/follow.js';
import {
  createFollowState,
  type FollowEffect,
  type FollowSignal,
  type StreamName,
} from '../core/follow-model.js';
import { isTerminal } from '../core/model.js';
import type { Runtime, TimerHandle } from '../core/runtime.js';
import type { VideoError } from '../errors.js';
import type { Logger, Settings } from '../options.js';
import { type AskStatus, StatusCalls } from './polling.js';
import { type StreamDeps, streamsOf } from './streams.js';
import type { JobFollower, JobSink, StreamConnection } from './transport.js';

export interface RunnerDeps extends StreamDeps {
  readonly runtime: Runtime;
  readonly backend: Pick<AnyBackend, 'webSocket' | 'sse'>;
  readonly settings: Pick<Settings, 'transports' | 'polling' | 'timeouts' | 'retry'>;
  /** One attempt; rejects with our errors. */
  readonly askStatus: AskStatus;
  readonly logger: Logger;
}

/** Performs what `core/follow.ts` decides. Nothing runs, and nobody listens to the window, while no job is followed. */
export function createRunner(deps: RunnerDeps): JobFollower {
  const { runtime, backend, settings, logger } = deps;
  const { headStartMs, connectMs, silenceMs } = settings.timeouts;
  const connectors = streamsOf(backend, deps, connectMs);
  const state = createFollowState(
    {
      transports: settings.transports.filter((name) => name === 'polling' || connectors[name] !== undefined),
      intervalMs: settings.polling.intervalMs,
      headStartMs,
      connectMs,
      silenceMs,
      retry: settings.retry,
    },
    runtime.random() * 2 ** 32,
  );

  const sinks = new Map<string, Set<JobSink>>();
  const connections = new Map<StreamName, StreamConnection>();
  const calls = new StatusCalls({
    runtime,
    concurrency: settings.polling.concurrency,
    askStatus: deps.askStatus,
    answered: (jobId, update, more) =>
      dispatch({ type: 'answered', now: runtime.now(), jobId, update, more }),
    refused: (jobId, error, more) => dispatch({ type: 'refused', now: runtime.now(), jobId, error, more }),
  });
  const signals: FollowSignal[] = [];
  let draining = false;
  let timer: TimerHandle;
  let stopListening: (() => void) | undefined;
  let closed: ((jobId: string) => VideoError) | undefined;

  /** One signal at a time: what an effect or a sink sets off waits its turn. */
  function dispatch(signal: FollowSignal): void {
    signals.push(signal);
    if (!draining) drain();
  }

  function drain(): void {
    draining = true;
    for (let signal = signals.shift(); signal !== undefined; signal = signals.shift()) {
      for (const effect of step(state, signal)) safely(() => perform(effect));
    }
    draining = false;
    // Only now, so that two reasons to ask that come together make one call.
    calls.flush();
    listen();
  }

  /** To the window, and only while a job is followed. */
  function listen(): void {
    if (state.jobs.size > 0) {
      stopListening ??= runtime.onWake((reason) => dispatch({ type: 'wake', now: runtime.now(), reason }));
    } else {
      stopListening?.();
      stopListening = undefined;
    }
  }

  function perform(effect: FollowEffect): void {
    switch (effect.type) {
      case 'connect':
        connect(effect.stream, effect.connection, effect.jobIds);
        break;
      case 'close':
        connections.get(effect.stream)?.close();
        connections.delete(effect.stream);
        break;
      case 'subscribe':
      case 'unsubscribe':
        connections.get(effect.stream)?.[effect.type](effect.jobId);
        break;
      case 'ask':
        calls.ask(effect.jobId, effect.urgent);
        break;
      case 'forget':
        calls.forget(effect.jobId);
        break;
      case 'timer':
        arm(effect.delayMs);
        break;
      default:
        report(effect);
    }
  }

  function report(
    effect: Extract<FollowEffect, { type: 'update' | 'transport' | 'warning' | 'stopped' }>,
  ): void {
    switch (effect.type) {
      case 'update':
        tell(effect.jobId, (sink) => sink.update(effect.snapshot), isTerminal(effect.snapshot.status));
        break;
      case 'transport':
        tell(effect.change.jobId, (sink) => sink.transport(effect.change));
        break;
      case 'warning':
        tell(effect.warning.jobId, (sink) => sink.warning(effect.warning));
        logger.warn(effect.warning.message);
        break;
      case 'stopped':
        tell(effect.jobId, (sink) => sink.stopped(effect.error), true);
        break;
    }
  }

  function arm(delayMs: number | undefined): void {
    runtime.clearTimeout(timer);
    timer = undefined;
    if (delayMs === undefined) return;
    timer = runtime.setTimeout(() => dispatch({ type: 'clock', now: runtime.now() }), delayMs);
  }

  function connect(stream: StreamName, connection: number, jobIds: readonly string[]): void {
    const made = connectors[stream]?.(jobIds, {
      opened: (ids) => dispatch({ type: 'opened', now: runtime.now(), stream, connection, jobIds: ids }),
      said: (message) => dispatch({ type: 'said', now: runtime.now(), stream, connection, message }),
      alive: () => dispatch({ type: 'alive', now: runtime.now(), stream, connection }),
      failed: (failure) => {
        logger.info(failure.reason);
        dispatch({ type: 'failed', now: runtime.now(), stream, connection, failure });
      },
    });
    if (made !== undefined) connections.set(stream, made);
  }

  function tell(jobId: string, call: (sink: JobSink) => void, last = false): void {
    const listeners = sinks.get(jobId);
    if (listeners === undefined) return;
    if (last) sinks.delete(jobId);
    for (const sink of listeners) safely(() => call(sink));
  }

  /** One sink or logger that throws must not keep the end from the others. */
  function safely(perform: () => void): void {
    try {
      perform();
    } catch (error) {
      try {
        logger.error(`a listener threw: ${String(error)}`);
      } catch {
        // Then there is nobody left to tell.
      }
    }
  }

  return {
    follow(jobId, sink, known) {
      if (closed !== undefined) {
        const closing = closed(jobId);
        queueMicrotask(() => sink.stopped(closing));
        return () => {};
      }
      const listeners = sinks.get(jobId) ?? new Set();
      sinks.set(jobId, listeners.add(sink));
      // Not before this has returned: who follows gets no call in the middle of it.
      queueMicrotask(() => {
        if (!listeners.has(sink) || sinks.get(jobId) !== listeners) return;
        const snapshot = state.jobs.get(jobId)?.snapshot;
        dispatch({ type: 'follow', now: runtime.now(), jobId, known });
        if (snapshot !== undefined && snapshot !== known) safely(() => sink.update(snapshot));
      });
      return () => {
        if (!listeners.delete(sink) || listeners.size > 0 || sinks.get(jobId) !== listeners) return;
        sinks.delete(jobId);
        dispatch({ type: 'unfollow', now: runtime.now(), jobId });
      };
    },
    ingest(update, source) {
      dispatch({ type: 'learned', now: runtime.now(), update, source });
    },
    close(error) {
      closed = error;
      for (const jobId of [...sinks.keys()]) {
        const closing: VideoError = error(jobId);
        tell(jobId, (sink) => sink.stopped(closing), true);
        dispatch({ type: 'unfollow', now: runtime.now(), jobId });
      }
    },
  };
}

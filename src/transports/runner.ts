import type { AnyBackend } from '../backends/backend.js';
import { step } from '../core/follow.js';
import {
  type FollowEffect,
  type FollowEvent,
  type Happening,
  type StreamName,
  type TellEffect,
  TIMER_SLACK_MS,
} from '../core/follow-model.js';
import { createFollowState } from '../core/follow-state.js';
import { isTerminal, type JobUpdate } from '../core/model.js';
import type { FollowingSettings, Logger } from '../core/settings.js';
import { isVideoError, partNotLoaded, type VideoError } from '../errors.js';
import type { TimerHandle, WakingRuntime } from '../runtime/runtime.js';
import type { Peers } from './call-lines.js';
import { EventClock } from './event-clock.js';
import { FollowLog } from './follow-log.js';
import { JobSinks } from './job-sinks.js';
import { jobsMeant } from './jobs-meant.js';
import type { StatusCalls } from './status-calls.js';
import { type StreamDeps, streamsOf } from './streams.js';
import { toldOf } from './told-of.js';
import type { Follower, StreamConnection } from './transport.js';

export interface RunnerDeps extends StreamDeps {
  readonly runtime: WakingRuntime;
  readonly backend: Pick<AnyBackend, 'webSocket' | 'sse' | 'webhookIdOf'>;
  readonly settings: FollowingSettings;
  /** Those of the whole client. */
  readonly calls: StatusCalls;
  readonly peers?: Peers | undefined;
  /** Makes a `videoUrl` that is relative to the server absolute. */
  readonly locate: (update: JobUpdate) => JobUpdate;
  /** Keeps credentials that a server echoes out of what is told. */
  readonly redact?: (text: string) => string;
  readonly logger: Logger;
}

/** Performs what `core/follow.ts` decides. Nothing runs, and nobody listens to the window, while no job is followed. */
export function createRunner(deps: RunnerDeps): Follower {
  const { runtime, backend, settings, redact = (text: string) => text } = deps;
  const known = (jobId: string) => state.jobs.get(jobId)?.snapshot;
  const connectors = streamsOf(backend, { ...deps, known });
  const state = createFollowState(
    {
      ...settings.timeouts,
      transports: settings.transports.filter((name) => name === 'polling' || connectors[name] !== undefined),
      intervalMs: settings.polling.intervalMs,
      retry: settings.retry,
    },
    runtime.random() * 2 ** 32,
  );

  const jobs = new Map<string, JobSinks>();
  const log = new FollowLog(deps);
  const clock = new EventClock(runtime);
  const connections = new Map<StreamName, StreamConnection>();
  const calls = deps.calls.of({
    answered: (jobId, update, askedAgain) => dispatch({ type: 'answered', jobId, update, askedAgain }),
    refused: (jobId, error, askedAgain) => dispatch({ type: 'refused', jobId, error, askedAgain }),
    spared: (jobId, askedAgain) => dispatch({ type: 'spared', jobId, askedAgain }),
    peers: deps.peers,
  });
  const events: FollowEvent[] = [];
  let draining = false;
  let timer: TimerHandle;
  let stopListening: (() => void) | undefined;
  let closed: ((jobId: string) => VideoError) | undefined;

  /** One event at a time: what an effect or a sink sets off waits its turn. */
  function dispatch(happening: Happening | FollowEvent): void {
    events.push(clock.date(happening));
    if (!draining) drain();
  }

  function drain(): void {
    draining = true;
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      let effects: readonly FollowEffect[] = [];
      try {
        effects = step(state, event);
      } catch (error) {
        log.threw(error); // Of what a codec read: one job's trouble is not that of the others.
      }
      for (const effect of effects) {
        try {
          perform(effect);
        } catch (error) {
          log.threw(error); // A codec of the caller's own, say.
        }
      }
    }
    draining = false;
    // Only now, so that two reasons to ask that come together make one call.
    calls.flush();
    listen();
  }

  /** To the window, and only while a job is followed. */
  function listen(): void {
    if (state.jobs.size > 0) {
      stopListening ??= runtime.onWake((reason) => dispatch({ type: 'wake', reason }));
    } else {
      stopListening?.();
      stopListening = undefined;
      log.flush();
    }
  }

  function perform(effect: FollowEffect): void {
    switch (effect.type) {
      case 'update':
      case 'transport':
      case 'warning':
      case 'stopped':
        tell(effect);
        break;
      case 'connect':
        connect(effect.stream, effect.connection, effect.jobIds);
        break;
      case 'close':
        connections.get(effect.stream)?.close();
        connections.delete(effect.stream);
        break;
      case 'distrusted':
        if (effect.stream === 'websocket') deps.session?.distrusted([...state.jobs.keys()]);
        break;
      case 'subscribe':
      case 'unsubscribe':
        connections.get(effect.stream)?.[effect.type](effect.jobId);
        break;
      case 'ask':
        calls.ask(effect.jobId, effect.urgent, effect.standing, effect.routine);
        break;
      case 'forget':
        calls.forget(effect.jobId);
        break;
      case 'timer':
        arm(effect.delayMs);
        break;
    }
  }

  function tell(effect: TellEffect): void {
    const sinks = effect.owner as JobSinks;
    const isLast =
      effect.type === 'stopped' || (effect.type === 'update' && isTerminal(effect.snapshot.status));
    if (isLast && jobs.get(effect.jobId) === sinks) jobs.delete(effect.jobId);
    log.tell(effect);
    sinks.tell(effect, log.threw);
  }

  function arm(delayMs: number | undefined): void {
    runtime.clearTimeout(timer);
    const ring = () => dispatch({ type: 'clock' });
    timer =
      delayMs === undefined ? undefined : runtime.setTimeout(ring, Math.max(0, delayMs - TIMER_SLACK_MS));
  }

  function connect(stream: StreamName, connection: number, jobIds: readonly string[]): void {
    const made = connectors[stream]?.(jobIds, {
      opened: (ids) => dispatch({ type: 'opened', stream, connection, jobIds: ids }),
      dropped: (jobId) => dispatch({ type: 'dropped', stream, connection, jobId }),
      // With room for its time: that of each frame would have to be made otherwise.
      said: (message) =>
        dispatch({
          type: 'said',
          now: 0,
          wallNow: 0,
          stream,
          connection,
          message: toldOf(message, redact, deps.locate),
        }),
      failed: (said) => {
        const failure = { ...said, reason: redact(said.reason) };
        log.failed(failure.reason, [...state.jobs.keys()]);
        dispatch({ type: 'failed', stream, connection, failure });
        const { error } = said;
        // Nothing else brings these jobs any further.
        if (settings.transports.length === 1 && isVideoError(error) && error.code === 'part-not-loaded')
          stopAll((jobId) => partNotLoaded(stream, jobId, error.cause));
      },
    });
    if (made !== undefined) connections.set(stream, made);
  }

  function left(sinks: JobSinks): void {
    const { jobId } = sinks;
    if (!sinks.isEmpty || jobs.get(jobId) !== sinks) return;
    jobs.delete(jobId);
    dispatch({ type: 'unfollow', jobId });
  }

  function stopAll(error: (jobId: string) => VideoError): void {
    for (const [jobId, sinks] of [...jobs]) {
      tell({ type: 'stopped', jobId, owner: sinks, error: error(jobId) });
      dispatch({ type: 'unfollow', jobId });
    }
  }

  return {
    follow(jobId, sink, known) {
      if (closed !== undefined) {
        const closing = closed(jobId);
        queueMicrotask(() => sink.stopped(closing));
        return { stop() {} };
      }
      const others = jobs.get(jobId);
      const sinks = others ?? new JobSinks(jobId, sink, left);
      const link = others?.add(sink) ?? sinks;
      jobs.set(jobId, sinks);
      // Not before this has returned: who follows gets no call in the middle of it.
      queueMicrotask(() => {
        if (link.hasLeft || jobs.get(jobId) !== sinks) return;
        const snapshot = state.jobs.get(jobId)?.snapshot;
        dispatch({ type: 'follow', jobId, known, owner: sinks });
        if (snapshot === undefined || snapshot === known) return;
        try {
          sink.update(snapshot);
        } catch (error) {
          log.threw(error);
        }
      });
      return link;
    },
    failureOf: (jobId) => state.jobs.get(jobId)?.trouble?.error,
    ingest(update, source) {
      // After what was followed in this moment.
      queueMicrotask(() => {
        for (const jobId of jobsMeant(update.jobId, jobs.keys(), backend, log.threw)) {
          const learned = { ...update, jobId };
          if (runtime.isPerRequest !== true) dispatch({ type: 'learned', update: learned, source });
          // Another request may say so, which must not touch what this one opened: it is read at the next own event.
          else if (jobs.has(jobId)) events.push(clock.date({ type: 'learned', update: learned, source }));
        }
      });
    },
    close(error) {
      closed = error;
      stopAll(error);
    },
  };
}

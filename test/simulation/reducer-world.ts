import { step } from '../../src/core/follow.js';
import type { FollowEffect, FollowEvent, Happening, StreamName } from '../../src/core/follow-model.js';
import { createFollowState, type FollowState } from '../../src/core/follow-state.js';
import { initialSnapshot } from '../../src/core/job-state.js';
import type { JobUpdate, StreamMessage } from '../../src/core/model.js';
import { type Event, VirtualClock } from './clock.js';
import { SimulatedPeers } from './peers.js';
import { idOf, isKnown, type Plan, SETTINGS } from './plan.js';
import { type Frame, isHint, isOver, SimulatedServer, type Truth } from './server.js';
import { Witness } from './witness.js';

export type Step = (state: FollowState, event: FollowEvent) => readonly FollowEffect[];

/** Plays one schedule to the reducer alone; throws where an invariant is broken. */
export function playReducer(plan: Plan, take: Step = step): void {
  const clock = new VirtualClock();
  const server = new SimulatedServer(clock, plan);
  const witness = new Witness(clock, server, plan);
  const state = createFollowState({ ...SETTINGS, transports: plan.transports }, plan.seed);
  const links = new Map<StreamName, ReturnType<typeof server.connect>>();
  const opened = new Set<StreamName>();
  const calls = new Map<string, { cancel: () => void; again: boolean }>();
  const peers = new SimulatedPeers(clock, server, plan, (update) => {
    dispatch({ type: 'learned', update, source: 'webhook' });
  });
  let timer: Event | undefined;

  function dispatch(event: Happening): void {
    // Effects are performed in full before the next event, as the runner does.
    const effects = take(state, { ...event, now: clock.now, wallNow: clock.wallNow } as FollowEvent);
    for (const effect of effects) perform(effect);
  }

  function perform(effect: FollowEffect): void {
    switch (effect.type) {
      case 'connect':
        connect(effect.stream, effect.connection, effect.jobIds);
        break;
      case 'close':
        close(effect.stream);
        break;
      case 'subscribe':
        subscribe(effect.stream, effect.jobId);
        break;
      case 'unsubscribe': {
        const link = links.get(effect.stream);
        if (link !== undefined && effect.stream === 'websocket') server.unsubscribe(link, effect.jobId);
        break;
      }
      case 'ask':
        if (isOurs(effect)) call(effect.jobId);
        else spare(effect.jobId);
        break;
      case 'forget':
        calls.get(effect.jobId)?.cancel();
        calls.delete(effect.jobId);
        break;
      case 'timer':
        if (timer !== undefined) clock.cancel(timer);
        timer =
          effect.delayMs === undefined
            ? undefined
            : clock.setTimer(() => dispatch({ type: 'clock' }), effect.delayMs);
        break;
      case 'update':
        witness.update(effect.jobId, effect.snapshot);
        break;
      case 'transport':
        witness.served(effect.jobId, effect.change.transport);
        break;
      case 'warning':
        witness.warned(effect.warning);
        break;
      case 'stopped':
        witness.stopped(effect.jobId, effect.error);
        break;
    }
  }

  function connect(stream: StreamName, connection: number, jobIds: readonly string[]): void {
    if (links.has(stream)) throw new Error(`two connections of ${stream} at once`);
    witness.connects += 1;
    const link = server.connect(stream, {
      opened: () => {
        witness.streamEvents += 1;
        opened.add(stream);
        for (const jobId of jobIds) {
          server.subscribe(link, jobId);
          if (state.jobs.has(jobId)) witness.opened(jobId);
        }
        dispatch({ type: 'opened', stream, connection, jobIds });
        for (const jobId of state.jobs.keys()) if (!jobIds.includes(jobId)) subscribe(stream, jobId);
      },
      frame: (frame) => {
        dispatch({ type: 'said', stream, connection, message: messageOf(frame, plan) });
        if (stream === 'sse' && server.endsWith(frame)) reopen(connection, frame.jobId);
      },
      failed: (failure) => {
        witness.streamEvents += 1;
        forget(stream);
        dispatch({ type: 'failed', stream, connection, failure });
      },
    });
    links.set(stream, link);
  }

  /** The stream of this job ends, and is opened again after a while. */
  function reopen(connection: number, jobId: string): void {
    witness.streamEvents += 1;
    const link = links.get('sse');
    if (link !== undefined) server.leave(link, jobId);
    dispatch({ type: 'dropped', stream: 'sse', connection, jobId });
    clock.reach(2_000, () => subscribe('sse', jobId));
  }

  /** An event stream is opened anew for a longer list, which takes its time; a WebSocket is written to. */
  function subscribe(stream: StreamName, jobId: string): void {
    const link = links.get(stream);
    if (link === undefined || !opened.has(stream)) return;
    const carried = () => {
      if (link.closed || !state.jobs.has(jobId)) return;
      server.subscribe(link, jobId);
      witness.opened(jobId);
      witness.streamEvents += 1;
      const connection = state.streams[stream].connection;
      dispatch({ type: 'opened', stream, connection, jobIds: [jobId] });
    };
    if (stream === 'sse') clock.reach(100, carried);
    else clock.reach(0, carried);
  }

  function close(stream: StreamName): void {
    const link = links.get(stream);
    if (link === undefined) throw new Error(`${stream} was closed twice`);
    witness.streamEvents += 1;
    server.close(link);
    forget(stream);
  }

  function forget(stream: StreamName): void {
    links.delete(stream);
    opened.delete(stream);
  }

  function isOurs({ jobId, routine }: Extract<FollowEffect, { type: 'ask' }>): boolean {
    return !routine || plan.peers === undefined || calls.has(jobId) || peers.claim(jobId);
  }

  /** Another process asks in its place; that takes a moment to find out. */
  function spare(jobId: string): void {
    const entry = { again: false, cancel: () => clock.cancel(told) };
    calls.set(jobId, entry);
    const told = clock.reach(1, () => {
      calls.delete(jobId);
      if (entry.again) call(jobId);
      dispatch({ type: 'spared', jobId, askedAgain: entry.again });
    });
  }

  function call(jobId: string): void {
    const running = calls.get(jobId);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const entry = { again: false, cancel: () => {} };
    const answered = (result: JobUpdate | Error) => {
      calls.delete(jobId);
      const more = entry.again;
      if (more) call(jobId);
      witness.answered(jobId, result);
      if (result instanceof Error) dispatch({ type: 'refused', jobId, error: result, askedAgain: more });
      else dispatch({ type: 'answered', jobId, update: result, askedAgain: more });
    };
    entry.cancel = server.status(jobId, (said) => {
      if (said instanceof Error || plan.resultMs === undefined || !isOver(said)) {
        answered(said instanceof Error ? said : updateOf(said));
        return;
      }
      entry.cancel = server.result(jobId, (result) => {
        if (result instanceof Error) answered(result);
        else answered({ jobId, raw: result, ...result, isFollowUp: true });
      });
    });
    calls.set(jobId, entry);
  }

  for (const [index, job] of plan.jobs.entries()) {
    const jobId = idOf(index);
    const known = isKnown(plan) ? initialSnapshot(jobId, 'polling', clock.wallNow) : undefined;
    clock.after(job.followAt, () => dispatch({ type: 'follow', jobId, known }));
    if (job.unfollowAt !== undefined) {
      clock.after(Math.max(job.unfollowAt, job.followAt + 1), () => {
        if (witness.isDone(jobId)) return;
        witness.left(jobId);
        dispatch({ type: 'unfollow', jobId });
      });
    }
  }
  for (const { name, at, forMs } of plan.faults) {
    if (name !== 'online' && name !== 'visible' && name !== 'sleep') continue;
    const reason = name === 'sleep' ? 'visible' : name;
    clock.after(name === 'sleep' ? at + forMs : at, () => {
      witness.wakes += 1;
      dispatch({ type: 'wake', reason });
    });
  }

  const isDone = () => plan.jobs.every((_, index) => witness.isDone(idOf(index)));
  while (!isDone() && clock.next(witness.deadline)) {
    // On to the next event.
  }
  witness.check();
  if (clock.timers.size > 0) throw new Error('a timer is left');
  if (server.open.length > 0) throw new Error('a connection is left');
  if (server.underWay > 0) throw new Error('a status call is left');
  if (state.jobs.size > 0 || state.deadlines.first !== undefined) throw new Error('a job is left');
}

function updateOf(truth: Truth): JobUpdate {
  return { ...truth, raw: truth };
}

function messageOf(frame: Frame, plan: Plan): StreamMessage {
  if (frame === 'greeting') return { type: 'control' };
  if (isHint(frame, plan)) return { type: 'ask', jobId: frame.jobId };
  if ('garbageFor' in frame) return { type: 'problem', message: 'garbage', jobId: frame.garbageFor };
  return { type: 'update', update: updateOf(frame) };
}

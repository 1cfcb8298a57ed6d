import { type Link, unlink } from '../core/chain.js';
import type { TellEffect } from '../core/follow-model.js';
import type { Following, JobSink } from './transport.js';

/** Those who follow one job. */
export class JobSinks {
  #first: SinkLink | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(jobId: string, sink: JobSink, stopped: (link: SinkLink) => void): SinkLink {
    this.#first = new SinkLink(jobId, sink, this, this.#first, stopped);
    return this.#first;
  }

  delete(link: SinkLink): void {
    link.hasLeft = true;
    this.#first = unlink(this.#first, link);
  }

  /** One that throws does not keep it from the others; nor is one told that left while another was. */
  tell(effect: TellEffect, onError: (error: unknown) => void): void {
    for (let link = this.#first; link !== undefined; link = link.next) {
      if (link.hasLeft) continue;
      try {
        call(link.sink, effect);
      } catch (error) {
        onError(error);
      }
    }
  }
}

/** One of them. */
export class SinkLink implements Following, Link<SinkLink> {
  readonly jobId: string;
  readonly sink: JobSink;
  readonly sinks: JobSinks;
  next: SinkLink | undefined;
  hasLeft = false;
  readonly #stopped: (link: SinkLink) => void;

  constructor(
    jobId: string,
    sink: JobSink,
    sinks: JobSinks,
    next: SinkLink | undefined,
    stopped: (link: SinkLink) => void,
  ) {
    this.jobId = jobId;
    this.sink = sink;
    this.sinks = sinks;
    this.next = next;
    this.#stopped = stopped;
  }

  stop(): void {
    if (this.hasLeft) return;
    this.sinks.delete(this);
    this.#stopped(this);
  }
}

function call(sink: JobSink, effect: TellEffect): void {
  if (effect.type === 'update') sink.update(effect.snapshot);
  else if (effect.type === 'transport') sink.transport(effect.change);
  else if (effect.type === 'warning') sink.warning(effect.warning);
  else sink.stopped(effect.error);
}

import { type Link, unlink } from '../core/chain.js';
import type { TellEffect } from '../core/follow-model.js';
import type { Following, JobSink } from '../core/follower.js';

/** Those who follow one job. */
export class JobSinks {
  readonly jobId: string;
  #first: SinkLink | undefined;

  constructor(jobId: string) {
    this.jobId = jobId;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** `left` is told once it has stopped by itself. */
  add(sink: JobSink, left: (sinks: JobSinks) => void): SinkLink {
    this.#first = new SinkLink(sink, this, this.#first, left);
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
  readonly sink: JobSink;
  next: SinkLink | undefined;
  hasLeft = false;
  readonly #sinks: JobSinks;
  readonly #left: (sinks: JobSinks) => void;

  constructor(sink: JobSink, sinks: JobSinks, next: SinkLink | undefined, left: (sinks: JobSinks) => void) {
    this.sink = sink;
    this.#sinks = sinks;
    this.next = next;
    this.#left = left;
  }

  stop(): void {
    if (this.hasLeft) return;
    this.#sinks.delete(this);
    this.#left(this.#sinks);
  }
}

function call(sink: JobSink, effect: TellEffect): void {
  if (effect.type === 'update') sink.update(effect.snapshot);
  else if (effect.type === 'transport') sink.transport(effect.change);
  else if (effect.type === 'warning') sink.warning(effect.warning);
  else sink.stopped(effect.error);
}

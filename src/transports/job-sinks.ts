import { type Link, unlink } from '../core/chain.js';
import type { TellEffect } from '../core/follow-model.js';
import type { Following, JobSink } from '../core/follower.js';

/** Those who follow one job, which is nearly always one: it has no link of its own. */
export class JobSinks implements Following {
  readonly jobId: string;
  readonly #left: (sinks: JobSinks) => void;
  #first: JobSink | undefined;
  #others: SinkLink | undefined;

  /** `left` is told whenever one has stopped by itself. */
  constructor(jobId: string, first: JobSink, left: (sinks: JobSinks) => void) {
    this.jobId = jobId;
    this.#first = first;
    this.#left = left;
  }

  get isEmpty(): boolean {
    return this.hasLeft && this.#others === undefined;
  }

  /** Of the first. */
  get hasLeft(): boolean {
    return this.#first === undefined;
  }

  /** Stops the first. */
  stop(): void {
    if (this.hasLeft) return;
    this.#first = undefined;
    this.#left(this);
  }

  add(sink: JobSink): SinkLink {
    this.#others = new SinkLink(sink, this, this.#others);
    return this.#others;
  }

  delete(link: SinkLink): void {
    link.hasLeft = true;
    this.#others = unlink(this.#others, link);
    this.#left(this);
  }

  /** One that throws does not keep it from the others; nor is one told that left while another was. */
  tell(effect: TellEffect, onError: (error: unknown) => void): void {
    // Whoever comes while the first is told is not told this.
    const others = this.#others;
    if (this.#first !== undefined) call(this.#first, effect, onError);
    for (let link = others; link !== undefined; link = link.next) {
      if (!link.hasLeft) call(link.sink, effect, onError);
    }
  }
}

/** One more of them. */
class SinkLink implements Following, Link<SinkLink> {
  readonly sink: JobSink;
  next: SinkLink | undefined;
  hasLeft = false;
  readonly #sinks: JobSinks;

  constructor(sink: JobSink, sinks: JobSinks, next: SinkLink | undefined) {
    this.sink = sink;
    this.#sinks = sinks;
    this.next = next;
  }

  stop(): void {
    if (!this.hasLeft) this.#sinks.delete(this);
  }
}

function call(sink: JobSink, effect: TellEffect, onError: (error: unknown) => void): void {
  try {
    if (effect.type === 'update') sink.update(effect.snapshot);
    else if (effect.type === 'transport') sink.transport(effect.change);
    else if (effect.type === 'warning') sink.warning(effect.warning);
    else sink.stopped(effect.error);
  } catch (error) {
    onError(error);
  }
}

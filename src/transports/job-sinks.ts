import type { TellEffect } from '../core/follow-model.js';
import type { JobSink } from './transport.js';

/** Those who follow one job. The list is copied when it changes, so that it can change while it is told. */
export class JobSinks {
  #sinks: readonly JobSink[] = [];

  get size(): number {
    return this.#sinks.length;
  }

  has(sink: JobSink): boolean {
    return this.#sinks.includes(sink);
  }

  add(sink: JobSink): void {
    this.#sinks = this.#sinks.concat(sink); // A spread would reserve room for more.
  }

  /** False where it had left already. */
  delete(sink: JobSink): boolean {
    const before = this.#sinks;
    this.#sinks = before.filter((one) => one !== sink);
    return this.#sinks.length < before.length;
  }

  /** One that throws does not keep it from the others; nor is one told that left while another was. */
  tell(effect: TellEffect, onError: (error: unknown) => void): void {
    const told = this.#sinks;
    for (const sink of told) {
      if (told !== this.#sinks && !this.has(sink)) continue;
      try {
        call(sink, effect);
      } catch (error) {
        onError(error);
      }
    }
  }
}

function call(sink: JobSink, effect: TellEffect): void {
  if (effect.type === 'update') sink.update(effect.snapshot);
  else if (effect.type === 'transport') sink.transport(effect.change);
  else if (effect.type === 'warning') sink.warning(effect.warning);
  else sink.stopped(effect.error);
}

import type { MockStream } from './stream.js';

/** How many closed streams are remembered. */
const MAX_CLOSED = 1_000;

/** The streams of a mock server, oldest first, closed ones included. */
export class MockStreams {
  #streams: MockStream[] = [];

  /** @internal */
  add(stream: MockStream): void {
    this.#streams.push(stream);
    if (this.#streams.length % MAX_CLOSED !== 0) return;
    const closed = this.#streams.filter((one) => !one.open);
    const forgotten = new Set(closed.slice(0, -MAX_CLOSED));
    this.#streams = this.#streams.filter((one) => !forgotten.has(one));
  }

  get all(): readonly MockStream[] {
    return this.#streams;
  }

  /** The open ones. */
  get open(): readonly MockStream[] {
    return this.#streams.filter((stream) => stream.open);
  }

  /** How many are open of one kind. */
  count(kind: MockStream['kind']): number {
    return this.open.filter((stream) => stream.kind === kind).length;
  }

  /** Closes every open one; see `MockStream.close`. */
  close(code?: number, reason?: string): void {
    for (const stream of this.open) stream.close(code, reason);
  }
}

import type { MockDialect } from './dialect-names.js';
import type { MockRoute } from './fault.js';

/** A file of a multipart form. */
export interface MockUpload {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** One request that reached the server, also one that a fault kept from an answer. */
export interface MockRequest {
  /** Undefined where no route matched. */
  readonly route: MockRoute | undefined;
  readonly dialect: MockDialect | undefined;
  readonly origin: 'main' | 'files';
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The job it named, or the job it made. */
  jobId: string | undefined;
  /** Parsed JSON, the text fields of a form, or text; undefined until it was read. */
  body: unknown;
  files: readonly MockUpload[];
  /** Of the answer; undefined where none was given. */
  status: number | undefined;
  readonly at: Date;
}

/** The requests of a mock server, oldest first; the oldest are forgotten. */
export class BoundedLog<T> {
  readonly #limit: number;
  #entries: T[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(entry: T): void {
    this.#entries.push(entry);
    if (this.#entries.length >= this.#limit * 2) this.#entries = this.#entries.slice(-this.#limit);
  }

  get all(): readonly T[] {
    return this.#entries.slice(-this.#limit);
  }

  clear(): void {
    this.#entries = [];
  }
}

import { VideoError } from '../errors.js';

/** More would be asked at once than may be: the sender is to come again. */
class BusyError extends VideoError {
  override readonly name = 'BusyError';

  constructor(asks: number) {
    super('rate-limited', `${asks} jobs are being asked for`, {
      hint: 'With a 503 the sender comes again.',
    });
  }
}

/** So many at once, and no more: nobody waits in a line that anybody can make longer. */
export class Asks {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * What `work` gives.
   *
   * @param signal - Where it aborts, what has not come by then is given up, and makes room for another.
   * @throws BusyError
   */
  async run<T>(signal: AbortSignal | undefined, work: () => T | Promise<T>): Promise<T> {
    if (this.#count >= this.#max) throw new BusyError(this.#max);
    this.#count += 1;
    let stop = () => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop);
    });
    try {
      signal?.throwIfAborted();
      return await Promise.race([aborted, work()]);
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#count -= 1;
    }
  }
}

/** Something that passes once. */
export interface Timer {
  readonly passed: Promise<undefined>;
  clear(): void;
}

/** @param background - Does not keep a process of Node alive. */
export function startTimer(ms: number, background = false): Timer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
    // Only Node's timers can.
    if (background) (timer as { unref?(): void }).unref?.();
  });
  return { passed, clear: () => clearTimeout(timer) };
}

/** What became of a promise, as a value. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Never rejects. */
export function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  return work.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );
}

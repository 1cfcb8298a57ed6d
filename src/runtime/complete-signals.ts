type Abort = (this: AbortController, reason?: unknown) => void;

/**
 * Gives the signals of a platform what they lack: `reason` and `throwIfAborted`. Those of React Native before 0.88 are of
 * abort-controller@3, of 2019: https://github.com/facebook/react-native, Libraries/Core/setUpXHR.js. Where both are there,
 * nothing is touched.
 */
export function completeSignals(
  { prototype: signals }: { readonly prototype: AbortSignal },
  { prototype: controllers }: { readonly prototype: AbortController },
): void {
  if ('reason' in signals && 'throwIfAborted' in signals) return;
  const reasons = new WeakMap<AbortSignal, unknown>();
  const reasonOf = (signal: AbortSignal): unknown => {
    if (!reasons.has(signal)) {
      reasons.set(signal, Object.assign(new Error('This operation was aborted'), { name: 'AbortError' }));
    }
    return reasons.get(signal);
  };
  const abort = controllers.abort as Abort;
  const abortWith: Abort = function (reason) {
    if (!this.signal.aborted && reason !== undefined) reasons.set(this.signal, reason);
    abort.call(this, reason);
  };
  const define = (target: object, name: string, given: PropertyDescriptor) =>
    Object.defineProperty(target, name, { configurable: true, enumerable: true, ...given });
  define(controllers, 'abort', { writable: true, value: abortWith });
  define(signals, 'reason', {
    get(this: AbortSignal) {
      return this.aborted ? reasonOf(this) : undefined;
    },
  });
  define(signals, 'throwIfAborted', {
    writable: true,
    value(this: AbortSignal) {
      if (this.aborted) throw reasonOf(this);
    },
  });
}

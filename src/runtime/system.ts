import { MAX_TIMER_MS } from '../core/deadlines.js';
import { isWorkerd } from './is-workerd.js';
import type { Runtime } from './runtime.js';

/**
 * The real runtime: the globals, and what the caller gave instead of them. Every global is looked up when it is
 * used, so that a polyfill, a mock or a fake clock installed later is seen.
 */
export function systemRuntime(
  options: { readonly fetch?: typeof globalThis.fetch | undefined } = {},
): Runtime {
  return {
    isPerRequest: isWorkerd(),
    now: () => Date.now(),
    elapsedMs: () => Math.round(performance.now()),
    random: () => Math.random(),
    setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)),
    clearTimeout: (handle) => globalThis.clearTimeout(handle as ReturnType<typeof setTimeout>),
    hasOwnFetch: options.fetch !== undefined,
    fetch: (input, init) => (options.fetch ?? globalThis.fetch)(input, init),
  };
}

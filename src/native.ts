/* What React Native loads: the same, on signals that are complete. */
import { completeSignals } from './runtime/complete-signals.js';

if (typeof AbortSignal === 'function') completeSignals(AbortSignal, AbortController);

export * from './index.js';

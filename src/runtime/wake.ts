import type { WakeReason } from '../core/follow-model.js';

/** Where there is no window (Node, workers of a server) nothing ever wakes, and that is fine. */
export function onWake(listener: (reason: WakeReason) => void): () => void {
  const { document, addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>;
  const listened: [Pick<EventTarget, 'addEventListener' | 'removeEventListener'>, string, () => void][] = [];
  if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') {
    for (const reason of ['online', 'offline', 'pageshow'] as const) {
      listened.push([globalThis, reason, () => listener(reason)]);
    }
  }
  if (document !== undefined) {
    listened.push([
      document,
      'visibilitychange',
      () => {
        if (document.visibilityState === 'visible') listener('visible');
      },
    ]);
  }
  for (const [target, event, callback] of listened) target.addEventListener(event, callback);
  return () => {
    for (const [target, event, callback] of listened) target.removeEventListener(event, callback);
  };
}

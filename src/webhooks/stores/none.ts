import type { WebhookStore } from './store.js';

/** Remembers nothing: each delivery is acted on. */
export const noStore: WebhookStore = {
  claim: async () => ({ status: 'claimed', token: '' }),
  complete: async () => {},
  release: async () => {},
  position: async () => undefined,
  advance: async () => {},
};

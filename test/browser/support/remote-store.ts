import { onTestFinished } from 'vitest';
import { commands } from 'vitest/browser';
import type { StoreRequest } from './store-commands.js';
import type { StoreOptions } from './store-file.js';

declare module 'vitest/internal/browser' {
  interface BrowserCommands {
    startStore(options: StoreOptions): Promise<string>;
    store(url: string, action: 'requests' | 'cut' | 'close'): Promise<StoreRequest[]>;
  }
}

/** A real server in Node that is neither the page's nor the API's. Ends with the test. */
export async function startStore(options: StoreOptions) {
  const origin = await commands.startStore(options);
  onTestFinished(async () => void (await commands.store(origin, 'close')));
  return {
    url: `${origin}/video.mp4`,
    requests: () => commands.store(origin, 'requests'),
    cut: () => commands.store(origin, 'cut'),
  };
}

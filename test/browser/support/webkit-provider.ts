import { defineBrowserProvider } from '@vitest/browser';
import type { BrowserProvider } from 'vitest/node';
import { WebKitWindow } from './webdriver.js';

/** Vitest has no provider for WebKitGTK: one window, in which the test files are opened one after the other. */
class WebKitGTK implements BrowserProvider {
  readonly name = 'webkitgtk';
  readonly supportsParallelism = false;
  readonly #miniBrowser: string;
  #window: Promise<WebKitWindow> | undefined;

  constructor(miniBrowser: string) {
    this.#miniBrowser = miniBrowser;
  }

  getCommandsContext(): Record<string, unknown> {
    return {};
  }

  async openPage(_session: string, url: string): Promise<void> {
    this.#window ??= WebKitWindow.open(this.#miniBrowser);
    const window = await this.#window;
    await window.goto(url);
  }

  async close(): Promise<void> {
    const window = await this.#window?.catch(() => undefined);
    this.#window = undefined;
    await window?.close();
  }
}

export function webKitGTK(miniBrowser: string) {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkit'],
    options: {},
    providerFactory: () => new WebKitGTK(miniBrowser),
  });
}

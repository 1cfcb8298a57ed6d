import { chromium, firefox, webkit } from 'playwright';
import type { Engine, Launch } from './engines.js';
import { WebKitWindow } from './webdriver.js';

/** A window of a browser, driven from Node as a person would use it. */
export interface BrowserWindow {
  goto(url: string): Promise<void>;
  /** Runs the body of a function and gives back what it returns. */
  evaluate(body: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Takes the network away, and gives it back. WebDriver has no word for it. */
  setOffline?(offline: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function openWindow(
  engine: Engine,
  launch: Launch,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<BrowserWindow> {
  if (launch.by === 'webdriver') return WebKitWindow.open(launch.miniBrowser);
  const browser = await { chromium, firefox, webkit }[engine].launch(launch.options);
  const page = await browser.newPage({ colorScheme });
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: (body) => page.evaluate(`(() => {${body}})()`),
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.fill(selector, text),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: () => page.screenshot({ fullPage: true }),
    setOffline: (offline) => page.context().setOffline(offline),
    close: () => browser.close(),
  };
}

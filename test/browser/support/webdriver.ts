import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.js';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const START_MS = 30_000;

/** One window of WebKitGTK, driven by the W3C WebDriver protocol on a screen nobody sees. */
export class WebKitWindow {
  readonly #driver: ChildProcess;
  readonly #url: string;
  readonly #kill: () => void;
  #session = '';

  private constructor(driver: ChildProcess, port: number) {
    this.#driver = driver;
    this.#url = `http://127.0.0.1:${port}`;
    // Detached, it leads a group of its own: the screen and the browser are in it.
    this.#kill = () => {
      try {
        if (driver.pid !== undefined) process.kill(-driver.pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    };
    process.once('exit', this.#kill);
  }

  static async open(miniBrowser: string): Promise<WebKitWindow> {
    const port = await freePort();
    const args = ['-a', 'WebKitWebDriver', `--port=${port}`];
    const driver = spawn('xvfb-run', args, { detached: true, stdio: 'ignore' });
    const window = new WebKitWindow(driver, port);
    try {
      await window.#start({
        'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] },
      });
    } catch (error) {
      window.#kill();
      throw error;
    }
    return window;
  }

  async goto(url: string): Promise<void> {
    await this.#call('POST', '/url', { url });
  }

  /** Runs the body of a function and gives back what it returns; a promise is waited for. */
  async evaluate(body: string): Promise<unknown> {
    return this.#call('POST', '/execute/sync', { script: body, args: [] });
  }

  async click(selector: string): Promise<void> {
    await this.#call('POST', `/element/${await this.#find(selector)}/click`, {});
  }

  async fill(selector: string, text: string): Promise<void> {
    const element = await this.#find(selector);
    await this.#call('POST', `/element/${element}/clear`, {});
    await this.#call('POST', `/element/${element}/value`, { text });
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#call('POST', '/window/rect', { width, height });
  }

  async screenshot(): Promise<Buffer> {
    return Buffer.from(String(await this.#call('GET', '/screenshot')), 'base64');
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#driver.once('exit', resolve));
    await this.#call('DELETE', '').catch(() => {});
    process.off('exit', this.#kill);
    this.#kill();
    await gone;
  }

  async #find(selector: string): Promise<string> {
    const found = await this.#call('POST', '/element', { using: 'css selector', value: selector });
    return String((found as Record<string, unknown>)[ELEMENT]);
  }

  async #start(capabilities: Record<string, unknown>): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      try {
        const body = { capabilities: { alwaysMatch: capabilities } };
        const { sessionId } = (await this.#request('POST', '/session', body)) as { sessionId: string };
        this.#session = `/session/${sessionId}`;
        return;
      } catch (error) {
        // Until it listens, fetch fails with a TypeError.
        if (!(error instanceof TypeError) || Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }

  #call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#request(method, `${this.#session}${path}`, body);
  }

  async #request(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}${path}`, init);
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  }
}

import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as Ws } from 'ws';
import { nodeWebSocket as nodeWebSocketOfBrowsers } from '../../../src/runtime/node-web-socket.browser.js';
import type { WebSocketClass } from '../../../src/runtime/runtime.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { onWake } from '../../../src/runtime/wake.js';
import { webSocketClass } from '../../../src/runtime/web-socket-class.js';

class FakeSocket {}
const fakeSocket = FakeSocket as unknown as WebSocketClass;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('systemRuntime', () => {
  it('sees a fetch that was installed after it was made', async () => {
    const runtime = systemRuntime();
    vi.stubGlobal('fetch', async () => new Response('late'));
    expect(await (await runtime.fetch('http://x.test')).text()).toBe('late');
  });

  it('prefers the fetch it was given', async () => {
    const runtime = systemRuntime({ fetch: async () => new Response('mine') });
    expect(await (await runtime.fetch('http://x.test')).text()).toBe('mine');
  });

  it('follows a fake clock installed later', () => {
    const runtime = systemRuntime();
    vi.useFakeTimers({ now: 5_000 });
    const fired = vi.fn();
    runtime.setTimeout(fired, 100);
    runtime.clearTimeout(runtime.setTimeout(() => expect.unreachable('cleared'), 50));
    vi.advanceTimersByTime(100);
    expect(fired).toHaveBeenCalledOnce();
    expect(runtime.now()).toBe(5_100);
  });

  it('does not fire a timer of more than 24.8 days at once', () => {
    vi.useFakeTimers();
    const fired = vi.fn();
    systemRuntime().setTimeout(fired, 2 ** 32);
    vi.advanceTimersByTime(60_000);
    expect(fired).not.toHaveBeenCalled();
  });

  it('wakes on online, offline, pageshow and a tab that becomes visible, until stopped', () => {
    const page = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    vi.stubGlobal('document', document);
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const reasons: string[] = [];
    const stop = onWake((reason) => reasons.push(reason));
    const tell = () => {
      for (const event of ['online', 'offline', 'pageshow']) page.dispatchEvent(new Event(event));
      document.dispatchEvent(new Event('visibilitychange'));
    };
    tell();
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(reasons).toEqual(['online', 'offline', 'pageshow', 'visible']);
    stop();
    stop();
    tell();
    expect(reasons).toHaveLength(4);
  });

  it('has nothing to wake on in Node', () => {
    expect(() => onWake(() => {})()).not.toThrow();
  });
});

describe('the class of WebSockets', () => {
  it('is the one that was given, before the global one', async () => {
    vi.stubGlobal('WebSocket', class {});
    expect(await webSocketClass(fakeSocket)).toBe(FakeSocket);
  });

  it('is else the global one of the moment', async () => {
    vi.stubGlobal('WebSocket', FakeSocket);
    expect(await webSocketClass(undefined)).toBe(FakeSocket);
  });

  it('is that of ws where there is no global one', async () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(await webSocketClass(undefined)).toBe(Ws);
  });

  it('is said to be missing in a browser build where there is none', () => {
    expect(() => nodeWebSocketOfBrowsers()).toThrow('this runtime has no WebSocket');
  });
});

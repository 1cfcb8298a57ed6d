import type { WebSocketCodec } from '../../../src/backends/backend.js';
import type { StreamFailure, WakeReason } from '../../../src/core/follow-model.js';
import type { StreamMessage } from '../../../src/core/model.js';
import type { WebSocketLike } from '../../../src/runtime/runtime.js';
import type { StreamEvents } from '../../../src/transports/transport.js';

/** A clock by hand, and all that is armed on it. */
export class FakeTimers {
  now = 1_700_000_000_000;
  /** How far somebody has set the clock of the machine. */
  wallAheadMs = 0;
  readonly armed = new Map<object, { at: number; callback: () => void }>();
  readonly listeners = new Set<(reason: WakeReason) => void>();

  readonly runtime = {
    now: () => this.now + this.wallAheadMs,
    elapsedMs: () => this.now,
    random: () => 0.5,
    setTimeout: (callback: () => void, delayMs: number) => {
      const handle = {};
      this.armed.set(handle, { at: this.now + delayMs, callback });
      return handle;
    },
    clearTimeout: (handle: unknown) => void this.armed.delete(handle as object),
    onWake: (listener: (reason: WakeReason) => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  /** Lets time pass, and what was to happen in it happen, promises included. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settled();
      const next = [...this.armed].sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined || next[1].at > until) break;
      this.armed.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      next[1].callback();
    }
    this.now = until;
  }
}

/** Every promise that can go on has gone on. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Writes down what a connection tells. */
export class Events implements StreamEvents {
  readonly openedWith: (readonly string[])[] = [];
  readonly messages: StreamMessage[] = [];
  readonly failures: StreamFailure[] = [];

  opened = (jobIds: readonly string[]) => void this.openedWith.push(jobIds);
  said = (message: StreamMessage) => void this.messages.push(message);
  readonly droppedJobs: string[] = [];
  dropped = (jobId: string) => void this.droppedJobs.push(jobId);
  failed = (failure: StreamFailure) => void this.failures.push(failure);
}

/** A WebSocket that does what the test says. */
export class FakeWebSocket implements WebSocketLike {
  static made: FakeWebSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onerror: WebSocketLike['onerror'] = null;
  onclose: WebSocketLike['onclose'] = null;
  readonly sent: string[] = [];
  closedWith: number | undefined;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeWebSocket.made.push(this);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  error(event: object): void {
    this.onerror?.(event as never);
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closedWith = code;
    this.readyState = 2;
  }
}

export const codec: WebSocketCodec = {
  path: '/',
  subscribe: (jobId) => `+${jobId}`,
  unsubscribe: (jobId) => `-${jobId}`,
  parse: (frame) => ({
    type: 'update',
    update: { jobId: frame, status: 'completed', videoUrl: `/videos/${frame}.mp4`, raw: frame },
  }),
};

import type { ByteArray } from '../bytes.js';
import type { MockFault, StreamMoment } from '../fault.js';
import type { StruckFaults } from '../faults.js';
import type { MockJobUpdate } from '../job.js';
import { UpdateFaults } from './update-faults.js';

/** @internal How a stream reaches its caller. */
export interface Wire {
  send(frame: string | ByteArray): void;
  close(code: number, reason: string): void;
  /** Stops reading and writing and leaves the connection open. */
  freeze(): void;
}

/** What a stream says of one update. */
type Frames = string | readonly (string | ByteArray)[];

type MomentFault = Extract<MockFault, StreamMoment>;

const OVERSIZED_BYTES = 1.5 * 1024 * 1024;
const INJECTED = {
  garbage: '{"jobId": "job-',
  binary: Uint8Array.of(0, 255, 1, 254),
  'foreign-job': JSON.stringify({ jobId: 'job-of-somebody-else', status: 'completed', progress: 100 }),
} as const;

/** One stream, open or closed, WebSocket or SSE: what it carries, and the hands on it. */
export class MockStream {
  readonly kind: 'websocket' | 'sse';
  /** The jobs that are told. */
  readonly jobIds = new Set<string>();
  /** Text frames that came, oldest first; the first ten thousand. */
  readonly received: string[] = [];
  readonly openedAt = new Date();
  /** Frames that went out, of every kind. */
  sent = 0;
  open = true;
  /** The code of a WebSocket's end as this side saw it. */
  closeCode: number | undefined;
  readonly #wire: Wire;
  readonly #updates: UpdateFaults;
  readonly #moments: Set<MomentFault>;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #onEnd: () => void;
  readonly #binary: boolean;
  #muted = false;

  /** @internal */
  constructor(kind: 'websocket' | 'sse', wire: Wire, faults: StruckFaults, onEnd: () => void) {
    this.kind = kind;
    this.#wire = wire;
    this.#onEnd = onEnd;
    this.#updates = new UpdateFaults(faults);
    this.#binary = kind === 'websocket' && faults.find('binary-frames') !== undefined;
    this.#moments = new Set(faults.all.filter(isMomentFault));
  }

  /** @internal The caller is connected: from here on the faults' moments count. */
  start(): void {
    for (const fault of this.#moments) {
      if (fault.afterMs !== undefined && fault.afterMs > 0)
        this.#timers.add(setTimeout(() => this.#strike(), fault.afterMs));
    }
    this.#strike();
  }

  /** @internal */
  update(update: MockJobUpdate, encode: (update: MockJobUpdate) => Frames): void {
    for (const one of this.#updates.pass(update)) for (const frame of [encode(one)].flat()) this.send(frame);
  }

  /** Sends a frame as it is; bytes are a binary one. */
  send(frame: string | ByteArray): void {
    if (!this.open || this.#muted) return;
    this.#wire.send(this.#binary && typeof frame === 'string' ? new TextEncoder().encode(frame) : frame);
    this.sent++;
    this.#strike();
  }

  /** Closes it: a WebSocket with this code (1006: no close frame), SSE by the end of its body. */
  close(code = 1001, reason = ''): void {
    if (!this.open) return;
    this.#wire.close(code, reason);
    this.ended(code);
  }

  /** From now on it says nothing. */
  mute(): void {
    this.#muted = true;
  }

  /** From now on it says and hears nothing, and stays open: the other side is gone without a FIN. */
  freeze(): void {
    this.mute();
    this.#wire.freeze();
  }

  /** @internal */
  ended(code?: number): void {
    if (!this.open) return;
    this.open = false;
    this.closeCode = code;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#onEnd();
  }

  /** Whatever fault's moment has come. */
  #strike(): void {
    const elapsedMs = Date.now() - this.openedAt.getTime();
    for (const fault of this.#moments) {
      // Timers may fire a millisecond early by the clock.
      if (this.sent < (fault.afterFrames ?? 0) || elapsedMs + 2 < (fault.afterMs ?? 0)) continue;
      this.#moments.delete(fault);
      if (fault.type === 'mute') this.mute();
      else if (fault.type === 'half-open') this.freeze();
      else if (fault.type === 'close') this.close(fault.code, fault.reason);
      else this.send(injected(fault.frame));
      if (!this.open) return;
    }
  }
}

function isMomentFault(fault: MockFault): fault is MomentFault {
  return ['mute', 'half-open', 'close', 'inject'].includes(fault.type);
}

function injected(frame: Extract<MockFault, { type: 'inject' }>['frame']): string | ByteArray {
  if (typeof frame === 'object') return frame.data;
  if (frame !== 'oversized') return INJECTED[frame];
  return JSON.stringify({ padding: 'x'.repeat(OVERSIZED_BYTES) });
}

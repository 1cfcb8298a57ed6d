import { beforeEach, describe, expect, it, vi } from 'vitest';
import { partNotLoaded } from '../../../src/errors.js';
import { streamsOf } from '../../../src/transports/streams.js';
import type { ConnectStream } from '../../../src/transports/transport.js';
import { Events, FakeTimers, FakeWebSocket, settled } from './support.js';

const codec = { url: () => '/events', parse: () => ({ type: 'control' }) as const };
const connection = { subscribe: vi.fn(), unsubscribe: vi.fn(), close: vi.fn() };
const connect = vi.fn<ConnectStream>(() => connection);
const loadSse = vi.fn<() => Promise<ConnectStream>>();

beforeEach(() => {
  vi.resetAllMocks();
  connect.mockReturnValue(connection);
});

function open(events = new Events()) {
  const deps = {
    runtime: { ...new FakeTimers().runtime, webSocket: () => FakeWebSocket },
    ...{ loadSse, webSocketUrl: () => 'ws://host/' },
  };
  const { sse } = streamsOf({ sse: codec }, deps);
  return { events, stream: sse?.(['a'], events) };
}

describe('an event stream whose part of the package is loaded when it is needed', () => {
  it('carries what was subscribed while it was loaded, and goes on with what comes after', async () => {
    loadSse.mockResolvedValue(connect);
    const { events, stream } = open();
    stream?.subscribe('b');
    stream?.unsubscribe('a');
    await settled();
    expect(connect).toHaveBeenCalledExactlyOnceWith(['b'], events);
    stream?.subscribe('c');
    stream?.unsubscribe('b');
    stream?.close();
    expect(connection.subscribe).toHaveBeenCalledExactlyOnceWith('c');
    expect(connection.unsubscribe).toHaveBeenCalledExactlyOnceWith('b');
    expect(connection.close).toHaveBeenCalledOnce();
  });

  it('fails where it cannot be had, says why, and is loaded again at the next attempt', async () => {
    const error = partNotLoaded('sse', undefined, new TypeError('Failed to fetch'));
    loadSse.mockRejectedValueOnce(error).mockResolvedValue(connect);
    const { events } = open();
    await settled();
    const reason =
      'SSE is not possible here: the part "sse" of reelwire could not be loaded: Failed to fetch';
    expect(events.failures).toEqual([{ reason, error }]);
    open();
    await settled();
    expect(connect).toHaveBeenCalledOnce();
  });

  it.each(['had', 'not to be had'])(
    'tells nothing and opens nothing once closed, were it %s',
    async (how) => {
      if (how === 'had') loadSse.mockResolvedValue(connect);
      else loadSse.mockRejectedValue(new TypeError('Failed to fetch'));
      const { events, stream } = open();
      stream?.close();
      await settled();
      expect(connect).not.toHaveBeenCalled();
      expect(events.failures).toEqual([]);
    },
  );
});

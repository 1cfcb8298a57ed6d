import { expect, it, vi } from 'vitest';
import { connectSse } from '../../../src/transports/sse.js';
import { eventually } from '../../support/until.js';
import { Events, FakeTimers, settled } from './support.js';

// As in a service worker, which may not import anything later on.
vi.mock('eventsource', () => {
  throw new TypeError('import() is disallowed');
});

it('says why there is no SSE where its parser cannot be loaded, and opens no second stream in vain', async () => {
  const timers = new FakeTimers();
  const cancelled = vi.fn();
  const openStream = vi.fn(async () => {
    const body = new ReadableStream({ cancel: cancelled });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
  const codec = { url: () => '/events', parse: () => ({ type: 'control' }) as const };
  const connect = connectSse({ runtime: timers.runtime, openStream }, codec, 10_000);

  for (const attempt of [1, 2]) {
    const events = new Events();
    connect(['a'], events);
    await eventually(() => expect(events.failures).toHaveLength(1));
    expect(events.failures[0]?.kind).toBe('absent');
    expect(events.failures[0]?.reason).toMatch(
      /^SSE is not possible here: its parser cannot be loaded \(.+\)$/s,
    );
    expect(openStream).toHaveBeenCalledTimes(1);
    await settled();
    expect(cancelled, `after attempt ${attempt}`).toHaveBeenCalledTimes(1);
    expect(timers.armed.size).toBe(0);
  }
});

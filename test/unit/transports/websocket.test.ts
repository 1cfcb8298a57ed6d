import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectWebSocket } from '../../../src/transports/websocket.js';
import { eventually } from '../../support/until.js';
import { codec, Events, FakeTimers, FakeWebSocket, settled } from './support.js';

let timers: FakeTimers;
let events: Events;

beforeEach(() => {
  timers = new FakeTimers();
  events = new Events();
  FakeWebSocket.made = [];
});
afterEach(() => vi.unstubAllGlobals());

async function connect(
  jobIds: string[] = ['a'],
  url: () => string | Promise<string> = () => 'ws://host/?token=secret',
) {
  const runtime = { ...timers.runtime, webSocket: () => FakeWebSocket };
  const connection = connectWebSocket({ runtime, webSocketUrl: url }, codec)(jobIds, events);
  await settled();
  return { connection, socket: FakeWebSocket.made[0] as FakeWebSocket };
}

describe('a WebSocket', () => {
  it('serves when it is open and every subscription is written', async () => {
    const { socket } = await connect(['a', 'b']);
    expect(events.openedWith).toEqual([]);
    socket.open();
    expect(socket.sent).toEqual(['+a', '+b']);
    expect(events.openedWith).toEqual([['a', 'b']]);
  });

  it('carries a job that came while it was opening, and not one that left', async () => {
    const { socket, connection } = await connect(['a']);
    connection.subscribe('b');
    connection.unsubscribe('a');
    socket.open();
    expect(socket.sent).toEqual(['+b']);
  });

  it('subscribes and unsubscribes on the open socket', async () => {
    const { socket, connection } = await connect(['a']);
    socket.open();
    connection.subscribe('b');
    connection.unsubscribe('a');
    connection.unsubscribe('a');
    expect(socket.sent).toEqual(['+a', '+b', '-a']);
    expect(events.openedWith).toEqual([['a'], ['b']]);
  });

  it('asks for its URL at each connect', async () => {
    const url = vi.fn(() => 'ws://host/');
    await connect(['a'], url);
    await connect(['a'], url);
    expect(url).toHaveBeenCalledTimes(2);
  });

  it('whose URL function throws is told as a matter of credentials, without what was thrown in words', async () => {
    await connect(['a'], () => Promise.reject(new Error('secret')));
    expect(events.failures).toMatchObject([{ kind: 'credentials' }]);
    expect(events.failures[0]?.reason).not.toContain('secret');
  });

  it('of ws: on a page of https: is not tried, and that is told', async () => {
    vi.stubGlobal('location', { protocol: 'https:' });
    await connect();
    expect(FakeWebSocket.made).toEqual([]);
    expect(events.failures).toMatchObject([{ kind: 'mixed-content' }]);
  });

  it('of wss: on a page of https: is', async () => {
    vi.stubGlobal('location', { protocol: 'https:' });
    await connect(['a'], () => 'wss://host/');
    expect(FakeWebSocket.made).toHaveLength(1);
  });

  it.each([
    [{ error: { code: 'ECONNREFUSED' } }, { reason: 'WebSocket refused (ECONNREFUSED)', kind: undefined }],
    [
      { message: 'Unexpected server response: 404' },
      { reason: 'WebSocket refused (HTTP 404)', kind: 'absent' },
    ],
    [{ message: 'Unexpected server response: 501' }, { kind: 'absent' }],
    [{ message: 'Unexpected server response: 401' }, { kind: 'credentials' }],
    [{ message: 'Unexpected server response: 503' }, { kind: undefined }],
    [{}, { reason: 'WebSocket refused', kind: undefined }],
  ])('that is refused says how: %j', async (event, failure) => {
    const { socket } = await connect();
    socket.error(event);
    socket.onclose?.({ code: 1006, reason: '' });
    await settled(); // At 401 the functions are asked again first.
    expect(events.failures).toHaveLength(1);
    expect({ kind: undefined, ...events.failures[0] }).toMatchObject(failure);
    expect(JSON.stringify(events.failures)).not.toContain('secret');
  });

  it('that is closed says by which code, once', async () => {
    const { socket } = await connect();
    socket.open();
    socket.onclose?.({ code: 1011, reason: 'token=secret' });
    expect(events.failures).toEqual([{ reason: 'WebSocket closed (1011)' }]);
  });

  it('reads binary frames of every kind as the text they are, in their order', async () => {
    const bytes = new TextEncoder().encode('jöb');
    const { socket } = await connect();
    socket.open();
    const frames = [bytes.buffer, bytes, Buffer.from(bytes), new DataView(bytes.buffer), new Blob([bytes])];
    for (const data of frames) socket.onmessage?.({ data });
    socket.onmessage?.({ data: 'last' });
    await eventually(() => expect(events.messages).toHaveLength(6));
    const jobIds = events.messages.map((message) => message.type === 'update' && message.update.jobId);
    expect(jobIds).toEqual(['jöb', 'jöb', 'jöb', 'jöb', 'jöb', 'last']);
    socket.onmessage?.({ data: 'at once again' });
    expect(events.messages).toHaveLength(7);
  });

  it('reads a frame behind a byte order mark, as text or binary', async () => {
    const bytes = new TextEncoder().encode('\uFEFFjob');
    const { socket } = await connect();
    socket.open();
    for (const data of ['\uFEFFjob', bytes.buffer, bytes, new Blob([bytes])]) socket.onmessage?.({ data });
    await eventually(() => expect(events.messages).toHaveLength(4));
    const jobIds = events.messages.map((message) => message.type === 'update' && message.update.jobId);
    expect(jobIds).toEqual(['job', 'job', 'job', 'job']);
  });

  it('drops a frame that is no text and one over 1 MiB, and says so', async () => {
    const { socket } = await connect();
    socket.open();
    const notUtf8 = new Uint8Array([0xff, 0xfe, 0x00]);
    const tooLarge = new Uint8Array(2 ** 20 + 1);
    const dropped = [notUtf8, tooLarge, 'x'.repeat(2 ** 20 + 1), 7, null, {}, undefined];
    for (const data of dropped) socket.onmessage?.({ data });
    socket.onmessage?.({ data: 'x'.repeat(2 ** 20) });
    for (const data of [new Blob([notUtf8]), new Blob([tooLarge])]) socket.onmessage?.({ data });
    await eventually(() => expect(events.messages).toHaveLength(10));
    const types = events.messages.map(({ type }) => type);
    expect(types).toEqual([...dropped.map(() => 'problem'), 'update', 'problem', 'problem']);
  });

  it('that is closed while a Blob is read says nothing of it', async () => {
    const { socket, connection } = await connect();
    socket.open();
    const blob = new Blob(['a']);
    socket.onmessage?.({ data: blob });
    connection.close();
    await blob.arrayBuffer();
    await settled();
    expect(events.messages).toEqual([]);
  });

  it('whose class refused to read a frame, as too large, says so', async () => {
    const { socket } = await connect();
    socket.open();
    socket.error({ error: { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' } });
    expect(events.messages).toMatchObject([{ type: 'problem', message: expect.stringContaining('1 MiB') }]);
    expect(events.failures).toHaveLength(1);
  });

  it('that cannot be made says why, and counts as not there', async () => {
    const webSocket = () => Promise.reject(new Error('Cannot find module ws'));
    connectWebSocket({ runtime: { ...timers.runtime, webSocket }, webSocketUrl: () => 'ws://host/' }, codec)(
      ['a'],
      events,
    );
    await settled();
    expect(events.failures).toMatchObject([
      { kind: 'absent', reason: 'WebSocket could not be made (Cannot find module ws)' },
    ]);
  });

  it('survives a codec that throws', async () => {
    const parse = vi.spyOn(codec, 'parse').mockImplementation(() => {
      throw new Error('no');
    });
    const { socket } = await connect();
    socket.open();
    socket.onmessage?.({ data: 'a' });
    parse.mockRestore();
    expect(events.messages).toMatchObject([{ type: 'problem' }]);
  });

  it('that will not take a subscription has failed', async () => {
    const { socket } = await connect();
    socket.send = () => {
      throw new Error('no');
    };
    socket.open();
    expect(events.openedWith).toEqual([]);
    expect(events.failures).toHaveLength(1);
  });

  it('that was closed says nothing more, but still listens for errors', async () => {
    const { socket, connection } = await connect();
    const { onmessage, onopen } = socket;
    connection.close();
    expect(socket.closedWith).toBe(1000);
    expect(() => socket.error({})).not.toThrow();
    expect(socket.onerror).not.toBeNull();
    onopen?.({} as never);
    onmessage?.({ data: 'a' });
    expect(events).toMatchObject({ openedWith: [], messages: [], failures: [] });
    connection.close();
  });

  it('that was closed before its URL came is never made', async () => {
    let give = (_: string) => {};
    const { connection } = await connect(['a'], () => new Promise((resolve) => (give = resolve)));
    connection.close();
    give('ws://host/');
    await settled();
    expect(FakeWebSocket.made).toEqual([]);
    expect(events.failures).toEqual([]);
  });

  it('is cut where the other side does not answer the close, and its timer goes where it does', async () => {
    const terminate = vi.fn();
    const first = await connect();
    Object.assign(first.socket, { terminate });
    first.connection.close();
    await timers.pass(500);
    expect(terminate).toHaveBeenCalledTimes(1);

    FakeWebSocket.made = [];
    const second = await connect();
    Object.assign(second.socket, { terminate });
    second.connection.close();
    second.socket.onclose?.({ code: 1000, reason: '' });
    expect(timers.armed.size).toBe(0);
  });

  it('that the server has closed already leaves no timer', async () => {
    const { socket } = await connect();
    Object.assign(socket, { terminate: vi.fn(), readyState: 3, close() {} });
    socket.onclose?.({ code: 1006, reason: '' });
    expect(timers.armed.size).toBe(0);
  });
});

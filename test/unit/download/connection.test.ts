import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/download/connection.js';
import { FakeTimers, settled } from '../transports/support.js';

/** A connection whose server gives bytes when the test says so. */
function setUp(stallMs = 1_000) {
  const timers = new FakeTimers();
  const life = new AbortController();
  const connection = new Connection(timers.runtime as never, stallMs, life.signal);
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller;
      connection.signal.addEventListener('abort', () => controller.error(connection.signal.reason));
    },
  });
  connection.attach(new Response(body));
  const give = (byte: number) => source?.enqueue(Uint8Array.of(byte));
  return { timers, life, connection, give, end: () => source?.close() };
}

describe('a connection of a download', () => {
  it('ends by itself where nothing comes for so long, and says so', async () => {
    const { timers, connection } = setUp();
    const reading = connection.read().catch((error: unknown) => error);
    await timers.pass(999);
    expect(connection.signal.aborted).toBe(false);
    await timers.pass(1);
    expect(connection.signal.reason).toMatchObject({ name: 'TimeoutError', message: 'no bytes for 1000 ms' });
    expect(await reading).toBe(connection.signal.reason);
    expect(timers.armed.size).toBe(0);
  });

  it('goes on as long as something comes, and counts from the last of it', async () => {
    const { timers, connection, give } = setUp();
    for (let byte = 0; byte < 5; byte++) {
      const reading = connection.read();
      await timers.pass(900);
      give(byte);
      expect(await reading).toEqual(Uint8Array.of(byte));
    }
    const last = connection.read().catch(() => 'broken');
    await timers.pass(999);
    expect(connection.signal.aborted).toBe(false);
    await timers.pass(1);
    expect(connection.signal.aborted).toBe(true);
    expect(await last).toBe('broken');
  });

  it('is in no hurry while nobody reads', async () => {
    const { timers, connection, give } = setUp();
    const reading = connection.read();
    give(1);
    await reading;
    await timers.pass(60_000);
    expect(connection.signal.aborted).toBe(false);
    const next = connection.read();
    await timers.pass(900);
    expect(connection.signal.aborted).toBe(false);
    give(2);
    expect(await next).toEqual(Uint8Array.of(2));
    connection.close();
  });

  it('sets no timer for each read', async () => {
    const { timers, connection, give } = setUp();
    for (let byte = 0; byte < 100; byte++) {
      const reading = connection.read();
      give(byte);
      await reading;
      expect(timers.armed.size).toBe(1);
    }
    connection.close();
    expect(timers.armed.size).toBe(0);
  });

  it('ends with the download, for its reason, and listens to that no more once it is closed', async () => {
    const { life, connection } = setUp();
    const reading = connection.read().catch((error: unknown) => error);
    life.abort('enough');
    expect(await reading).toBe('enough');
    const other = setUp();
    other.connection.close('done');
    other.life.abort('too late');
    await settled();
    expect(other.connection.signal.reason).toBe('done');
  });

  it('gives undefined at the end', async () => {
    const { connection, end } = setUp();
    end();
    expect(await connection.read()).toBeUndefined();
    connection.close();
  });
});

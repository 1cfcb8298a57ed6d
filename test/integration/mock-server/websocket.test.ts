import { describe, expect, it } from 'vitest';
import { createMockServer, type MockFault, type MockServerOptions } from '../../../src/mock-server/index.js';
import { later, until } from '../../support/until.js';
import { golden, Listener, someCalls } from './support.js';

const ID = 'job-1a2b3c';

async function followed(options: MockServerOptions = {}, fault?: MockFault) {
  const server = await createMockServer({ manual: true, ...options });
  if (fault) server.faults.add(fault);
  const job = server.jobs.create({ id: ID });
  const listener = await new Listener(server).opened();
  await listener.subscribe(server, ID);
  return {
    server,
    job,
    listener,
    async [Symbol.asyncDispose]() {
      listener.socket.terminate();
      await server.close();
    },
  };
}

describe("the gateway's WebSocket", () => {
  it('tells a subscriber every change as the documents say, and neither greets nor acknowledges', async () => {
    await using test = await followed();
    test.job.advance({ status: 'processing', progress: 35, message: 'Rendering' });
    test.job.complete();
    await until(() => test.listener.frames.length === 2);
    expect(test.listener.frames[0]).toEqual(golden('sora-gateway/websocket-processing'));
    expect(test.listener.frames[1]).toMatchObject(golden('sora-gateway/websocket-completed'));
  });

  it('tells a failure with its reason and the progress 0 where so asked', async () => {
    await using server = await createMockServer({ manual: true, failureProgress: 0 });
    const job = server.jobs.create({ id: ID });
    await using listener = await new Listener(server).opened();
    await listener.subscribe(server, ID);
    job.advance({ status: 'processing', progress: 50 }).fail('Sora API error message');
    await until(() => listener.frames.length === 2);
    expect(listener.frames[1]).toEqual(golden('sora-gateway/websocket-failed'));
  });

  it('plays the running servers: greeting, acknowledgements, typed frames without a status at the end', async () => {
    await using test = await followed({ style: 'field', words: { processing: 'generating' } });
    test.job.advance({ status: 'processing', progress: 42, message: 'Rendering' });
    test.job.complete();
    test.listener.send({ action: 'unsubscribe', jobId: ID });
    await until(() => test.listener.frames.length === 5);
    const [connected, subscribed, progress, completed, unsubscribed] = test.listener.frames;
    expect(connected).toEqual(golden('sora-gateway/websocket-field-connected'));
    expect(subscribed).toEqual(golden('sora-gateway/websocket-field-subscribed'));
    const timestamp = expect.any(String);
    expect(progress).toEqual({ ...golden('sora-gateway/websocket-field-progress'), timestamp });
    expect(completed).toEqual({
      ...golden('sora-gateway/websocket-field-completed'),
      ...{ videoId: test.job.upstreamId, duration: 5, timestamp },
    });
    expect(unsubscribed).toEqual(golden('sora-gateway/websocket-field-unsubscribed'));
  });

  it('tells a failure by type alone, or by type progress with the reason in data', async () => {
    await using typed = await followed({ streams: { frames: 'typed' } });
    typed.job.fail('Out of memory');
    await until(() => typed.listener.frames.length === 1);
    const timestamp = expect.any(String);
    expect(typed.listener.frames[0]).toEqual({
      ...golden('sora-gateway/websocket-field-error'),
      timestamp,
    });
    await using progress = await followed({ streams: { frames: 'progress' } });
    progress.job.advance({
      status: 'failed',
      error: 'Content policy violation',
      message: 'Generation failed',
    });
    await until(() => progress.listener.frames.length === 1);
    expect(progress.listener.frames[0]).toEqual({
      ...golden('sora-gateway/websocket-field-progress-failed'),
      timestamp,
    });
  });

  it('answers nonsense with a protocol error that names no job', async () => {
    await using server = await createMockServer();
    await using listener = await new Listener(server).opened();
    listener.send('{');
    listener.send({ action: 'dance', jobId: ID });
    listener.send({ action: 'subscribe' });
    await until(() => listener.frames.length === 3);
    const unknown = golden('sora-gateway/websocket-field-unknown-action');
    expect(listener.frames).toEqual([
      golden('sora-gateway/websocket-field-invalid-message'),
      unknown,
      unknown,
    ]);
  });

  it('replays nothing: neither what was before the subscribe, nor the end of an ended job', async () => {
    await using server = await createMockServer({ manual: true });
    server.jobs.create({ id: ID }).complete();
    await using listener = await new Listener(server).opened();
    await listener.subscribe(server, ID);
    await listener.quiet();
    expect(listener.frames).toEqual([]);
  });

  it('tells the state at the subscribe where so asked', async () => {
    await using server = await createMockServer({ manual: true, streams: { snapshotOnSubscribe: true } });
    server.jobs.create({ id: ID }).complete();
    await using listener = await new Listener(server).opened();
    await listener.subscribe(server, ID);
    await until(() => listener.frames.length === 1);
    expect(listener.frames[0]).toMatchObject({ jobId: ID, status: 'completed' });
  });

  it('tells nothing after unsubscribe, and nothing of other jobs', async () => {
    await using test = await followed({ streams: { acknowledgements: true } });
    test.listener.send({ action: 'unsubscribe', jobId: ID });
    await until(() => test.listener.frames.length === 2);
    test.job.complete();
    test.server.jobs.create().complete();
    await test.listener.quiet();
    expect(test.listener.frames).toHaveLength(2);
  });

  it('needs the credentials of the server, as a header or in the query', async () => {
    await using server = await createMockServer({ auth: { type: 'bearer', token: 'secret' } });
    const refused = new Listener(server);
    await until(() => refused.error !== undefined);
    expect(refused.error?.message).toContain('401');
    await using byHeader = await new Listener(server, '/', { authorization: 'Bearer secret' }).opened();
    await using byQuery = await new Listener(server, '/?token=secret').opened();
    expect(server.connections.webSockets).toBe(2);
    expect([byHeader.error, byQuery.error]).toEqual([undefined, undefined]);
  });

  it('is at the root path only, and every attempt is written down', async () => {
    await using server = await createMockServer();
    const listener = new Listener(server, '/socket');
    await until(() => listener.error !== undefined);
    expect(listener.error?.message).toContain('404');
    expect(server.requests).toMatchObject([{ route: 'websocket', path: '/socket', status: 404 }]);
  });

  it('keeps what subscribers sent, for tests to count', async () => {
    await using test = await followed();
    expect(test.server.streams.all[0]?.received).toEqual([
      JSON.stringify({ action: 'subscribe', jobId: ID }),
    ]);
  });
});

describe('faults of the WebSocket', () => {
  it('refuses the connection', async () => {
    await using server = await createMockServer({ faults: [{ route: 'websocket', type: 'refuse' }] });
    const listener = new Listener(server);
    await until(() => listener.error !== undefined);
    expect(listener.closeCode).toBe(1006);
  });

  it('resets the connection', async () => {
    await using server = await createMockServer({
      faults: [{ route: 'websocket', type: 'reset', at: 'before-body' }],
    });
    const listener = new Listener(server);
    await until(() => listener.error !== undefined);
    expect(listener.error?.message).toContain('ECONNRESET');
  });

  it.each([400, 401, 404, 503])('answers the upgrade with %i', async (status) => {
    await using server = await createMockServer({ faults: [{ route: 'websocket', type: 'status', status }] });
    const listener = new Listener(server);
    await until(() => listener.error !== undefined);
    expect(listener.error?.message).toContain(String(status));
  });

  it('accepts and never answers, until the caller gives up', async () => {
    await using server = await createMockServer({ faults: [{ route: 'websocket', type: 'stall' }] });
    const listener = new Listener(server);
    await until(() => server.connections.tcp === 1);
    await later(50);
    expect(listener.error).toBeUndefined();
    expect(listener.socket.readyState).toBe(0);
    listener.socket.terminate();
    await until(() => server.connections.tcp === 0);
  });

  it('opens and stays silent', async () => {
    await using test = await followed({ style: 'field' }, { route: 'websocket', type: 'mute' });
    test.job.complete();
    await test.listener.quiet();
    expect(test.listener.raw).toEqual([]);
  });

  it('falls silent after some frames', async () => {
    await using test = await followed({}, { route: 'websocket', type: 'mute', afterFrames: 2 });
    for (let progress = 1; progress < 5; progress++) test.job.advance({ status: 'processing', progress });
    await test.listener.quiet();
    expect(test.listener.frames.map((frame) => frame.progress)).toEqual([1, 2]);
  });

  it.each([1000, 1001, 1005, 1006, 1008, 1011, 1013, 3000, 4999])('closes with %i', async (code) => {
    await using test = await followed({}, { route: 'websocket', type: 'close', code, afterFrames: 1 });
    expect(test.listener.closeCode).toBeUndefined();
    test.job.advance({ status: 'processing', progress: 1 });
    await until(() => test.listener.closeCode !== undefined);
    expect(test.listener.closeCode).toBe(code);
    expect(test.listener.frames).toHaveLength(1);
    await until(() => test.server.connections.webSockets === 0);
  });

  it('sends even a close code that the standard does not know', async () => {
    await using test = await followed({}, { route: 'websocket', type: 'close', code: 1015, afterFrames: 1 });
    test.job.complete();
    await until(() => test.listener.error !== undefined);
    expect(test.listener.error?.message).toContain('1015');
  });

  it('closes after some time', async () => {
    const fault = { route: 'websocket', type: 'close', code: 4000, afterMs: 80 } as const;
    await using server = await createMockServer({ manual: true, faults: [fault] });
    const startedAt = performance.now();
    await using listener = new Listener(server);
    await until(() => listener.closeCode === 4000);
    // Timers may be a little early.
    expect(performance.now() - startedAt).toBeGreaterThan(75);
  });

  it('is gone without a FIN: neither frames, nor pongs, nor a close', async () => {
    await using test = await followed({}, { route: 'websocket', type: 'half-open', afterFrames: 1 });
    test.job.advance({ status: 'processing', progress: 1 });
    await until(() => test.listener.frames.length === 1);
    let pongs = 0;
    test.listener.socket.on('pong', () => pongs++);
    test.listener.socket.ping();
    test.job.complete();
    test.listener.socket.close();
    await someCalls(test.server);
    expect([pongs, test.listener.frames.length, test.listener.closeCode]).toEqual([0, 1, undefined]);
    test.listener.socket.terminate();
    await until(() => test.server.connections.tcp === 0 && test.server.connections.webSockets === 0);
  });

  it('sends garbage, bytes, a frame of over 1 MiB and one of a foreign job', async () => {
    const inject = (frame: 'garbage' | 'binary' | 'oversized' | 'foreign-job'): MockFault => ({
      ...{ route: 'websocket', type: 'inject', frame },
    });
    await using server = await createMockServer({
      faults: [inject('garbage'), inject('binary'), inject('foreign-job'), inject('oversized')],
    });
    await using listener = await new Listener(server).opened();
    await until(() => listener.raw.length === 4);
    expect(() => JSON.parse(String(listener.raw[0]))).toThrow();
    expect(listener.raw[1]).toBeInstanceOf(Buffer);
    expect(JSON.parse(String(listener.raw[2]))).toMatchObject({
      jobId: 'job-of-somebody-else',
      status: 'completed',
    });
    expect(listener.raw[3]?.length).toBeGreaterThan(1024 * 1024);
  });

  it('repeats, reorders and loses updates', async () => {
    const play = async (fault: MockFault) => {
      await using test = await followed({}, fault);
      test.job.advance({ status: 'processing', progress: 10 });
      test.job.advance({ progress: 20 });
      test.job.complete();
      await test.listener.quiet();
      return test.listener.frames.map((frame) => frame.progress);
    };
    expect(await play({ type: 'duplicate' })).toEqual([10, 10, 20, 20, 100, 100]);
    expect(await play({ type: 'disorder' })).toEqual([20, 10, 100]);
    expect(await play({ type: 'disorder', window: 3 })).toEqual([100, 20, 10]);
    expect(await play({ type: 'drop-terminal' })).toEqual([10, 20]);
    expect(await play({ type: 'drop-updates', first: 1 })).toEqual([20, 100]);
    expect(await play({ type: 'drop-terminal', jobId: 'another' })).toEqual([10, 20, 100]);
  });

  it('strikes as often as it says, and then lets through', async () => {
    await using server = await createMockServer({
      faults: [{ route: 'websocket', type: 'refuse', times: 2 }],
    });
    for (let i = 0; i < 2; i++) {
      const listener = new Listener(server);
      await until(() => listener.error !== undefined);
    }
    await using third = await new Listener(server).opened();
    expect(third.error).toBeUndefined();
    expect(server.faults.size).toBe(0);
  });
});

describe('the whole server', () => {
  it('breaks every connection, or closes the streams with a code', async () => {
    await using server = await createMockServer();
    const first = await new Listener(server).opened();
    server.disconnectAll(1012);
    await until(() => first.closeCode === 1012);
    const second = await new Listener(server).opened();
    server.disconnectAll();
    await until(() => second.closeCode === 1006);
    await until(() => server.connections.tcp === 0);
  });

  it('goes away and comes back on the same port with its jobs', async () => {
    await using test = await followed();
    await test.server.pause();
    await until(() => test.listener.closeCode === 1006);
    await expect(fetch(`${test.server.url}/api/videos/status/${ID}`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    test.job.complete();
    await test.server.resume();
    const response = await fetch(`${test.server.url}/api/videos/status/${ID}`);
    expect(await response.json()).toMatchObject({ status: 'completed' });
    const again = await new Listener(test.server).opened();
    again.socket.terminate();
  });

  it('lets one stream be handled by hand', async () => {
    await using test = await followed();
    const [stream] = test.server.streams.open;
    stream?.send('hello');
    await until(() => test.listener.raw.length === 1);
    stream?.close(4001, 'by hand');
    await until(() => test.listener.closeCode === 4001);
  });
});

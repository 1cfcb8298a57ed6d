import { describe, expect, it } from 'vitest';
import { createMockServer, type MockFault, type MockServerOptions } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { golden, readEvents, someCalls } from './support.js';

const ID = 'job-1a2b3c';

async function followed(options: MockServerOptions = {}, fault?: MockFault) {
  const server = await createMockServer({ manual: true, ...options });
  if (fault) server.faults.add({ route: 'sse', ...fault });
  const job = server.jobs.create({ id: ID });
  const events = await readEvents(server, ID);
  return {
    server,
    job,
    events,
    async [Symbol.asyncDispose]() {
      events.abort();
      await server.close();
    },
  };
}

/** What the events of a stream in plain form say. */
function dataOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => JSON.parse(block.slice('data: '.length)));
}

describe("the gateway's event stream", () => {
  it('tells each change as a default event, with the keys of the documents', async () => {
    await using test = await followed();
    expect(test.events.response.headers.get('content-type')).toBe('text/event-stream');
    test.job.advance();
    test.job.advance({ status: 'processing', progress: 60, message: 'Rendering frames' });
    test.job.complete();
    await until(() => dataOf(test.events.text()).length === 3);
    const [queued, processing, completed] = dataOf(test.events.text());
    expect(queued).toEqual(golden('sora-gateway/sse-queued'));
    expect(processing).toEqual(golden('sora-gateway/sse-processing'));
    const { videoId, duration, ...rest } = golden('sora-gateway/sse-completed');
    expect([typeof videoId, typeof duration]).toEqual(['string', 'number']);
    expect(completed).toMatchObject({ ...rest, videoId: test.job.upstreamId, duration: 5 });
  });

  it('tells why a job failed', async () => {
    await using test = await followed();
    test.job.fail('Out of memory');
    await until(() => dataOf(test.events.text()).length === 1);
    expect(dataOf(test.events.text())[0]).toMatchObject(golden('sora-gateway/sse-failed'));
  });

  it('carries the jobs of its URL and no others, and goes on when they have ended', async () => {
    await using server = await createMockServer({ manual: true });
    const ids = ['a', 'b,c', 'd/e'];
    for (const id of ids) server.jobs.create({ id });
    const events = await readEvents(server, ids.map(encodeURIComponent).join(','));
    for (const job of server.jobs) job.complete();
    server.jobs.create({ id: 'b' }).complete();
    await until(() => dataOf(events.text()).length === 3);
    expect(dataOf(events.text()).map(({ jobId }) => jobId)).toEqual(ids);
    await someCalls(server);
    expect(server.connections.eventStreams).toBe(1);
    events.abort();
    await until(() => server.connections.eventStreams === 0);
  });

  it('takes a list that is encoded as a whole', async () => {
    await using server = await createMockServer({ manual: true });
    const events = await readEvents(server, encodeURIComponent('a,b'));
    server.jobs.create({ id: 'b' }).complete();
    await until(() => dataOf(events.text()).length === 1);
    events.abort();
  });

  it('tells the state at once, and ends with its last job, where so asked', async () => {
    await using server = await createMockServer({
      ...{ manual: true, streams: { snapshotOnSubscribe: true, endWithJobs: true } },
    });
    const first = server.jobs.create({ id: 'a' }).complete();
    const second = server.jobs.create({ id: 'b' });
    const events = await readEvents(server, 'a,b');
    await until(() => dataOf(events.text()).length === 2);
    expect(dataOf(events.text())).toMatchObject([{ status: 'completed' }, { status: 'queued' }]);
    second.complete();
    await events.done;
    expect(dataOf(events.text())).toHaveLength(3);
    expect(first.ended && second.ended).toBe(true);
  });

  it('wants to know which jobs', async () => {
    await using server = await createMockServer();
    const { response } = await readEvents(server, '');
    expect(response.status).toBe(400);
  });
});

describe('faults of the event stream', () => {
  it('ends early, in good order or not', async () => {
    await using ended = await followed({}, { type: 'close', afterFrames: 1 });
    ended.job.advance({ status: 'processing', progress: 5 });
    await ended.events.done;
    expect(dataOf(ended.events.text())).toHaveLength(1);
    await using broken = await followed({}, { type: 'close', code: 1006, afterMs: 30 });
    const error = await fetch(`${broken.server.url}/api/jobs/events?jobIds=${ID}`)
      .then((response) => response.text())
      .catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(Error);
  });

  it('is mute', async () => {
    await using test = await followed({}, { type: 'mute' });
    test.job.complete();
    await someCalls(test.server);
    expect(test.events.chunks).toEqual([]);
    expect(test.server.connections.eventStreams).toBe(1);
  });

  it('answers 503 or another content type', async () => {
    await using unavailable = await followed({}, { type: 'status', status: 503, retryAfter: 7 });
    expect(unavailable.events.response.status).toBe(503);
    expect(unavailable.events.response.headers.get('retry-after')).toBe('7');
    await using html = await followed({}, { type: 'content-type', contentType: 'text/html' });
    expect(html.events.response.headers.get('content-type')).toBe('text/html');
  });

  it('is held back by a buffering proxy, the header too where so asked', async () => {
    let started = Date.now();
    await using test = await followed({}, { type: 'buffer', forMs: 150 });
    test.job.advance({ status: 'processing', progress: 5 });
    test.job.complete();
    await until(() => test.events.chunks.length > 0);
    expect(Date.now() - started).toBeGreaterThanOrEqual(145);
    await until(() => dataOf(test.events.text()).length === 2);
    started = Date.now();
    await using whole = await followed({}, { type: 'buffer', forMs: 100, headers: true });
    expect(Date.now() - started).toBeGreaterThanOrEqual(95);
    expect(whole.events.response.status).toBe(200);
  });

  it.each(['\r\n', '\r', '\n'] as const)('ends its lines with %j', async (lineEnding) => {
    await using test = await followed({}, { type: 'format', lineEnding });
    test.job.complete();
    await until(() => test.events.chunks.length > 0);
    expect(test.events.text()).toMatch(new RegExp(`^data: \\{[^\\r\\n]*\\}${lineEnding}${lineEnding}$`));
  });

  it('sends heartbeats as comments, a byte order mark, and characters cut in two', async () => {
    await using test = await followed(
      {},
      { type: 'format', splitEveryBytes: 1, bom: true, commentEveryMs: 10 },
    );
    test.job.advance({ status: 'processing', message: '€😀' });
    await until(() => test.events.text().includes('😀') && test.events.text().includes(': keep-alive\n\n'));
    expect(test.events.text().startsWith('\ufeff')).toBe(true);
    expect(test.events.chunks.some((chunk) => chunk.length === 1 && (chunk[0] ?? 0) > 0x7f)).toBe(true);
  });

  it('injects what should not be there, repeats, reorders and loses', async () => {
    const play = async (fault: MockFault) => {
      await using test = await followed({}, fault);
      test.job.advance({ status: 'processing', progress: 10 });
      test.job.advance({ progress: 20 });
      test.job.complete();
      test.server.streams.close();
      await test.events.done;
      return [...test.events.text().matchAll(/"progress":(\d+)/g)].map((match) => Number(match[1]));
    };
    expect(await play({ type: 'duplicate', copies: 3 })).toEqual([10, 10, 10, 20, 20, 20, 100, 100, 100]);
    expect(await play({ type: 'disorder' })).toEqual([20, 10, 100]);
    expect(await play({ type: 'drop-terminal', jobId: ID })).toEqual([10, 20]);
    await using test = await followed({}, { type: 'inject', frame: 'garbage' });
    await until(() => test.events.text() !== '');
    expect(test.events.text()).toBe('data: {"jobId": "job-\n\n');
  });

  it('strikes the stream of one job only', async () => {
    await using server = await createMockServer({
      faults: [{ route: 'sse', type: 'status', status: 503, jobId: 'b' }],
    });
    const spared = await readEvents(server, 'a');
    const struck = await readEvents(server, 'a,b');
    expect([spared.response.status, struck.response.status]).toEqual([200, 503]);
    spared.abort();
  });
});

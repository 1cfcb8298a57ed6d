import type { VideoJob } from 'reelwire';
import { describe, expect, it } from 'vitest';
import type { MockFault } from '../../src/mock-server/index.js';
import { allClosed, connect, heartbeat, input, listen, served } from './support/client.js';
import { type RemoteMock, STARTS } from './support/remote-mock.js';

const websocket = { route: 'websocket' } as const;
const sse = { route: 'sse' } as const;
const step = { status: 'processing', progress: 40 } as const;
const end = { status: 'completed', progress: 100 } as const;

/** A relay says what it heard some seconds ago, unless a tab watches by a stream: another one does. */
async function watched(server: RemoteMock, job: VideoJob, transport = 'polling'): Promise<void> {
  if (transport === 'polling') await server.do('watch', job.id);
}

describe.each(STARTS)('of %s', (_server, start) => {
  describe.each(['websocket', 'sse', 'polling'] as const)('%s alone', (transport) => {
    it('brings each update and the end, once, and leaves nothing open', async () => {
      const server = await start({ faults: [heartbeat] });
      // So that no status call about a silent stream brings first what the stream brings.
      const timeouts = { connectMs: 1_500, headStartMs: 100, silenceMs: 60_000, jobMs: 14_000 };
      const job = await connect(server, { transports: [transport], timeouts }).generate(input);
      await watched(server, job, transport);
      const story = listen(job);
      await served(story, transport);
      // Or the one that follows its opening.
      await server.do('advance', job.id, { status: 'processing', progress: 20 });
      await expect.poll(() => job.snapshot.progress).toBe(20);
      await server.do('advance', job.id, step);
      await expect.poll(() => job.snapshot).toMatchObject({ ...step, transport });
      await server.do('advance', job.id, end);
      await expect(job.completed()).resolves.toMatchObject(end);
      expect(story.ends).toHaveLength(1);
      expect(story.ends[0]?.transport).toBe(transport);
      await allClosed(server);
    });

    it('tells the reason of a failure', async () => {
      const server = await start({ faults: [heartbeat] });
      const job = await connect(server, { transports: [transport] }).generate(input);
      await watched(server, job, transport);
      const story = listen(job);
      await served(story, transport);
      await server.do('advance', job.id, { status: 'failed', error: 'out of memory' });
      await expect(job.completed()).rejects.toMatchObject({ code: 'job-failed', jobId: job.id });
      expect(story.ends).toMatchObject([{ status: 'failed', error: 'out of memory' }]);
    });
  });

  it('many jobs share one WebSocket, which closes with the last', async () => {
    const server = await start();
    // However slow the machine is: no other stream is to start beside it.
    const client = connect(server, { timeouts: { headStartMs: 10_000 } });
    const jobs = await Promise.all(Array.from({ length: 8 }, () => client.generate(input)));
    await Promise.all(jobs.map((job) => served(listen(job), 'websocket')));
    expect(await server.do('connections')).toMatchObject({ webSockets: 1, eventStreams: 0 });
    for (const job of jobs) await server.do('advance', job.id, end);
    await Promise.all(jobs.map((job) => job.completed()));
    await allClosed(server);
  });

  describe('falls back to SSE where the WebSocket', () => {
    const faults: readonly [string, MockFault][] = [
      ['is refused', { ...websocket, type: 'refuse' }],
      ['is answered 403', { ...websocket, type: 'status', status: 403 }],
      ['is answered 404', { ...websocket, type: 'status', status: 404 }],
      ['is black-holed', { ...websocket, type: 'stall' }],
      ['closes as soon as it is open', { ...websocket, type: 'close', code: 1011 }],
    ];

    it.each(faults)('%s', async (_name, fault) => {
      const server = await start({ faults: [fault, heartbeat] });
      const job = await connect(server).generate(input);
      const story = listen(job);
      await served(story, 'sse');
      await server.do('advance', job.id, step);
      await expect.poll(() => job.snapshot.progress).toBe(step.progress);
      await server.do('advance', job.id, end);
      await job.completed();
      expect(story.ends).toHaveLength(1);
      await allClosed(server);
    });

    it('dies under a job, of which nothing is lost', async () => {
      const server = await start({ faults: [heartbeat] });
      const job = await connect(server).generate(input);
      const story = listen(job);
      await served(story, 'websocket');
      await server.do('fault', { ...websocket, type: 'refuse' });
      await server.do('disconnect', 1012);
      await server.do('advance', job.id, step);
      await served(story, 'sse');
      await expect.poll(() => job.snapshot.progress).toBe(step.progress);
      // Polling may have helped out in between.
      const reasons = story.changes.map(({ reason }) => reason);
      expect(reasons).toContainEqual(expect.stringMatching(/^WebSocket (closed|refused|failed|is not open)/));
    });
  });

  describe('falls back to polling where the WebSocket is refused and SSE', () => {
    const faults: readonly [string, MockFault][] = [
      ['is refused', { ...sse, type: 'refuse' }],
      ['answers 503', { ...sse, type: 'status', status: 503 }],
      ['answers another content type', { ...sse, type: 'content-type', contentType: 'application/json' }],
      ['answers an HTML page', { ...sse, type: 'html' }],
      ['is black-holed', { ...sse, type: 'stall' }],
      ['ends as soon as it is open', { ...sse, type: 'close' }],
    ];

    it.each(faults)('%s', async (_name, fault) => {
      const server = await start({ faults: [{ ...websocket, type: 'refuse' }, fault] });
      const job = await connect(server).generate(input);
      await watched(server, job);
      const story = listen(job);
      await served(story, 'polling');
      await server.do('advance', job.id, step);
      await expect.poll(() => job.snapshot).toMatchObject({ ...step, transport: 'polling' });
      await server.do('advance', job.id, end);
      await job.completed();
      expect(story.ends).toHaveLength(1);
      await allClosed(server);
    });
  });

  describe('learns of the end where every stream is open and', () => {
    const faults: readonly [string, readonly MockFault[]][] = [
      ['mute', [{ route: ['websocket', 'sse'], type: 'mute' }]],
      ['keeps the end to itself', [{ route: ['websocket', 'sse'], type: 'drop-terminal' }]],
      [
        'is held back by a proxy',
        [
          { ...websocket, type: 'refuse' },
          { ...sse, type: 'buffer', forMs: 30_000 },
        ],
      ],
      ['gone without a word', [{ route: ['websocket', 'sse'], type: 'half-open', afterFrames: 1 }]],
    ];

    it.each(faults)('%s', async (_name, list) => {
      const server = await start({ faults: list });
      const job = await connect(server).generate(input);
      await watched(server, job);
      const story = listen(job);
      await expect.poll(() => story.changes.length).toBeGreaterThan(0);
      await server.do('advance', job.id, end);
      await job.completed();
      expect(story.ends).toHaveLength(1);
    });
  });

  it('an event stream without a word at first serves from its first word on', async () => {
    const server = await start({ faults: [{ ...websocket, type: 'refuse' }] });
    const timeouts = { connectMs: 10_000, headStartMs: 100 };
    const job = await connect(server, { timeouts }).generate(input);
    const story = listen(job);
    await expect.poll(() => server.do('connections')).toMatchObject({ eventStreams: 1 });
    await server.do('advance', job.id, step);
    await expect.poll(() => job.snapshot.progress).toBe(step.progress);
    await served(story, 'sse');
    await server.do('advance', job.id, end);
    await expect(job.completed()).resolves.toMatchObject({ transport: 'sse' });
  });

  it('what a stream may look like: CRLF, comments, characters cut in two', async () => {
    // Each byte is a piece of its own to the browser: more comments than a busy one can read would keep it from all else.
    const format = { type: 'format', lineEnding: '\r\n', commentEveryMs: 200, splitEveryBytes: 1 } as const;
    const server = await start({ faults: [{ ...sse, ...format }] });
    const job = await connect(server, { transports: ['sse'] }).generate(input);
    const story = listen(job);
    await served(story, 'sse');
    const message = 'Bild 3 fertig – 完成 🎬';
    await expect
      .poll(async () => {
        // Once more, for a relay may not hear of it yet, and the status has no message.
        await server.do('advance', job.id, { ...step, message });
        return job.snapshot.message;
      })
      .toBe(message);
  });

  it('garbage, foreign and binary frames are survived', async () => {
    const frames = ['garbage', 'binary', 'foreign-job'] as const;
    const faults = frames.map((frame) => ({ ...websocket, type: 'inject', frame, afterFrames: 1 }) as const);
    const server = await start({ faults });
    const job = await connect(server).generate(input);
    const story = listen(job);
    await served(story, 'websocket');
    await server.do('advance', job.id, end);
    await job.completed();
    expect(story.ends).toHaveLength(1);
  });

  it('a page loaded anew finds its job by the id, one that ended meanwhile too', async () => {
    const server = await start();
    const id = await server.do('createJob', {});
    await server.do('advance', id, end);
    await expect(connect(server).subscribe(id).completed()).resolves.toMatchObject({ id, ...end });
    await allClosed(server);
  });

  it('a listener that is removed leaves no stream behind', async () => {
    const server = await start();
    const job = connect(server).subscribe(await server.do('createJob', {}));
    const off = job.on('update', () => {});
    await expect.poll(() => server.do('connections')).toMatchObject({ webSockets: 1 });
    off();
    await allClosed(server);
  });
});

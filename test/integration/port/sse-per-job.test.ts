import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SseCodec } from '../../../src/backends/backend.js';
import type { VideoJob } from '../../../src/job/job.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { type Answer, connect, plain, updateOf } from './support.js';

const perJob: SseCodec = {
  perJob: true,
  events: ['status'],
  url: ([jobId]) => `/jobs/${jobId}/events`,
  parse: (data, { jobId = '' } = { event: '' }) => ({
    type: 'update',
    update: updateOf({ id: jobId, ...JSON.parse(data) }),
  }),
};

/** By the id in the event, which may be any job's. */
const named: SseCodec['parse'] = (data, { jobId = '' } = { event: '' }) => ({
  type: 'update',
  update: updateOf({ id: jobId, ...JSON.parse(data) }),
});

/** A server with a stream a job. Streams for which `refuse` has a status get that. */
async function start(refuse: (jobId: string) => number = () => 200) {
  const states = new Map<string, Omit<Answer, 'id'>>();
  const open = new Map<string, ServerResponse>();
  const opened: string[] = [];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const [, , id = '', isStream] = request.url?.split('/') ?? [];
    if (isStream === undefined) {
      asked.push(id);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ id, status: 'processing', ...states.get(id) }));
      return;
    }
    opened.push(id);
    const status = refuse(id);
    response.writeHead(status, { 'content-type': status === 200 ? 'text/event-stream' : 'text/plain' });
    if (status !== 200) {
      response.end();
      return;
    }
    response.write(': hi\n\n');
    open.set(id, response);
    response.on('close', () => open.get(id) === response && open.delete(id));
  });
  const { url } = await listen(server);
  onTestFinished(() => server.closeAllConnections());
  return {
    ...{ url, open, opened, asked },
    say: (id: string, state: Omit<Answer, 'id'>) =>
      open.get(id)?.write(`event: status\ndata: ${JSON.stringify(state)}\n\n`),
    end: (id: string, state: Omit<Answer, 'id'>) => states.set(id, state),
  };
}

type Server = Awaited<ReturnType<typeof start>>;

/** Follows these jobs, of which nothing is known but what the streams or the status say. */
function follow({ url }: Server, jobIds: readonly string[], intervalMs = 60_000, headStartMs = 300) {
  const timeouts = { silenceMs: 60_000, headStartMs };
  const transports = ['sse', 'polling'] as const;
  const client = connect(url, plain({ sse: perJob }), { polling: { intervalMs }, timeouts, transports });
  const jobs = jobIds.map((id) => client.subscribe(id));
  return { client, jobs, ends: Promise.all(jobs.map((job) => job.completed({ timeoutMs: 20_000 }))) };
}

const transportsOf = (job: VideoJob) => {
  const told: (string | undefined)[] = [];
  job.on('transport', ({ transport }) => told.push(transport));
  return told;
};

describe('a dialect whose jobs have an event stream each', () => {
  it('has the end of each told by its own stream, by events of the names it asked for', async () => {
    const server = await start();
    const { ends } = follow(server, ['a', 'b']);
    await until(() => server.open.size === 2);
    server.open.get('b')?.write('event: preview\ndata: a picture\n\n');
    server.say('b', { status: 'completed', videoUrl: '/b.mp4' });
    server.say('a', { status: 'completed', videoUrl: '/a.mp4' });
    expect(await ends).toMatchObject([
      { id: 'a', transport: 'sse', videoUrl: `${server.url}/a.mp4` },
      { id: 'b', transport: 'sse', videoUrl: `${server.url}/b.mp4` },
    ]);
    await until(() => server.open.size === 0);
  });

  it('has four of them open at once, polls the other jobs, and gives a place that is free to the next', async () => {
    const server = await start();
    const { jobs, ends } = follow(server, ['a', 'b', 'c', 'd', 'e', 'f'], 100);
    const told = transportsOf(jobs[4] as VideoJob);
    await until(() => server.open.size === 4 && told.includes('polling'));
    expect(server.opened).toEqual(['a', 'b', 'c', 'd']);
    server.end('f', { status: 'completed' });
    server.say('a', { status: 'completed' });
    await until(() => server.open.has('e'));
    for (const id of 'bcde') server.say(id, { status: 'completed' });
    const sources = (await ends).map(({ id, transport }) => `${id} ${transport}`);
    expect(sources).toEqual(['a sse', 'b sse', 'c sse', 'd sse', 'e sse', 'f polling']);
    expect(told.at(-1)).toBe('sse');
  });

  it('of which one ends has its job asked and its stream opened again, and no other', async () => {
    const server = await start();
    // By a head start that no machine is too busy for, each is asked twice: when it is followed, and when it is open.
    const { jobs, ends } = follow(server, ['a', 'b'], 60_000, 20_000);
    const told = jobs.map(transportsOf);
    await until(() => told.every((names) => names.at(-1) === 'sse') && server.asked.length === 4);
    server.asked.length = 0;
    server.open.get('a')?.end();
    await until(() => server.opened.length === 3 && told[0]?.length === 3);
    expect(told[0]?.at(-1)).toBe('sse');
    expect(new Set(server.asked)).toEqual(new Set(['a']));
    expect(server.opened.slice(2)).toEqual(['a']);
    expect(told[1]).toEqual(['sse']);
    server.say('a', { status: 'completed' });
    server.say('b', { status: 'completed' });
    expect((await ends).map(({ transport }) => transport)).toEqual(['sse', 'sse']);
  });

  it('and ended while its stream was away is told by the status', async () => {
    const server = await start();
    const { ends } = follow(server, ['a']);
    await until(() => server.open.size === 1 && server.asked.length >= 2);
    server.end('a', { status: 'completed' });
    server.open.get('a')?.end();
    expect(await ends).toMatchObject([{ id: 'a', transport: 'polling' }]);
  });

  it.each([404, 405, 501])(
    'and whose first is not there, with %i, has none: no other is tried',
    async (status) => {
      const server = await start(() => status);
      const { ends } = follow(server, ['a', 'b'], 50);
      await until(() => server.asked.length >= 12);
      expect(server.opened.length).toBeLessThanOrEqual(2); // Both were on their way.
      for (const id of 'ab') server.end(id, { status: 'completed' });
      expect((await ends).map(({ transport }) => transport)).toEqual(['polling', 'polling']);
    },
  );

  it('and where a later one is not there, that job alone is polled', async () => {
    const server = await start((id) => (id === 'b' ? 404 : 200));
    const { client, jobs, ends } = follow(server, ['a'], 100);
    const told = transportsOf(jobs[0] as VideoJob);
    await until(() => told.at(-1) === 'sse');
    told.length = 0;
    const polled = client.subscribe('b');
    const ended = polled.completed({ timeoutMs: 20_000 });
    await until(() => server.asked.filter((id) => id === 'b').length >= 4);
    server.end('b', { status: 'completed' });
    expect((await ended).transport).toBe('polling');
    expect(server.opened).toEqual(['a', 'b']);
    expect(told).toEqual([]);
    server.say('a', { status: 'completed' });
    expect((await ends)[0]?.transport).toBe('sse');
  });

  it.each([401, 429, 503])(
    'of a server that refuses every stream, with %i, asks for no more than four',
    async (status) => {
      const server = await start(() => status);
      const client = connect(server.url, plain({ sse: perJob }), {
        ...{ polling: { intervalMs: 50 }, transports: ['sse', 'polling'] },
        retry: { minDelayMs: 60_000, maxDelayMs: 60_000 },
      });
      for (let index = 0; index < 30; index++) client.subscribe(`j${index}`).on('update', () => {});
      // Each was polled twice: whatever streams there are to be have been asked for.
      await until(() => server.asked.length >= 90 && server.opened.length >= 4);
      expect(server.opened).toEqual(['j0', 'j1', 'j2', 'j3']);
      await client.close();
    },
  );

  it('gives the place of one that was refused to a job that waits, once another is open', async () => {
    const server = await start((id) => (id === 'a' ? 503 : 200));
    const { client, ends } = follow(server, ['a', 'b', 'c', 'd', 'e']);
    ends.catch(() => {});
    await until(() => server.open.has('e'));
    await client.close();
  });

  it('hears of each job from its own stream alone', async () => {
    const server = await start();
    const client = connect(server.url, plain({ sse: { ...perJob, parse: named } }), {
      ...{ polling: { intervalMs: 60_000 }, transports: ['sse', 'polling'] },
    });
    const warned: string[] = [];
    const [a, b] = ['a', 'b'].map((id) => client.subscribe(id)) as [VideoJob, VideoJob];
    a.on('warning', ({ code, jobId }) => warned.push(`${code} ${jobId}`));
    b.on('completed', () => warned.push('b has ended'));
    await until(() => server.open.size === 2);
    server.say('a', { id: 'b', status: 'completed' } as Omit<Answer, 'id'>);
    await until(() => warned.length > 0);
    expect(warned).toEqual(['bad-frame a']);
    expect(b.snapshot.status).not.toBe('completed');
    await client.close();
  });

  it('is opened for thousands, although their URLs cannot be made, without a call within a call', async () => {
    const server = await start();
    const url = ([id = '']: readonly string[]) => {
      if (id !== 'j0') throw new Error('no such URL');
      return perJob.url([id]);
    };
    const client = connect(server.url, plain({ sse: { ...perJob, url } }), {
      ...{ polling: { intervalMs: 60_000 }, transports: ['sse', 'polling'] },
    });
    const jobs = Array.from({ length: 3_000 }, (_, index) => client.subscribe(`j${index}`));
    const stopped: unknown[] = [];
    for (const job of jobs) job.on('stopped', (error) => stopped.push(error));
    const told = transportsOf(jobs[0] as VideoJob);
    await until(() => told.at(-1) === 'sse');
    expect(server.opened).toEqual(['j0']);
    expect(stopped).toEqual([]);
    await client.close();
  });

  it.each([404, 200])(
    'cannot be diagnosed to be missing by a job that there is not, with %i',
    async (status) => {
      const server = await start(() => status);
      const { transports } = await connect(server.url, plain({ sse: perJob })).diagnose();
      expect(transports.sse).toMatchObject({ state: status === 404 ? 'unknown' : 'works' });
    },
  );
});

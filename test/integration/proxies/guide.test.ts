import { describe, expect, it } from 'vitest';
import type { VideoJob } from '../../../src/job/job.js';
import type { MockServer } from '../../../src/mock-server/index.js';
import { mockMedia } from '../../../src/mock-server/media/files.js';
import { connect, input, startServer } from '../client/support.js';
import { asPage, follow, guideLines, startCaddy, startHAProxy, startNginx, until } from './support.js';

/** Each with its lines as the guide has them, where compression is switched on as well. */
const PROXIES = {
  nginx: {
    unreachable: 502,
    start: (server: MockServer) =>
      startNginx(server, guideLines('nginx'), 'gzip on; gzip_types application/json video/mp4;'),
  },
  haproxy: {
    unreachable: 503,
    start: (server: MockServer) => startHAProxy(server, `${guideLines('haproxy')}compression algo gzip\n`),
  },
  caddy: {
    unreachable: 502,
    start: (server: MockServer) => startCaddy(server, `encode gzip\n${guideLines('caddy')}`),
  },
};

/** Nothing but a stream tells anything in time. */
const patient = {
  polling: { intervalMs: 60_000 },
  timeouts: { silenceMs: 60_000, headStartMs: 10_000 },
};

/** What brought the steps of a job, none of which is taken before the last was told: few can be by a status call. */
async function transportsOf(server: MockServer, job: VideoJob): Promise<readonly unknown[]> {
  const { told } = follow(job);
  await until(() => server.streams.open.some(({ jobIds }) => jobIds.has(job.id)));
  for (const progress of [10, 20, 30, 40, 50, 60, 70, 80]) {
    server.jobs.get(job.id)?.advance({ status: 'processing', progress });
    await until(() => job.snapshot.progress === progress);
  }
  server.jobs.get(job.id)?.complete();
  await job.completed();
  return told.map(({ transport }) => transport);
}

describe.each(Object.entries(PROXIES))(
  'behind %s with the lines of the guide',
  (_, { start, unreachable }) => {
    it('the WebSocket is used, for its upgrade is passed on', async () => {
      const server = await startServer({ style: 'field' });
      const client = connect(await start(server), patient);
      expect(await client.diagnose()).toMatchObject({ ok: true, transport: 'websocket' });
      expect(await transportsOf(server, await client.generate(input))).toContain('websocket');
    });

    it.each([
      ['a program', {}],
      ['a page, which has to take what is compressed', { fetch: asPage }],
    ])('each event comes before the next is sent, to %s', async (_, options) => {
      const server = await startServer();
      const client = connect(await start(server), { ...patient, ...options, transports: ['sse'] });
      expect(await transportsOf(server, await client.generate(input))).toContain('sse');
    });

    it.each([
      ['a program', {}],
      ['a page', { fetch: asPage }],
    ])('the video comes whole to %s', async (_, options) => {
      const server = await startServer();
      const job = await connect(await start(server), options).generate(input);
      server.jobs.get(job.id)?.complete();
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
    });

    it.each([[['websocket', 'polling']], [['sse', 'polling']], [['polling']]] as const)(
      'a redeploy of the server loses no job that is followed over %j',
      async (transports) => {
        const server = await startServer();
        const answers = new Set<number>();
        const fetch: typeof globalThis.fetch = async (url, init) => {
          const response = await globalThis.fetch(url, init);
          answers.add(response.status);
          return response;
        };
        const job = await connect(await start(server), { transports, fetch }).generate(input);
        const { served, ends } = follow(job);
        await served(transports[0]);
        await server.pause();
        await until(() => answers.has(unreachable));
        await served(undefined);
        // It ends while nobody answers, and the server that is back takes a while to know its routes.
        server.jobs.get(job.id)?.complete();
        const answered = { route: 'status', type: 'status' } as const;
        server.faults.add({ ...answered, status: 500, times: 3 });
        server.faults.add({ ...answered, status: 404, body: '404 page not found', times: 6 });
        await server.resume();
        expect(await job.completed()).toMatchObject({ id: job.id, status: 'completed' });
        expect([...answers]).toEqual(expect.arrayContaining([unreachable, 500, 404]));
        expect(ends).toEqual(['completed']);
      },
    );
  },
);

describe.each([
  ['nginx', (server: MockServer, lines: string) => startNginx(server, lines, 'proxy_read_timeout 1s;')],
  ['haproxy', (server: MockServer, lines: string) => startHAProxy(server, lines, 'timeout server 1s')],
] as const)('the timeouts that the guide gives for %s', (proxy, start) => {
  it.each(['websocket', 'sse'] as const)(
    'keep a silent %s open, which is otherwise closed, and opened anew',
    async (transport) => {
      const through = async (lines: string) => {
        const server = await startServer();
        const options = { ...patient, transports: [transport, 'polling'] } as const;
        const job = await connect(await start(server, lines), options).generate(input);
        const { served, ends } = follow(job);
        await served(transport);
        return { server, job, ends };
      };
      const lines = guideLines(proxy);
      const kept = await through(lines);
      const cut = await through(lines.replaceAll(/.*timeout.*\n/g, ''));
      // By then the other would have been closed as well.
      await until(() => cut.server.streams.all.length > 2);
      expect(kept.server.streams.all).toHaveLength(1);
      for (const { server, job, ends } of [kept, cut]) {
        server.jobs.get(job.id)?.complete();
        await job.completed();
        expect(ends).toEqual(['completed']);
      }
    },
  );
});

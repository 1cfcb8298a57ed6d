import { describe, expect, it } from 'vitest';
import type { SseCodec } from '../../src/backends/backend.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import type { CompletedJob } from '../../src/core/model.js';
import type { MockDialect, MockFault, MockRoute } from '../../src/mock-server/index.js';
import { workflow } from '../support/workflow.js';
import { EVENT_STREAM_FAULTS, STATUS_FAULTS, STREAM_FAULTS } from './faults.js';
import { MOCK, RELAY, RELAY_AS_GATEWAY, type StartSubject } from './subjects.js';
import {
  BACKENDS,
  connect,
  follow,
  neverMovesBack,
  noStreamIsLeft,
  speaking,
  startServer,
} from './support.js';

/** A job that runs by itself, in some steps. */
const DURATION_MS = 150;

/** A job that is followed in the gateway's dialect, whoever speaks it. */
async function endsOnce(
  start: StartSubject,
  transport: 'websocket' | 'sse' | 'polling',
  fault: MockFault | readonly MockFault[],
  { style = 'field', isLeftAlone = false }: { style?: 'documented' | 'field'; isLeftAlone?: boolean } = {},
): Promise<void> {
  const route = transport === 'polling' ? 'status' : transport;
  const faults = [fault].flat().map((one) => ({ ...one, route }) as const);
  const server = await start({ style, durationMs: DURATION_MS, faults });
  const { id } = await server.createJob();
  // A relay says what it heard some seconds ago where nobody watches.
  if (transport === 'polling' || isLeftAlone) await server.watch(id);
  const transports = transport === 'polling' ? [transport] : [transport, 'polling' as const];
  const story = await follow(server.connect({ transports }), id);
  expect(story.error).toBeUndefined();
  expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
  expect(neverMovesBack(story)).toBe(true);
  expect(story.snapshots.at(-1)).toBe(story.ends[0]);
  await server.nothingIsLeft();
}

/** Of these no stream lasts: what is heard of the job is heard by polling. */
const NO_STREAM = [
  'is a black hole',
  'answers 404',
  'is closed after each frame',
  'sends a frame over 1 MiB',
];

describe.each(['websocket', 'sse'] as const)('%s', (transport) => {
  const faults = Object.entries({ ...STREAM_FAULTS, ...(transport === 'sse' && EVENT_STREAM_FAULTS) });
  describe.each(['documented', 'field'] as const)('of a server in %s style', (style) => {
    it.each(faults)('that %s: the end is told once, and no stream is left', async (_, fault) => {
      await endsOnce(MOCK[1], transport, fault, { style });
    });
  });

  it.each(faults)('of a relay that %s: the end is told once, and no stream is left', async (name, fault) => {
    await endsOnce(RELAY[1], transport, fault, { isLeftAlone: NO_STREAM.includes(name) });
  });
});

describe('websocket of a relay taken for a gateway', () => {
  it.each(Object.entries(STREAM_FAULTS))(
    'that %s: the end is told once, and no stream is left',
    async (name, fault) => {
      await endsOnce(RELAY_AS_GATEWAY[1], 'websocket', fault, { isLeftAlone: NO_STREAM.includes(name) });
    },
  );
});

describe('polling of a relay', () => {
  it.each(Object.entries(STATUS_FAULTS))('whose status route %s: the end is told once', async (_, fault) => {
    await endsOnce(RELAY[1], 'polling', fault);
  });
});

describe('websocket of comfyUI, which needs no subscription and says no more of the end than that it has come,', () => {
  it.each(Object.entries(STREAM_FAULTS))(
    'that %s: each end is told once, with its file, and no stream is left',
    async (_, fault) => {
      const faults = [fault].flat().map((one) => ({ ...one, route: 'websocket' as const }));
      const server = await startServer({ durationMs: DURATION_MS, faults });
      const client = connect(server, {
        ...speaking(server, 'comfyUI'),
        transports: ['websocket', 'polling'],
        // The submits are none of what is tried here.
        timeouts: { requestMs: 5_000, connectMs: 500, headStartMs: 50, silenceMs: 300, jobMs: 10_000 },
      });
      // It runs one after the other: those that wait are followed, too.
      const made: string[] = [];
      for (const seed of [1, 2, 3])
        made.push((await client.generate({ workflow: workflow(seed) } as never)).id);
      for (const story of await Promise.all(made.map((id) => follow(client, id)))) {
        expect(story.error).toBeUndefined();
        expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
        expect(neverMovesBack(story)).toBe(true);
        const { contentType } = await client.download(story.ends[0] as CompletedJob);
        expect(contentType).toBe('video/mp4');
      }
      await noStreamIsLeft(server);
    },
  );
});

describe('polling of comfyUI without the jobs API, whose history', () => {
  it.each(Object.entries(STATUS_FAULTS).filter(([name]) => name !== 'answers without a status'))(
    '%s: the end is told once, with its file',
    async (_, fault) => {
      const faults = [fault].flat().map((one) => ({ ...one, route: 'list' as const }));
      const server = await startServer({ durationMs: DURATION_MS, faults, comfyUI: { version: '0.3' } });
      const client = connect(server, { ...speaking(server, 'comfyUI'), transports: ['polling'] });
      const story = await follow(client, server.jobs.create({ dialect: 'comfyUI' }).id);
      expect(story.error).toBeUndefined();
      expect(story.ends).toMatchObject([{ status: 'completed', outputs: [{ type: 'video/mp4' }] }]);
    },
  );
});

describe('sse of a stream a job, of which six are more than are open at once,', () => {
  it.each(Object.entries({ ...STREAM_FAULTS, ...EVENT_STREAM_FAULTS }))(
    'that %s: each end is told once, and no stream is left',
    async (_, fault) => {
      const faults = [fault].flat().map((one) => ({ ...one, route: 'sse' as const }));
      const server = await startServer({ durationMs: DURATION_MS, faults });
      const { sse, ...rest } = soraGateway();
      const backend = { ...rest, sse: { ...(sse as SseCodec), perJob: true as const } };
      const client = connect(server, { backend, transports: ['sse', 'polling'] });
      const jobs = Array.from({ length: 6 }, () => server.jobs.create());
      for (const story of await Promise.all(jobs.map(({ id }) => follow(client, id)))) {
        expect(story.error).toBeUndefined();
        expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
        expect(neverMovesBack(story)).toBe(true);
      }
      await noStreamIsLeft(server);
    },
  );
});

describe('sse of fal, whose end is proven by the result alone,', () => {
  it.each(Object.entries({ ...STREAM_FAULTS, ...EVENT_STREAM_FAULTS }))(
    'that %s: each end is told once, with its file, and no stream is left',
    async (_, fault) => {
      const faults = [fault].flat().map((one) => ({ ...one, route: 'sse' as const }));
      const server = await startServer({ durationMs: DURATION_MS, faults });
      const client = connect(server, { ...speaking(server, 'fal'), transports: ['sse', 'polling'] });
      const jobs = Array.from({ length: 6 }, () => server.jobs.create({ dialect: 'fal' }));
      for (const story of await Promise.all(jobs.map(({ id }) => follow(client, id)))) {
        expect(story.error).toBeUndefined();
        expect(story.ends).toMatchObject([{ status: 'completed', outputs: [{ type: 'video/mp4' }] }]);
        expect(neverMovesBack(story)).toBe(true);
      }
      await noStreamIsLeft(server);
    },
  );
});

describe.each(['result', ['status', 'result']] as const)('polling of fal, whose route %s', (...routes) => {
  const route = routes.flat() as MockRoute[];
  it.each(Object.entries(STATUS_FAULTS))('%s: the end is told once, with its file', async (_, fault) => {
    const faults = [fault].flat().map((one) => ({ ...one, route }));
    const server = await startServer({ durationMs: DURATION_MS, faults });
    const client = connect(server, { ...speaking(server, 'fal'), transports: ['polling'] });
    const story = await follow(client, server.jobs.create({ dialect: 'fal' }).id);
    expect(story.error).toBeUndefined();
    expect(story.ends).toMatchObject([{ status: 'completed', outputs: [{ type: 'video/mp4' }] }]);
  });
});

describe.each(Object.keys(BACKENDS) as MockDialect[])('polling of %s', (dialect) => {
  it.each(Object.entries(STATUS_FAULTS))('whose status route %s: the end is told once', async (_, fault) => {
    const faults = [fault].flat().map((one) => ({ ...one, route: 'status' as const }));
    const server = await startServer({ durationMs: DURATION_MS, faults });
    const client = connect(server, { ...speaking(server, dialect), transports: ['polling'] });
    const story = await follow(client, server.jobs.create({ dialect }).id);
    expect(story.error).toBeUndefined();
    expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
    expect(neverMovesBack(story)).toBe(true);
    expect(story.snapshots.at(-1)).toBe(story.ends[0]);
  });
});

const TROUBLES: Readonly<Record<string, MockFault>> = {
  'hang for ever': { type: 'stall' },
  'are answered 429 and want a pause of an hour': { type: 'status', status: 429, retryAfter: 3_600 },
  'are answered 503 and want a pause of an hour': { type: 'status', status: 503, retryAfter: 3_600 },
  'are answered 404': { type: 'status', status: 404 },
  'are answered by a web page': { type: 'html' },
  'are reset': { type: 'reset', at: 'after-handling' },
};

describe.each(Object.keys(BACKENDS) as MockDialect[])('jobs of %s', (dialect) => {
  describe.each([1, 2, 6])('that share %i lines of polling', (concurrency) => {
    it.each(Object.entries(TROUBLES))(
      'hold none up whose calls are answered, when their own %s',
      async (_, trouble) => {
        const server = await startServer({ durationMs: DURATION_MS });
        const troubled = Array.from({ length: 8 }, () => server.jobs.create({ dialect, manual: true }));
        for (const { id } of troubled) server.faults.add({ ...trouble, route: 'status', jobId: id });
        const client = connect(server, {
          ...speaking(server, dialect),
          transports: ['polling'],
          polling: { intervalMs: 100, concurrency },
          logger: 'silent',
        });
        const others = troubled.map(({ id }) =>
          client
            .subscribe(id)
            .completed()
            .catch(() => {}),
        );
        const story = await follow(client, server.jobs.create({ dialect }).id);
        expect(story.error).toBeUndefined();
        expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
        client.close();
        await Promise.all(others);
      },
    );
  });
});

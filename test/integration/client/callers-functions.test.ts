import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import type {
  JobStatus,
  JobWarning,
  StreamMessage,
  TransportChange,
  WebhookEvent,
} from '../../../src/core/model.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import type { WebSocketClass } from '../../../src/runtime/runtime.js';
import { json, serve } from '../http/support.js';
import { connect, errorOf, input, startServer } from './support.js';

/** As it should be. */
interface FilmAnswer {
  readonly id: string;
  readonly state: JobStatus;
  readonly percent: number;
  readonly reason: string;
}

/** A promise as a test runner or a patched global makes it: no `instanceof Promise`. */
const rejectedElsewhere = () =>
  runInNewContext('Promise.reject(new Error("from elsewhere"))') as Promise<void>;

const foreignBufferOf = (part: Uint8Array): ArrayBuffer =>
  runInNewContext('new Uint8Array(bytes).buffer', { bytes: [...part] });

const withoutPrototype = () => {
  throw Object.create(null);
};

/** Node ends the process at these; a test runner only counts them. */
function unhandled(): unknown[] {
  const told: unknown[] = [];
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    const runners = process.listeners(event as 'unhandledRejection');
    const listener = (error: unknown) => told.push(error);
    process.removeAllListeners(event);
    process.on(event, listener);
    onTestFinished(() => {
      process.off(event, listener);
      for (const runner of runners) process.on(event as 'unhandledRejection', runner);
    });
  }
  return told;
}

async function follow(options: Parameters<typeof connect>[1]) {
  const told = unhandled();
  const server = await startServer();
  const client = connect(server, { logger: 'silent', ...options });
  const job = client.subscribe(server.jobs.create().id);
  const changes: TransportChange[] = [];
  const warnings: JobWarning[] = [];
  job.on('transport', (change) => changes.push(change));
  job.on('warning', (warning) => warnings.push(warning));
  await new Promise((resolve) => job.once('update', resolve));
  const serverJob = server.jobs.get(job.id);
  return { told, server, client, job, changes, warnings, serverJob };
}

describe('a WebSocket class of the caller’s', () => {
  const classes: Readonly<Record<string, new () => object>> = {
    'makes what cannot be listened to': class {
      constructor() {
        Object.freeze(this);
      }
    },
    'makes what has setters that throw': class {
      set binaryType(_: string) {
        throw new TypeError('not here');
      }
    },
    'makes what has no method': class {},
  };
  it.each(Object.entries(classes))('that %s is passed over, and the end comes by SSE', async (_, made) => {
    const { told, job, changes, serverJob } = await follow({ WebSocket: made as WebSocketClass });
    await vi.waitFor(() => expect(changes.at(-1)?.transport).toBe('sse'));
    serverJob?.complete();
    await expect(job.completed()).resolves.toMatchObject({ transport: 'sse' });
    expect(told).toEqual([]);
  });

  it('that tells of failures without an event is told to have failed at once', async () => {
    class Eventless {
      onopen: (() => void) | undefined;
      onerror: (() => void) | undefined;
      onclose: (() => void) | undefined;
      onmessage: (() => void) | undefined;
      constructor() {
        setTimeout(() => this.onopen?.());
      }
      send() {
        setTimeout(() => {
          this.onmessage?.();
          this.onerror?.();
          this.onclose?.();
        });
      }
      close() {}
    }
    const { told, job, changes, warnings, serverJob } = await follow({
      WebSocket: Eventless as unknown as WebSocketClass,
      retry: { minDelayMs: 5_000, maxDelayMs: 10_000 },
    });
    await vi.waitFor(() => expect(changes.at(-1)?.transport).toBe('sse'));
    expect(changes.at(-1)?.reason).toContain('WebSocket failed');
    expect(warnings.map(({ code }) => code)).toEqual(['bad-frame']);
    serverJob?.complete();
    await expect(job.completed()).resolves.toMatchObject({ transport: 'sse' });
    expect(told).toEqual([]);
  });
});

it('where the only transport asked for cannot be had, the job and the logger are told, and the end still comes', async () => {
  const warn = vi.fn();
  const { job, warnings, serverJob } = await follow({
    WebSocket: class {
      constructor() {
        throw new Error('none here');
      }
    } as unknown as WebSocketClass,
    transports: ['websocket'],
    timeouts: { silenceMs: 100 },
    logger: { debug() {}, info() {}, warn, error() {} },
  });
  await vi.waitFor(() => expect(warnings).toMatchObject([{ code: 'no-transport', jobId: job.id }]));
  expect(warn).toHaveBeenCalledWith(
    expect.stringMatching(new RegExp(`${job.id}.*WebSocket could not be made`)),
  );
  serverJob?.complete();
  await expect(job.completed()).resolves.toMatchObject({ transport: 'polling' });
});

describe.each(['webSocket', 'sse'] as const)('a backend of the caller’s whose %s codec', (stream) => {
  const parsers: Readonly<Record<string, () => StreamMessage>> = {
    'gives nothing': () => undefined as never,
    'gives an update of nothing': () => ({ type: 'update' }) as never,
    'gives a problem without words': () => ({ type: 'problem' }) as never,
    'gives a word': () => 'update' as never,
    throws: () => {
      throw new Error('cannot');
    },
    'throws what cannot be shown': withoutPrototype,
  };
  it.each(Object.entries(parsers))('%s is warned of, and the end comes by the status', async (_, parse) => {
    const gateway = soraGateway();
    const backend = { ...gateway, [stream]: { ...gateway[stream], parse } };
    const transport = stream === 'sse' ? 'sse' : 'websocket';
    const { told, job, changes, warnings, serverJob } = await follow({
      backend,
      transports: [transport, 'polling'],
      WebSocket,
    });
    await vi.waitFor(() => expect(changes.at(-1)?.transport).toBe(transport));
    serverJob?.advance({ status: 'processing', progress: 10 });
    await vi.waitFor(() => expect(warnings.map(({ code }) => code)).toContain('bad-frame'));
    expect(warnings[0]?.message).toContain('could not read');
    serverJob?.complete();
    await expect(job.completed()).resolves.toMatchObject({ transport: 'polling' });
    expect(told).toEqual([]);
  });
});

it('a fetch that rejects with what cannot be shown is a network that is down', async () => {
  const client = connect(await startServer(), { fetch: async () => withoutPrototype() });
  expect(await errorOf(client.status('job-1'))).toMatchObject({ code: 'network', jobId: 'job-1' });
});

it('a backend that throws what cannot be shown ends following with an error, not silently', async () => {
  const backend = { ...soraGateway(), parseStatus: withoutPrototype };
  const client = connect(await startServer(), { backend, transports: ['polling'], logger: 'silent' });
  expect(await errorOf(client.subscribe('job-1').completed())).toMatchObject({ jobId: 'job-1' });
});

describe('a backend of the caller’s that gives what the server sent as it is', () => {
  const film = {
    name: 'film',
    variants: ['video'] as const,
    generate: (body: object) => ({
      method: 'POST' as const,
      url: '/films',
      body: { type: 'json' as const, value: body },
    }),
    parseGenerate: ({ body }: { body: unknown }) => updateOf(body),
    status: (jobId: string) => ({ method: 'GET' as const, url: `/films/${jobId}` }),
    parseStatus: ({ body }: { body: unknown }) => updateOf(body),
    download: () => undefined,
  };
  function updateOf(body: unknown) {
    const { id, state, percent, reason } = body as FilmAnswer;
    return { jobId: id, status: state, progress: percent, error: reason, raw: body };
  }
  const poisoned = { valueOf: 0, toString: 0 };

  it('has one job’s progress that is no number hold up no other, and end no process', async () => {
    const told = unhandled();
    const ends: Record<string, object> = {};
    const server = await serve(({ url }, response) => {
      const id = url.split('/').at(-1) ?? '';
      json(response, 200, {
        id,
        state: 'running',
        ...(ends[id] ?? { state: 'processing', percent: poisoned }),
      });
    });
    const client = connect(server, { backend: film, transports: ['polling'], logger: 'silent' });
    const odd = client.subscribe('odd').completed();
    const good = client.subscribe('good').completed();
    await expect.poll(() => server.seen.length).toBeGreaterThan(4);
    ends.good = { state: 'completed' };
    await expect(good).resolves.toMatchObject({ id: 'good' });
    ends.odd = { state: 'completed' };
    await expect(odd).resolves.toMatchObject({ id: 'odd', progress: 100 });
    expect(told).toEqual([]);
  });

  it('has the job of a submit whose progress is no number', async () => {
    for (const percent of [poisoned, '40', [], true]) {
      const server = await serve((_seen, response) => json(response, 200, { id: 'paid-1', percent }));
      const job = await connect(server, { backend: film }).generate({});
      expect(job).toMatchObject({ id: 'paid-1', snapshot: { progress: 0 } });
    }
  });

  it.each([
    [{ code: 'E7', message: 'refused' }, 'refused'],
    [{ code: 'E7' }, 'E7'],
    [['refused', 'twice'], '["refused","twice"]'],
    [7, '7'],
    [null, ''],
  ])('has the words of a reason that is %j, with credentials too', async (reason, words) => {
    const server = await serve((_seen, response) =>
      json(response, 200, { id: 'job-1', state: 'failed', reason }),
    );
    for (const auth of [undefined, { type: 'bearer', token: 'sk-secret-of-the-caller' } as const]) {
      const client = connect(server, { backend: film, auth, transports: ['polling'], logger: 'silent' });
      const error = await errorOf(client.subscribe('job-1').completed());
      expect(error).toMatchObject({ code: 'job-failed', reason: words });
    }
  });
});

it.each([
  ['ArrayBuffers of another realm', (part: Uint8Array) => foreignBufferOf(part), undefined],
  ['texts', (part: Uint8Array) => Buffer.from(part).toString(), /broke off after 0 .*gave text, not bytes/],
])('a body of the caller’s fetch that brings %s is read, or refused in words', async (_, as, refusal) => {
  const server = await startServer();
  const decoding = async (...args: Parameters<typeof fetch>) => {
    const response = await fetch(...args);
    if (!response.headers.get('content-type')?.startsWith('video/')) return response;
    const parts = response.body?.pipeThrough(
      new TransformStream<Uint8Array, unknown>({ transform: (part, to) => to.enqueue(as(part)) }),
    );
    return new Proxy(response, {
      get: (target, name) => (name === 'body' ? parts : Reflect.get(target, name, target)),
    });
  };
  const client = connect(server, { fetch: decoding, retry: { attempts: 1 } });
  const job = server.jobs.create({ manual: true });
  job.complete();
  const done = client.download(job.id).then((download) => download.bytes());
  if (refusal === undefined) expect((await done).length).toBeGreaterThan(1_000);
  else
    expect(await errorOf(done)).toMatchObject({
      name: 'DownloadError',
      message: expect.stringMatching(refusal),
    });
});

it.each([
  ['texts', (part: Uint8Array) => new TextDecoder().decode(part)],
  ['ArrayBuffers of another realm', foreignBufferOf],
])('a submit and a status whose answers come as %s are read', async (_, as) => {
  const server = await startServer();
  const client = connect(server, {
    fetch: async (...args) => {
      const response = await fetch(...args);
      const body = response.body?.pipeThrough(
        new TransformStream<Uint8Array, unknown>({ transform: (part, to) => to.enqueue(as(part)) }),
      );
      return new Proxy(response, {
        get: (target, name) => (name === 'body' ? body : Reflect.get(target, name, target)),
      });
    },
  });
  const job = await client.generate(input);
  expect(server.jobs.get(job.id)?.id).toBe(job.id);
  expect((await client.status(job.id)).id).toBe(job.id);
  expect(await errorOf(client.status('nowhere'))).toMatchObject({ name: 'ApiError', status: 404 });
});

it('a WebSocket class whose terminate throws ends no process', async () => {
  const { told, job, changes, serverJob } = await follow({
    WebSocket: class extends WebSocket {
      override close() {}
      override terminate() {
        throw new Error('cannot');
      }
    } as unknown as WebSocketClass,
  });
  await vi.waitFor(() => expect(changes.at(-1)?.transport).toBe('websocket'));
  serverJob?.complete();
  await job.completed();
  // Longer than a socket is given to close by itself.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(told).toEqual([]);
});

it('headers given as Headers, a map or pairs are sent as those of an object are', async () => {
  const pairs: [string, string][] = [['x-tenant', 'seven']];
  const seen: unknown[] = [];
  for (const given of [Object.fromEntries(pairs), new Headers(pairs), new Map(pairs), pairs]) {
    const fetch: typeof globalThis.fetch = async (_, init) => {
      seen.push(new Headers(init?.headers).get('x-tenant'));
      return Response.json({ jobId: 'job-1', status: 'queued' });
    };
    await connect({ url: 'http://localhost:1' }, { fetch, headers: () => given as never }).status('job-1');
  }
  expect(seen).toEqual(['seven', 'seven', 'seven', 'seven']);
  const client = connect({ url: 'http://localhost:1' }, { headers: () => ['x-tenant'] as never });
  expect(await errorOf(client.status('job-1'))).toMatchObject({
    code: 'configuration',
    option: 'headers.undefined',
  });
});

it('a listener may reject with a promise of another realm: the logger is told, and the process lives', async () => {
  const error = vi.fn();
  const { told, job, serverJob } = await follow({
    logger: { debug() {}, info() {}, warn() {}, error },
  });
  job.on('completed', rejectedElsewhere);
  serverJob?.complete();
  await job.completed();
  await vi.waitFor(() => expect(error).toHaveBeenCalledWith(expect.stringContaining('from elsewhere')));
  expect(told).toEqual([]);
});

it.each([
  ['rejects with a promise of another realm', rejectedElsewhere, 'from elsewhere'],
  ['throws what cannot be shown', withoutPrototype, 'what cannot be shown'],
])('an onProgress that %s loses no file, and the logger is told', async (_, onProgress, words) => {
  const told = unhandled();
  const server = await startServer();
  const error = vi.fn();
  const client = connect(server, { logger: { debug() {}, info() {}, warn() {}, error } });
  const job = server.jobs.create();
  job.complete();
  const video = await client.download(job.id, { onProgress });
  expect((await video.bytes()).length).toBeGreaterThan(0);
  await vi.waitFor(() => expect(error).toHaveBeenCalledWith(expect.stringContaining(words)));
  expect(told).toEqual([]);
});

it('what is no signal is refused, and nothing is left that holds the process or follows the job', async () => {
  const server = await startServer();
  const client = connect(server);
  const job = client.subscribe(server.jobs.create().id);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const signal = new AbortController() as unknown as AbortSignal;
  const refused = { code: 'configuration', option: 'signal' };
  for (let count = 0; count < 10; count++)
    await expect(job.completed({ signal })).rejects.toMatchObject({ ...refused, jobId: job.id });
  expect(timers()).toBe(before);
  // The next who waits is the only one.
  const stopped = vi.fn();
  job.on('stopped', stopped);
  job.close();
  expect(stopped).toHaveBeenCalledTimes(1);
  await expect(client.generate(input, { signal })).rejects.toMatchObject(refused);
  expect(server.requests.filter(({ route }) => route === 'generate')).toEqual([]);
});

it.each([
  [undefined],
  [null],
  ['{}'],
  [{}],
  [{ type: 'job.completed' }],
  [{ type: 'job.completed', snapshot: {} }],
])('ingest refuses %j, which is no event of a webhook', async (event) => {
  const client = connect(await startServer());
  expect(await errorOf(client.ingest(event as unknown as WebhookEvent))).toMatchObject({
    name: 'InputError',
    field: 'event',
  });
});

describe.each([
  ['without records', undefined],
  ['with records', memoryJobs()],
])('a function for the callback’s URL that hangs, %s', (_, jobs) => {
  const hangs = () => new Promise<never>(() => {});
  const connectTo = (baseUrl: string, requestMs = 100) =>
    new VideoClient({
      ...{ baseUrl, jobs, timeouts: { requestMs } },
      backend: vidBuilder({ webhookUrl: hangs }),
    });
  const scenes = [{ type: 'intro', duration: 1, content: {} }];

  it('is given up in time, and nothing is sent', async () => {
    const server = await serve((_seen, response) => json(response, 202, { jobId: 'j' }));
    const error = await errorOf(connectTo(server.url).generate({ scenes }));
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'configuration' });
    expect(String(error)).toMatch(/a function of yours, took 100 ms before/);
    expect(server.seen).toEqual([]);
  });

  it('is left at an abort', async () => {
    const server = await serve((_seen, response) => json(response, 202, { jobId: 'j' }));
    const controller = new AbortController();
    const generating = connectTo(server.url, 30_000).generate({ scenes }, { signal: controller.signal });
    controller.abort('stop');
    await expect(generating).rejects.toBe('stop');
  });
});

import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SseCodec } from '../../../src/backends/backend.js';
import { ConfigurationError } from '../../../src/errors.js';
import { connectSse } from '../../../src/transports/sse.js';
import { Events, FakeTimers, settled } from './support.js';

const codec: SseCodec = {
  url: (jobIds) => `/events?jobIds=${jobIds.map(encodeURIComponent).join(',')}`,
  parse: (data) => ({ type: 'update', update: { jobId: data, raw: data } }),
};

/** One request for a stream, answered by hand. */
class Request {
  readonly #encoder = new TextEncoder();
  readonly response: Promise<Response>;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  cancelled = false;
  readonly url: string;
  readonly signal: AbortSignal;

  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>>) {
    this.url = url;
    this.headers = headers;
    this.signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get jobIds(): string[] {
    return this.url.slice(this.url.indexOf('=') + 1).split(',');
  }

  async answer(init: ResponseInit & { contentType?: string } = {}): Promise<void> {
    const { contentType = 'text/event-stream; charset=utf-8', ...rest } = init;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
      cancel: () => {
        this.cancelled = true;
      },
    });
    this.#resolve(new Response(body, { ...rest, headers: { 'content-type': contentType, ...rest.headers } }));
    await settled();
  }

  async refuse(error: unknown): Promise<void> {
    this.#reject(error);
    await settled();
  }

  async write(text: string): Promise<void> {
    this.#body?.enqueue(this.#encoder.encode(text));
    await settled();
  }

  async break(error: unknown): Promise<void> {
    this.#body?.error(error);
    await settled();
  }

  async end(): Promise<void> {
    this.#body?.close();
    await settled();
  }
}

let timers: FakeTimers;
let events: Events;
let requests: Request[];

beforeAll(async () => void (await import('eventsource')));
beforeEach(() => {
  timers = new FakeTimers();
  events = new Events();
  requests = [];
});

const retry = { minDelayMs: 1_000, maxDelayMs: 30_000 };

function connect(jobIds: readonly string[], given: SseCodec = codec) {
  const openStream = (url: string, signal: AbortSignal, headers: Readonly<Record<string, string>>) => {
    const request = new Request(url, signal, headers);
    requests.push(request);
    return request.response;
  };
  return connectSse({ runtime: timers.runtime, retry, openStream }, given, 10_000)(jobIds, events);
}

function request(index: number): Request {
  const made = requests[index];
  if (made === undefined) throw new Error(`request ${index} was not made`);
  return made;
}

describe('an event stream', () => {
  it('serves when it has answered 200 and text/event-stream', async () => {
    connect(['a', 'b']);
    expect(request(0).jobIds).toEqual(['a', 'b']);
    expect(events.openedWith).toEqual([]);
    await request(0).answer();
    expect(events.openedWith).toEqual([['a', 'b']]);
  });

  it('brings the data of its events, and a comment as a sign of life', async () => {
    connect(['a']);
    await request(0).answer();
    await request(0).write(': heartbeat\n\n');
    expect(events.messages).toEqual([{ type: 'control' }]);
    events.messages.length = 0;
    await request(0).write('data: a\n\ndata: b\n\n');
    expect(events.messages).toMatchObject([{ update: { jobId: 'a' } }, { update: { jobId: 'b' } }]);
  });

  it('brings data behind a byte order mark, before the stream and before each', async () => {
    connect(['a']);
    await request(0).answer();
    await request(0).write('\uFEFFdata: \uFEFFa\n\ndata: \uFEFFb\n\n');
    const updates = events.messages.filter(({ type }) => type === 'update');
    expect(updates).toMatchObject([{ update: { jobId: 'a' } }, { update: { jobId: 'b' } }]);
  });

  it('hands events of any name to the backend, with their names, also those of its own events', async () => {
    const parse = vi.spyOn(codec, 'parse');
    connect(['a']);
    await request(0).answer();
    for (const name of ['completed', 'error', 'open', 'message', 'Ähm'])
      await request(0).write(`event: ${name}\ndata: ${name}\n\n`);
    await request(0).write('data: none\n\n');
    const names = parse.mock.calls.map(([data, context]) => `${data}=${context?.event}`);
    parse.mockRestore();
    expect(names).toEqual([
      'completed=completed',
      'error=error',
      'open=open',
      'message=message',
      'Ähm=Ähm',
      'none=message',
    ]);
    expect(events.failures).toEqual([]);
  });

  it.each([['data: a\r\r'], ['data: a\r\n\r\n'], ['data: a\n\n']])(
    'tells of an event the moment its last line end is there: %j',
    async (text) => {
      connect(['a']);
      await request(0).answer();
      await request(0).write(text);
      expect(events.messages).toMatchObject([{ update: { jobId: 'a' } }]);
    },
  );

  it('that brings only what cannot be read brings nothing that would prove it', async () => {
    const parse = vi
      .spyOn(codec, 'parse')
      .mockImplementation(() => ({ type: 'problem', message: 'no JSON' }));
    connect(['a']);
    await request(0).answer();
    await request(0).write('id: 1\ndata: <html>\n\n');
    parse.mockRestore();
    expect(events.messages).toEqual([{ type: 'problem', message: 'no JSON' }]);
  });

  it('asks that nothing on the way compresses it', async () => {
    connect(['a']);
    expect(request(0).headers).toEqual({ accept: 'text/event-stream', 'accept-encoding': 'identity' });
  });

  it.each([
    [404, { kind: 'absent' }],
    [405, { kind: 'absent' }],
    [501, { kind: 'absent' }],
    [401, { kind: 'credentials' }],
    [403, { kind: 'credentials' }],
    [503, { reason: 'SSE answered 503', retryAfterMs: 7_000 }],
    [204, { reason: 'SSE answered 204' }],
  ])('that answers %i has failed, and its body is not left unread', async (status, failure) => {
    connect(['a']);
    if (status === 204) await request(0).refuse(new Error('answered 204'));
    else await request(0).answer({ status, headers: { 'retry-after': '7' } });
    expect(events.failures).toHaveLength(1);
    if (status !== 204) expect(events.failures).toMatchObject([failure]);
    if (status !== 204) expect(request(0).cancelled).toBe(true);
    expect(timers.armed.size).toBe(0);
  });

  it('that names a time to come back is left alone until then by the clock of the server', async () => {
    connect(['a']);
    const headers = { date: 'Fri, 01 Jan 2100 00:00:00 GMT', 'retry-after': 'Fri, 01 Jan 2100 00:00:07 GMT' };
    await request(0).answer({ status: 503, headers });
    expect(events.failures).toMatchObject([{ retryAfterMs: 7_000 }]);
  });

  it.each(['Text/Event-Stream', 'TEXT/EVENT-STREAM;charset=UTF-8'])(
    'of content type %s is one: types have no case',
    async (contentType) => {
      connect(['a']);
      await request(0).answer({ contentType });
      await request(0).write('data: a\n\n');
      expect(events.failures).toEqual([]);
      expect(events.messages).toContainEqual({ type: 'update', update: { jobId: 'a', raw: 'a' } });
    },
  );

  it('of another content type has failed', async () => {
    connect(['a']);
    await request(0).answer({ contentType: 'text/html' });
    expect(events.failures).toHaveLength(1);
    expect(request(0).cancelled).toBe(true);
  });

  it.each([
    ['is ended by the server', (stream: Request) => stream.end()],
    ['breaks off with an error', (stream: Request) => stream.break(new Error('reset'))],
    ['breaks off with undefined', (stream: Request) => stream.break(undefined)],
  ])('that %s has failed once, and does not come back by itself', async (_, act) => {
    connect(['a']);
    await request(0).answer();
    await act(request(0));
    await timers.pass(60_000);
    expect(events.failures).toHaveLength(1);
    expect(requests).toHaveLength(1);
    expect(timers.armed.size).toBe(0);
  });

  it('that could not be reached has failed', async () => {
    connect(['a']);
    await request(0).refuse(new TypeError('fetch failed'));
    expect(events.failures).toMatchObject([{ reason: 'SSE refused (fetch failed)' }]);
  });

  it('for which no token could be had is told as a matter of credentials', async () => {
    connect(['a']);
    await request(0).refuse(new ConfigurationError('auth.token', 'auth.token threw'));
    expect(events.failures).toMatchObject([{ kind: 'credentials' }]);
  });

  it('that gets no answer within connectMs is given up, and its request aborted', async () => {
    connect(['a']);
    await timers.pass(10_000);
    expect(events.failures).toHaveLength(1);
    expect(request(0).signal.aborted).toBe(true);
  });

  it('with an event over 1 MiB, whether it ends or not, tells of it and has failed', async () => {
    connect(['a']);
    await request(0).answer();
    await request(0).write(`data: ${'x'.repeat(2 ** 20)}`);
    expect(events.messages).toMatchObject([{ type: 'problem' }]);
    expect(events.failures).toHaveLength(1);
    expect(request(0).cancelled).toBe(true);
  });

  it('that was closed is aborted and says nothing more', async () => {
    const connection = connect(['a']);
    await request(0).answer();
    connection.close();
    connection.close();
    await request(0)
      .write('data: a\n\n')
      .catch(() => {});
    expect(request(0).signal.aborted).toBe(true);
    expect(request(0).cancelled).toBe(true);
    expect(events).toMatchObject({ messages: [], failures: [] });
    expect(timers.armed.size).toBe(0);
  });

  it('whose handler throws is closed, not left open', async () => {
    connect(['a']);
    await request(0).answer();
    events.said = () => {
      throw new Error('no');
    };
    await request(0)
      .write('data: a\n\n')
      .catch(() => {});
    expect(events.failures).toHaveLength(1);
    expect(request(0).signal.aborted).toBe(true);
  });
});

describe('the list of jobs', () => {
  it('that grows opens one new stream for all that came together, before the old one is closed', async () => {
    const connection = connect(['a']);
    await request(0).answer();
    connection.subscribe('b');
    await timers.pass(20);
    connection.subscribe('c');
    await timers.pass(50);
    expect(requests).toHaveLength(2);
    expect(request(1).jobIds).toEqual(['a', 'b', 'c']);
    expect(request(0).signal.aborted).toBe(false);
    await request(1).answer();
    expect(request(0).signal.aborted).toBe(true);
    expect(events.openedWith).toEqual([['a'], ['a', 'b', 'c']]);
  });

  it('that grows while a stream is opening waits for it', async () => {
    const connection = connect(['a']);
    connection.subscribe('b');
    await timers.pass(50);
    expect(requests).toHaveLength(1);
    await request(0).answer();
    await timers.pass(50);
    expect(request(1).jobIds).toEqual(['a', 'b']);
  });

  it('that shrinks opens nothing, and what has left is not asked for again', async () => {
    const connection = connect(['a', 'b']);
    await request(0).answer();
    connection.unsubscribe('a');
    await timers.pass(1_000);
    expect(requests).toHaveLength(1);
    connection.subscribe('c');
    await timers.pass(50);
    expect(request(1).jobIds).toEqual(['b', 'c']);
  });

  it('that is long is split over several streams, none with a URL over 4,000 characters', async () => {
    const jobIds = Array.from({ length: 250 }, (_, index) => `job-${index}`.padEnd(36, 'x'));
    connect(jobIds);
    expect(requests).toHaveLength(3);
    expect(Math.max(...requests.map(({ url }) => url.length))).toBeLessThanOrEqual(4_000);
    expect(requests.flatMap((one) => one.jobIds)).toEqual(jobIds);
  });

  it('that is longer than four streams hold is carried in part, and the rest when there is room', async () => {
    const jobIds = Array.from({ length: 1_000 }, (_, index) => `job-${index}`.padEnd(36, 'x'));
    const connection = connect(jobIds);
    expect(requests).toHaveLength(4);
    for (const one of requests) await one.answer();
    await timers.pass(50);
    expect(requests).toHaveLength(4);
    const carried = requests.flatMap((one) => one.jobIds).length;
    for (const jobId of request(0).jobIds) connection.unsubscribe(jobId);
    await timers.pass(50);
    expect(requests).toHaveLength(5);
    expect(request(4).jobIds[0]).toBe(jobIds[carried]);
  });

  it('an id longer than any URL is still asked for', async () => {
    connect(['x'.repeat(5_000)]);
    expect(requests).toHaveLength(1);
  });
});

describe('events of which only some are messages', () => {
  it('are not handed to the backend by any other name, and prove the stream all the same', async () => {
    const parse = vi.fn(codec.parse);
    connect(['a'], { ...codec, events: ['status', 'message'], parse });
    await request(0).answer();
    await request(0).write('event: preview\ndata: picture\n\nevent: status\ndata: a\n\ndata: b\n\n');
    expect(events.messages).toMatchObject([
      { type: 'control' },
      { update: { jobId: 'a' } },
      { update: { jobId: 'b' } },
    ]);
    expect(parse).toHaveBeenCalledTimes(2);
  });
});

describe('a stream a job', () => {
  const perJob: SseCodec = {
    ...codec,
    perJob: true,
    parse: (data, { jobId = '' } = { event: '' }) =>
      data === '{'
        ? { type: 'problem', message: 'no JSON' }
        : { type: 'update', update: { jobId, raw: data } },
  };
  const urls = () => requests.map(({ url }) => url.slice(url.indexOf('=') + 1));
  const alive = () => requests.filter(({ signal }) => !signal.aborted).map(({ url }) => url.slice(-1));

  it('is opened for each job, and its events are handed over with that', async () => {
    connect(['a', 'b'], perJob);
    expect(urls()).toEqual(['a', 'b']);
    await request(1).answer();
    await request(0).answer();
    expect(events.openedWith).toEqual([['b'], ['a']]);
    await request(1).write('data: {\n\ndata: 1\n\n');
    expect(events.messages).toMatchObject([
      { type: 'problem', jobId: 'b' },
      { type: 'update', update: { jobId: 'b', raw: '1' } },
    ]);
  });

  it('is opened for four at once, and for the next when one has left', async () => {
    const connection = connect(['a', 'b', 'c', 'd', 'e'], perJob);
    connection.subscribe('f');
    for (const one of requests) await one.answer();
    expect(urls()).toEqual(['a', 'b', 'c', 'd']);
    connection.unsubscribe('b');
    expect(urls()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(alive()).toEqual(['a', 'c', 'd', 'e']);
    connection.unsubscribe('f');
    connection.unsubscribe('a');
    expect(alive()).toEqual(['c', 'd', 'e']);
    connection.close();
    expect(alive()).toEqual([]);
    expect(timers.armed.size).toBe(0);
  });

  it('that ends is opened again after a backoff that grows, and no other is touched', async () => {
    connect(['a', 'b'], perJob);
    await request(0).answer();
    await request(1).answer();
    await request(0).end();
    expect(events).toMatchObject({ droppedJobs: ['a'], failures: [] });
    await timers.pass(1_490);
    expect(urls()).toEqual(['a', 'b']);
    await timers.pass(10);
    expect(urls()).toEqual(['a', 'b', 'a']);
    await request(2).refuse(new Error('no'));
    await timers.pass(2_490);
    expect(urls()).toHaveLength(3);
    await timers.pass(10);
    expect(urls()).toEqual(['a', 'b', 'a', 'a']);
    await request(3).answer();
    expect(events.openedWith).toEqual([['a'], ['b'], ['a']]);
    expect(events).toMatchObject({ droppedJobs: ['a'], failures: [] });
    expect(alive()).toEqual(['b', 'a']);
  });

  it('that was open for long starts again with a short backoff, and one that is told to wait waits', async () => {
    connect(['a', 'b'], perJob);
    for (const one of requests) await one.answer();
    await request(0).end();
    await timers.pass(1_500);
    await request(2).answer({ status: 429, headers: { 'retry-after': '20' } });
    await timers.pass(19_990);
    expect(urls()).toHaveLength(3);
    await timers.pass(10);
    await request(3).answer();
    await timers.pass(30_000);
    await request(3).end();
    await timers.pass(1_500);
    expect(urls()).toEqual(['a', 'b', 'a', 'a', 'a']);
  });

  it('leaves its place to the next while it waits to be opened again', async () => {
    connect(['a', 'b', 'c', 'd', 'e'], perJob);
    for (const one of [...requests]) await one.answer();
    await request(0).end();
    expect(urls()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await timers.pass(5_000);
    expect(urls()).toHaveLength(5);
    await request(4).answer({ status: 404 });
    expect(urls()).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });

  it.each([404, 405, 501])(
    'that is not there, the first of all, with %i: there are none here',
    async (status) => {
      connect(['a', 'b'], perJob);
      await request(0).answer({ status });
      expect(events.failures).toMatchObject([{ kind: 'absent' }]);
      expect(alive()).toEqual([]);
      await timers.pass(60_000);
      expect(requests).toHaveLength(2);
    },
  );

  it.each([404, 405, 501])(
    'that is not there, a later one, with %i: there is none for this job',
    async (status) => {
      const connection = connect(['a'], perJob);
      await request(0).answer();
      connection.subscribe('b');
      await request(1).answer({ status });
      expect(events.failures).toEqual([]);
      connection.unsubscribe('a');
      connection.subscribe('c');
      await request(2).answer();
      await timers.pass(60_000);
      expect(urls()).toEqual(['a', 'b', 'c']);
      expect(timers.armed.size).toBe(0);
    },
  );

  it('that cannot be had while no other is there: then the server has none now', async () => {
    connect(['a', 'b'], perJob);
    await request(0).answer({ status: 500 });
    expect(events.failures).toEqual([]);
    await request(1).refuse(new Error('no'));
    expect(events.failures).toMatchObject([{ reason: 'SSE refused (no)' }]);
    expect(timers.armed.size).toBe(0);
  });

  it('whose URL cannot be made fails for its job alone', async () => {
    const url = vi.fn(perJob.url);
    const connection = connect(['a'], { ...perJob, url });
    await request(0).answer();
    url.mockImplementationOnce(() => {
      throw new Error('no');
    });
    connection.subscribe('b');
    for (const jobId of 'cdef') connection.subscribe(jobId);
    expect(urls()).toEqual(['a', 'c', 'd', 'e']);
    expect(events.failures).toEqual([]);
  });
});

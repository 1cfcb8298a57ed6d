import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import { relayBackend } from '../../src/backends/relay.js';
import { VideoClient } from '../../src/client/client.js';
import type { TransportName } from '../../src/core/model.js';
import { type MockServer, mockMedia } from '../../src/mock-server/index.js';
import { demand, until } from './demand.js';

const cookie = { cookie: 'session=ada' };
const input = { script: 'Explain blockchain' } as never;
const WAIT_MS = 20_000;

/** What a relay is asked from outside, wherever it runs. */
export interface Served {
  /** Such as `http://127.0.0.1:3002`. */
  readonly url: string;
  /** The server behind it. */
  readonly upstream: MockServer;
  /** Whether it is known there how much waits for a page. */
  readonly cutsSlowPages: boolean;
}

/** What went wrong with a relay, or null. */
export async function checkRelay(served: Served): Promise<string | null> {
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(served);
      await until(async () => isQuiet(await statsOf(served)), 'nothing is left open');
    } catch (error) {
      return `a relay: ${name}: ${error instanceof Error ? error.message : error}`;
    }
  }
  return null;
}

const CHECKS: Readonly<Record<string, (served: Served) => Promise<void>>> = {
  'a job over WebSocket': (served) => follow(served, 'websocket'),
  'a job over SSE': (served) => follow(served, 'sse'),
  'a job by polling': (served) => follow(served, 'polling'),

  async 'the frames of an event stream'({ url, upstream }) {
    const { id } = await pageOf(url).generate(input);
    const { body } = await fetch(`${url}/videos/api/jobs/events?jobIds=${id}`, { headers: cookie });
    let text = '';
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      // A page ends it: it could be told of other jobs.
      if (text.includes('"completed"')) break;
      if (text.includes('data:')) for (const job of upstream.jobs) job.complete();
    }
    demand(/^:\n\n(data: .*\n\n)+$/.test(text), `it was ${JSON.stringify(text)}`);
  },

  async 'a download, and a part of it'({ url, upstream }) {
    const page = pageOf(url);
    const { id } = await page.generate(input);
    for (const job of upstream.jobs) job.complete();
    const video = await (await page.download(id)).bytes();
    const whole = mockMedia();
    demand(sha256(video) === sha256(whole), `${video.length} bytes came, and they are not the video`);
    const path = `${url}/videos/api/download?jobId=${id}`;
    const part = await fetch(path, { headers: { ...cookie, range: 'bytes=100-199' } });
    const bytes = new Uint8Array(await part.arrayBuffer());
    demand(part.status === 206, `a part was answered ${part.status}`);
    const range = part.headers.get('content-range');
    demand(range === `bytes 100-199/${whole.length}`, `the part is ${range}`);
    demand(sha256(bytes) === sha256(whole.slice(100, 200)), 'the part is another');
  },

  async "nobody, and another's job"({ url }) {
    const { id } = await pageOf(url).generate(input);
    const path = `${url}/videos/api/videos/status/${id}`;
    const statuses = await Promise.all(
      [{}, { cookie: 'session=bob' }, cookie].map(async (headers) => (await fetch(path, { headers })).status),
    );
    demand(statuses.join() === '401,404,200', `nobody, another and the owner were answered ${statuses}`);
    const socket = await open(url, { cookie: 'session=bob' });
    socket.send(JSON.stringify({ action: 'subscribe', jobId: id }));
    const { data } = await next(socket, ({ data }) => !data.includes('connected'));
    demand(data.includes('No such job'), `another's job was answered ${data}`);
    socket.close();
  },

  async 'an upgrade of a stranger'({ url }) {
    const refused = [
      [{}, 401],
      [{ ...cookie, origin: 'https://evil.example' }, 403],
    ] as const;
    for (const [headers, status] of refused) {
      const told = await open(url, headers).catch((error: unknown) => error);
      demand(String(told).includes(`${status}`), `it came to ${told}, not to ${status}`);
    }
    const other = new URL(url.replace('http', 'ws'));
    other.pathname = '/elsewhere';
    const told = await open(other.href, cookie, '').catch((error: unknown) => error);
    demand(String(told).includes('404'), `another path came to ${told}`);
    (await open(url, { ...cookie, origin: url })).close();
  },

  async 'frames that are too large, or none'({ url }) {
    const large = await open(url, cookie);
    large.send('x'.repeat(20_000));
    const code = await closed(large);
    // Bun itself refuses it, without a word.
    demand(code === 1009 || code === 1006, `a large frame closed with ${code}`);
    for (const bytes of [Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(0), Buffer.from('{"action":1}')]) {
      const socket = await open(url, cookie);
      socket.send(bytes);
      const answer = await Promise.race([
        next(socket, ({ data }) => data.includes('error')),
        closed(socket).then((code) => ({ data: code })),
      ]);
      demand(answer.data !== 1006, `a binary frame closed with ${answer.data}`);
      socket.close();
    }
  },

  async 'a page that does not read'(served) {
    if (!served.cutsSlowPages) return;
    const { url } = served;
    const { id } = await pageOf(url).generate(input);
    const socket = await open(url, cookie);
    socket.pause();
    let cut = false;
    socket.on('close', () => {
      cut = true;
    });
    const message = JSON.stringify({ action: 'subscribe', jobId: id });
    for (let sent = 0; sent < 200 && !cut && (await statsOf(served)).sockets > 0; sent++)
      for (let at = 0; at < 500; at++) socket.send(message);
    demand((await statsOf(served)).sockets === 0, 'it is still there');
    socket.terminate();
  },

  async 'two pages of one job'({ url, upstream }) {
    const { id } = await pageOf(url).generate(input);
    const sockets = await Promise.all([open(url, cookie), open(url, cookie)]);
    const ends = sockets.map((socket) => next(socket, ({ data }) => data.includes('"completed"')));
    for (const socket of sockets) socket.send(JSON.stringify({ action: 'subscribe', jobId: id }));
    await Promise.all(sockets.map((socket) => next(socket, ({ data }) => data.includes('queued'))));
    for (const job of upstream.jobs) job.complete();
    await Promise.all(ends);
    for (const socket of sockets) socket.close();
  },
};

/** One transport and no other. */
async function follow({ url, upstream }: Served, transport: TransportName): Promise<void> {
  const job = await pageOf(url, transport).generate(input);
  const served: unknown[] = [];
  const isServed = new Promise((resolve) => {
    job.on('transport', ({ transport }) => {
      served.push(transport);
      resolve(undefined);
    });
  });
  const end = job.completed({ timeoutMs: WAIT_MS });
  await Promise.race([isServed, end]);
  for (const one of upstream.jobs) one.complete();
  await end;
  demand(served.join() === transport, `served by ${served.join() || 'none'}`);
}

function pageOf(url: string, transport: TransportName = 'polling') {
  return new VideoClient({
    baseUrl: `${url}/videos`,
    backend: relayBackend(),
    headers: cookie,
    transports: [transport],
    polling: { intervalMs: 50 },
    logger: 'silent',
  });
}

interface Stats {
  readonly sockets: number;
  readonly streams: number;
  readonly jobs: number;
}

async function statsOf({ url }: Served): Promise<Stats> {
  return (await (await fetch(`${url}/stats`)).json()) as Stats;
}

function isQuiet({ sockets, streams, jobs }: Stats): boolean {
  return sockets + streams + jobs === 0;
}

/** Rejects with what it was refused with. */
function open(url: string, headers: Record<string, string>, path = '/videos'): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

function next(socket: WebSocket, wanted: (event: { data: string }) => boolean): Promise<{ data: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the frame did not come')), WAIT_MS);
    socket.on('message', (bytes) => {
      const event = { data: String(bytes) };
      if (!wanted(event)) return;
      clearTimeout(timer);
      resolve(event);
    });
    socket.once('close', () => clearTimeout(timer));
  });
}

function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the socket stays open')), WAIT_MS);
    socket.once('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

// The sockets and streams of pages. Each has a user, and is told of some jobs.
import { get } from 'node:http';
import { WebSocket } from 'ws';
import { signWebhook } from '../../../../dist/esm/webhooks/index.js';
import { answerBy, forEach, now, sleep } from './clock.mjs';

/** By job and progress: how many pages were told, and when the last was. */
const told = new Map();
/** By the same: whom to tell that one was. */
const waiting = new Map();
let pages = [];

function hear(page, text) {
  const at = now();
  const { jobId, status, progress } = JSON.parse(text);
  if (status === undefined) return;
  page.left.delete(jobId);
  if (page.left.size === 0) page.isTold();
  const name = `${jobId} ${progress}`;
  const entry = told.get(name) ?? { count: 0, lastAt: 0 };
  told.set(name, { count: entry.count + 1, lastAt: at });
  waiting.get(name)?.(at);
}

function pageOf({ user, jobs }) {
  const page = { user, jobs, left: new Set(jobs) };
  page.allTold = new Promise((resolve) => {
    page.isTold = resolve;
  });
  return page;
}

/** Tries again as a page does, where it is refused. */
async function openSocket(page, url) {
  for (;;) {
    const socket = new WebSocket(url.replace('http', 'ws'), {
      ...{ perMessageDeflate: false, headers: { cookie: `session=${page.user}` } },
    });
    socket.on('message', (data) => hear(page, String(data)));
    const isOpen = await new Promise((resolve) => {
      socket.on('open', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    if (isOpen) {
      page.socket = socket;
      return;
    }
    await sleep(20);
  }
}

function subscribe({ socket, jobs }) {
  for (const jobId of jobs) socket.send(JSON.stringify({ action: 'subscribe', jobId }));
}

function openStream(page, url) {
  return new Promise((resolve, reject) => {
    const request = get(
      `${url}/api/jobs/events?jobIds=${page.jobs.join(',')}`,
      { headers: { cookie: `session=${page.user}` }, agent: false },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
        page.socket = response.socket;
        response.setEncoding('utf8');
        response.on('data', (text) => {
          for (const [, frame] of text.matchAll(/data: (.*)\n\n/g)) hear(page, frame);
        });
        response.on('error', () => {});
        resolve();
      },
    );
    request.on('error', reject);
  });
}

function cut() {
  for (const { socket } of pages) (socket._socket ?? socket).resetAndDestroy();
  pages = [];
}

answerBy({
  /** Sockets that say nothing yet. */
  open: async ({ url, plan }) => {
    const opened = plan.map(pageOf);
    pages.push(...opened);
    await forEach(opened, 200, (page) => openSocket(page, url));
  },
  /** Resolves when each page has been told of each of its jobs. */
  subscribe: async () => {
    for (const page of pages) if (page.left.size > 0) subscribe(page);
    await Promise.all(pages.map(({ allTold }) => allTold));
  },
  streams: async ({ url, plan }) => {
    const opened = plan.map(pageOf);
    pages.push(...opened);
    await forEach(opened, 100, (page) => openStream(page, url));
    await Promise.all(opened.map(({ allTold }) => allTold));
  },
  /** All at once, and each subscribes as soon as it is open. */
  storm: async ({ url, plan }) => {
    const startedAt = now();
    const opened = plan.map(pageOf);
    pages.push(...opened);
    await Promise.all(
      opened.map(async (page) => {
        await openSocket(page, url);
        subscribe(page);
        await page.allTold;
      }),
    );
    return { startedAt, endedAt: now() };
  },
  /** When the last of so many pages was told that a job is so far. */
  lastTold: async ({ jobId, progress, count }) => {
    for (;;) {
      const entry = told.get(`${jobId} ${progress}`);
      if (entry?.count >= count) return entry;
      await sleep(2);
    }
  },
  /** One delivery after the other: how long until a page is told, in milliseconds. */
  webhooks: async ({ url, jobs, secret }) => {
    const delays = [];
    for (const jobId of jobs) {
      const body = JSON.stringify({ jobId: `up-${jobId}`, status: 'completed', progress: 100 });
      const headers = await signWebhook({ body, secret });
      const heardAt = new Promise((resolve) => waiting.set(`${jobId} 100`, resolve));
      const sentAt = now();
      const answered = fetch(url, { method: 'POST', headers, body });
      delays.push((await heardAt) - sentAt);
      const { status } = await answered;
      if (status !== 200) throw new Error(`a webhook was answered ${status}`);
    }
    return { delays };
  },
  /** They read no more. */
  mute: () => {
    for (const { socket } of pages) socket.pause();
  },
  heard: () => ({ frames: [...told.values()].reduce((sum, { count }) => sum + count, 0) }),
  cut: () => {
    cut();
    told.clear();
  },
});
process.send('ready');

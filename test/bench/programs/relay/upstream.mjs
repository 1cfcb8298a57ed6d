// The server behind the relays, with as little in it as can be: it has every job, counts the calls about each, and pushes
// what it is told to. The job of a submit is called as its script, with `up-` before it.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { answerBy, now } from './clock.mjs';

/** Status calls, by job. */
const calls = new Map();
const watchers = new Map();

const server = createServer(async (request, response) => {
  const answer = (body) => {
    const text = JSON.stringify(body);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
    response.end(text);
  };
  if (request.method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    answer({ jobId: `up-${JSON.parse(body).script}` });
    return;
  }
  const jobId = request.url.split('/').at(-1);
  calls.set(jobId, (calls.get(jobId) ?? 0) + 1);
  answer({ jobId, status: 'processing', progress: 1 });
});
server.keepAliveTimeout = 60_000;

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (webSocket) => {
  webSocket.on('error', () => {});
  webSocket.on('message', (data) => {
    const { action, jobId } = JSON.parse(String(data));
    if (action === 'subscribe') watchers.set(jobId, webSocket);
    else watchers.delete(jobId);
  });
  webSocket.send('{"type":"connected"}');
});

const push = (jobId, progress, bytes) => {
  const frame = JSON.stringify({
    type: 'progress',
    jobId,
    status: 'processing',
    progress,
    message: 'x'.repeat(bytes),
  });
  watchers.get(jobId).send(frame);
};

answerBy({
  seen: () => {
    const byJob = Object.fromEntries(calls);
    const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
    calls.clear();
    return { total, byJob };
  },
  /** In one breath. */
  push: ({ jobs, progress }) => {
    const pushedAt = now();
    for (const jobId of jobs) push(jobId, progress, 20);
    return { pushedAt };
  },
  /** So many updates of one job, as fast as they are taken. */
  flood: async ({ jobId, from, to, count, bytes }) => {
    for (let index = 1; index <= count; index++) {
      push(jobId, from + ((to - from) * index) / count, bytes);
      while (watchers.get(jobId).bufferedAmount > 65_536)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return {};
  },
});
server.listen(0, '127.0.0.1', 4_096, () => process.send(`http://127.0.0.1:${server.address().port}`));

// What the relay is beside: the same frames over bare `ws`, bare node:http and bare redis, without a check of anything.
// bare.mjs <options as JSON>
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { WebSocket, WebSocketServer } from 'ws';
import { answerBy, usage } from './clock.mjs';

const { upstream, redisPort } = JSON.parse(process.argv[2]);
const redis = new Redis({ port: redisPort, host: '127.0.0.1' });
const subscriber = redis.duplicate();
/** How to tell whoever watches a job. */
const watchers = new Map();
const behind = new WebSocket(upstream.replace('http', 'ws'), { perMessageDeflate: false });
let sockets = 0;

function watch(jobId, tell) {
  if (!watchers.has(jobId)) {
    watchers.set(jobId, new Set());
    behind.send(JSON.stringify({ action: 'subscribe', jobId: `up-${jobId}` }));
  }
  watchers.get(jobId).add(tell);
  tell(JSON.stringify({ jobId, status: 'processing', progress: 1 }));
}

function tellAll(text) {
  const { jobId: id, ...told } = JSON.parse(text);
  const jobId = id?.slice('up-'.length);
  const frame = JSON.stringify({ jobId, ...told });
  for (const tell of watchers.get(jobId) ?? []) tell(frame);
}

behind.on('message', (data) => tellAll(String(data)));
subscriber.on('message', (_, text) => tellAll(text));
await subscriber.subscribe('news');

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    await redis.publish('news', body);
    response.end('{}');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const jobIds = new URL(request.url, 'http://localhost').searchParams.get('jobIds').split(',');
  const tell = (frame) => response.write(`data: ${frame}\n\n`);
  for (const jobId of jobIds) watch(jobId, tell);
  response.on('close', () => {
    for (const jobId of jobIds) watchers.get(jobId)?.delete(tell);
  });
});
new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false }).on(
  'connection',
  (webSocket) => {
    const watched = new Set();
    const tell = (frame) => webSocket.send(frame);
    sockets++;
    webSocket.on('error', () => {});
    webSocket.on('message', (data) => {
      const { jobId } = JSON.parse(String(data));
      watched.add(jobId);
      tell(JSON.stringify({ type: 'subscribed', jobId }));
      watch(jobId, tell);
    });
    webSocket.on('close', () => {
      sockets--;
      for (const jobId of watched) watchers.get(jobId)?.delete(tell);
    });
    tell('{"type":"connected"}');
  },
);
answerBy({ usage: async () => ({ ...(await usage()), sockets }) });
server.listen(0, '127.0.0.1', 4_096, () => process.send(`http://127.0.0.1:${server.address().port}/videos`));

// The gateway with as little behind it as can be, so that what is measured is the client. Whoever started it sends
// { type: 'restart', downMs } and is told what it saw: { type: 'seen', ... }.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const PIECE_SIZE = 64 * 1024;
const port = { number: 0 };
/** Every job is there; after a restart they all are further than before. */
let progress = 1;
let seen = fresh();
const open = new Set();

function fresh() {
  return { webSockets: 0, subscribed: 0, calls: 0 };
}

const server = createServer((request, response) => {
  seen.calls++;
  const body = JSON.stringify({ jobId: request.url.split('/').at(-1), status: 'processing', progress });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.on('connection', (socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
});

new WebSocketServer({ server }).on('connection', (webSocket, request) => {
  seen.webSockets++;
  webSocket.on('error', () => {});
  webSocket.on('message', (data) => {
    const { action, ...rest } = JSON.parse(String(data));
    if (action === 'subscribe') seen.subscribed++;
    else if (action === 'send') void sendFrames(request.socket, rest);
  });
  webSocket.send('{"type":"connected","message":"welcome"}');
});

/** Made before any is sent, and written many at a time: else the server is what is measured. */
async function sendFrames(socket, { jobs, count, from, to }) {
  const pieces = [];
  let frames = [];
  let size = 0;
  for (let index = 0; index < count; index++) {
    const text = frameText(index % jobs, from + ((to - from) * (index + 1)) / count);
    frames.push(frameOf(text));
    size += text.length;
    if (size < PIECE_SIZE && index + 1 < count) continue;
    pieces.push(Buffer.concat(frames));
    frames = [];
    size = 0;
  }
  for (const piece of pieces) {
    if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.write(frameOf('{"type":"done"}'));
}

/** 150 bytes of progress. */
function frameText(job, at) {
  const text = (message) =>
    JSON.stringify({ type: 'progress', jobId: `job-${job}`, progress: at, status: 'generating', message });
  return text('Rendering '.padEnd(150 - text('').length, '.'));
}

/** Unmasked and whole, as RFC 6455, section 5.2, has it. */
function frameOf(text) {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

function listen() {
  return new Promise((resolve) => server.listen(port.number, '127.0.0.1', resolve));
}

process.on('message', async ({ type, downMs }) => {
  if (type === 'restart') {
    server.close();
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, downMs));
    progress = 99.5;
    seen = fresh();
    await listen();
  }
  process.send({ type: 'seen', ...seen });
});

await listen();
port.number = server.address().port;
process.send(`http://127.0.0.1:${port.number}`);

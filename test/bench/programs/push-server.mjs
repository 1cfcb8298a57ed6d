// A server that pushes progress over WebSocket and SSE, as the gateway of this package and as the servers of
// centrifuge and SignalR do. The same faults hit all of them: push-server.mjs <WebSocket fault> <SSE fault>
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const [socketFault, streamFault] = process.argv.slice(2);
const PUSH_EVERY_MS = 5;

const sockets = new WebSocketServer({ noServer: true });
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const accepts = String(request.headers.accept);
  if (accepts.includes('text/event-stream')) {
    if (streamFault === 'black hole') return;
    if (streamFault === 'refused') return response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    return serve(pathname, searchParams, (data) => response.write(`data: ${data}\n\n`), response);
  }
  request.resume();
  if (pathname.endsWith('/negotiate')) return answer(response, negotiation());
  // What SignalR sends beside its SSE stream: the handshake comes back over the stream.
  if (request.method === 'POST') {
    greet(searchParams.get('id'));
    return response.end();
  }
  if (pathname.endsWith('/status')) return answer(response, falStatus());
  return answer(response, progress(pathname.split('/').at(-1), 1));
});

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {});
  if (socketFault === 'black hole') return;
  if (socketFault === 'refused')
    return socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    serve(pathname, searchParams, (data) => webSocket.send(data), webSocket);
    webSocket.on('message', (data) => {
      if (pathname === '/signalr') greet(searchParams.get('id'));
      else if (pathname === '/centrifuge' && String(data).includes('"connect"')) webSocket.send(CONNECTED);
    });
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));

const CONNECTED = JSON.stringify({ id: 1, connect: { client: 'bench', version: '1', subs: { job: {} } } });
const RECORD_END = '\u001e';
/** What to call when the handshake of a SignalR connection has come. */
const greetings = new Map();

function greet(id) {
  greetings.get(id)?.();
}

function negotiation() {
  const id = String(Math.random());
  const transport = (name) => ({ transport: name, transferFormats: ['Text'] });
  const availableTransports = ['WebSockets', 'ServerSentEvents'].map(transport);
  return { negotiateVersion: 1, connectionId: id, connectionToken: id, availableTransports };
}

let asked = 0;

/** What fal says of a request: another line of its log each time. */
function falStatus() {
  return { status: 'IN_PROGRESS', request_id: 'job', logs: [{ message: `line ${++asked}` }] };
}

/** Pushes for as long as the stream is open, each dialect in its own words. */
function serve(pathname, query, send, stream) {
  let count = 0;
  let timer;
  const push = (encode) => {
    if (timer !== undefined) return;
    const next = () => send(encode(Math.min(99, 1 + ++count / 100)));
    next();
    timer = setInterval(next, PUSH_EVERY_MS);
  };
  stream.on('close', () => clearInterval(timer));
  if (pathname === '/signalr') {
    greetings.set(query.get('id'), () => {
      if (timer === undefined) send(`{}${RECORD_END}`);
      push((at) => JSON.stringify({ type: 1, target: 'progress', arguments: [at] }) + RECORD_END);
    });
  } else if (pathname === '/centrifuge') {
    if (query.has('cf_connect')) send(CONNECTED);
    push((at) => JSON.stringify({ push: { channel: 'job', pub: { data: progress('job', at) } } }));
  } else {
    push((at) => JSON.stringify(progress(query.get('jobIds') ?? 'job', at)));
  }
}

function progress(jobId, at) {
  return { jobId, status: 'processing', progress: at };
}

function answer(response, body) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

// Answers each status call after so many milliseconds: slow-status-server.mjs <ms>. POST /over ends all jobs.
import { createServer } from 'node:http';

const callMs = Number(process.argv[2]);
let status = 'processing';

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    status = 'completed';
    response.end();
    return;
  }
  setTimeout(() => {
    const body = JSON.stringify({ jobId: request.url.split('/').at(-1), status, progress: 50 });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  }, callMs);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));

// Takes submits of the gateway, in a process of its own: submit-server.mjs nothing | mock. `nothing` is behind the first,
// so that what is measured is the client; the mock server checks, keeps and tells of its jobs, as a server does.
import { createServer } from 'node:http';
import { createMockServer } from '../../../dist/esm/mock-server/index.js';

async function listen(kind) {
  if (kind === 'mock') return (await createMockServer({ durationMs: 100 })).url;
  let jobs = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jobId: `job-${jobs++}` }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

process.send(await listen(process.argv[2]));

import { parseArgs } from 'node:util';
import { createMockServer, type MockServer, parseMockFault } from 'reelwire/mock-server';

// npm run mock -- --port 3001 --field --fault websocket=blackhole --fault status=status:503

async function start(): Promise<MockServer> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3001' },
      host: { type: 'string', default: '127.0.0.1' },
      'duration-ms': { type: 'string', default: '10000' },
      field: { type: 'boolean', default: false },
      fault: { type: 'string', multiple: true, default: [] },
    },
  });
  return createMockServer({
    port: Number(values.port),
    host: values.host,
    durationMs: Number(values['duration-ms']),
    style: values.field ? 'field' : 'documented',
    faults: values.fault.map(parseMockFault),
    // Method and path come percent-encoded from the URL parser: safe to print.
    onRequest: ({ method, path, at }) => console.log(`${at.toISOString()} ${method} ${path}`),
  });
}

// A port that is taken, or a fault that there is not, is told in a line, not by a stack.
const server = await start().catch((error: Error) => {
  console.error(`The mock server did not start: ${error.message}`);
  process.exit(1);
});
console.log(`mock server at ${server.url}, files at ${server.filesUrl}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());

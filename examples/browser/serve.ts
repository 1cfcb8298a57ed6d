/** Starts the mock server and the page together: npm run demo:web */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createMockServer } from 'reelwire/mock-server';
import { createServer } from 'vite';
import { faultSwitches } from './fault-switches.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5173' },
    'duration-ms': { type: 'string', default: '12000' },
  },
});

const mock = await createMockServer({ style: 'field', durationMs: Number(values['duration-ms']) });
process.env.VITE_SERVER_URL = mock.url;
const page = await createServer({
  root: fileURLToPath(new URL('.', import.meta.url)),
  server: { host: '127.0.0.1', port: Number(values.port) },
  plugins: [faultSwitches(mock)],
});
await page.listen();
console.log(`Mock server at ${mock.url}`);
console.log(`Page at ${page.resolvedUrls?.local[0]}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await Promise.all([page.close(), mock.close()]);
    process.exit();
  });
}

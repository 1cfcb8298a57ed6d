/** Starts the page, the relay behind it and a mock of the provider, all on this machine: npm run demo:relay */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryJobs } from 'reelwire/jobs';
import { createMockServer } from 'reelwire/mock-server';
import { createLogger, createServer } from 'vite';
import { startSite } from './site.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5174' },
    'duration-ms': { type: 'string', default: '12000' },
  },
});

// In place of OpenRouter: it wants the key, and signs its webhooks.
const [apiKey, webhookSecret] = [randomUUID(), randomUUID()];
const mock = await createMockServer({
  durationMs: Number(values['duration-ms']),
  auth: { type: 'bearer', token: apiKey },
  webhooks: { secrets: { openRouter: webhookSecret } },
});
const site = await startSite({
  ...{ apiKey, webhookSecret, sessionSecret: randomUUID() },
  upstreamUrl: mock.urlOf('openrouter'),
  jobs: memoryJobs(), // The mock forgets its jobs with this process, too.
  pollMs: 1_000,
});
// A tab that is closed is an error to Vite's proxy, with a stack.
const logger = createLogger();
const { error } = logger;
logger.error = (message, options) => message.includes('ws proxy') || error(message, options);
const page = await createServer({
  customLogger: logger,
  root: fileURLToPath(new URL('page', import.meta.url)),
  server: {
    host: '127.0.0.1',
    port: Number(values.port),
    // As the web server before your site does: one origin for the page and its relay.
    proxy: Object.fromEntries(
      ['/videos', '/sign-in', '/me'].map((path) => [path, { target: site.url, ws: true }]),
    ),
  },
});
await page.listen();

const { port } = new URL(page.resolvedUrls?.local[0] ?? '');
console.log(`Mock of the provider at ${mock.url}, which only the relay has the key of`);
console.log(`Relay at ${site.url}/videos`);
// One browser, two users: cookies are a host's, and these are two names of this machine.
console.log('Open both in one browser:');
console.log(`Ada:   http://localhost:${port}/sign-in?user=ada`);
console.log(`Grace: http://127.0.0.1:${port}/sign-in?user=grace`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await Promise.all([page.close(), site.close(), mock.close()]);
    process.exit();
  });
}

/** A mock of the provider in a container of its own, so that compose.yaml can be tried without a key. */
import { createMockServer } from 'reelwire/mock-server';

const { OPENROUTER_API_KEY = '', WEBHOOK_SECRET } = process.env;
const mock = await createMockServer({
  ...{ host: '0.0.0.0', port: 3001, durationMs: 12_000 },
  auth: { type: 'bearer', token: OPENROUTER_API_KEY },
  webhooks: { secrets: { openRouter: WEBHOOK_SECRET }, allowedHosts: ['nginx'] },
});
process.once('SIGTERM', () => void mock.close());

// One relay, as it is deployed beside others: records and bus in redis. relay.mjs <options as JSON>
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { VideoClient } from '../../../../dist/esm/index.js';
import { redisBus, redisJobs } from '../../../../dist/esm/jobs/index.js';
import { createRelay } from '../../../../dist/relay/esm/index.js';
import { attachRelay, toNodeListener } from '../../../../dist/relay/esm/node.js';
import { answerBy, usage } from './clock.mjs';

const { upstream, redisPort, transports, intervalMs, limits, secret } = JSON.parse(process.argv[2]);
const redis = new Redis({ port: redisPort, host: '127.0.0.1' });
const client = new VideoClient({
  ...{ baseUrl: upstream, transports, polling: { intervalMs }, logger: 'silent' },
  ...{ jobs: redisJobs(redis), bus: redisBus(redis) },
});
const relay = createRelay({
  ...{ client, limits, webhooks: { secret, logger: 'silent' }, logger: 'silent' },
  authenticate: ({ headers }) => ({ id: headers.get('cookie').slice('session='.length) }),
  inputOf: ({ script }) => ({ walletAddress: '0x123', script }),
});
const server = createServer(toNodeListener(relay.fetch));
attachRelay(server, relay);
answerBy({ usage: async () => ({ ...(await usage()), ...relay.stats }) });
server.listen(0, '127.0.0.1', 4_096, () => process.send(`http://127.0.0.1:${server.address().port}/videos`));

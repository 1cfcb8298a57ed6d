import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';

/** An application whose files are of both kinds has the package twice: ES modules, and CommonJS with classes of its own. */
const program = `
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import * as esm from 'reelwire';
import { memoryJobs } from 'reelwire/jobs';

const require = createRequire(import.meta.url);
const cjs = require('reelwire');
if (cjs.VideoError === esm.VideoError) throw new Error('there is one copy only');
const sides = {
  'one copy': [esm.VideoClient, memoryJobs],
  'CommonJS records': [esm.VideoClient, require('reelwire/jobs').memoryJobs],
  'CommonJS client': [cjs.VideoClient, memoryJobs],
};
const answers = {
  ...Object.fromEntries([302, 400, 408, 409, 425, 429, 499, 500, 503].map((status) => [status, (response) => {
    response.statusCode = status;
    response.end('{"error":"as it is"}');
  }])),
  noId: (response) => response.end('{}'),
  reset: (response) => response.socket.destroy(),
};
const told = {};
for (const [name, answer] of Object.entries(answers)) {
  told[name] = {};
  for (const [side, [VideoClient, jobsOf]] of Object.entries(sides)) {
    let posts = 0;
    const server = createServer((request, response) => {
      if (request.method === 'POST') posts++;
      request.resume().on('end', () => answer(response));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new VideoClient({
      baseUrl: 'http://127.0.0.1:' + server.address().port,
      jobs: jobsOf(),
      retry: { attempts: 1 },
      logger: 'silent',
    });
    const errors = [];
    for (let time = 0; time < 2; time++) {
      await client.generate({ walletAddress: '0x1', script: 'a' }, { key: 'k' }).catch((error) => {
        errors.push([error.name, error.key]);
      });
    }
    told[name][side] = { posts, errors };
    await client.close();
    server.closeAllConnections();
    server.close();
  }
}
console.log(JSON.stringify(told));
`;

it('a client and its records of two copies of the package submit as one does', { timeout: 120_000 }, () => {
  const script = join(inject('consumers'), 'two-copies.mjs');
  writeFileSync(script, program);
  const told = JSON.parse(
    execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: 'pipe' }),
  ) as Record<string, Record<string, { posts: number; errors: unknown }>>;
  expect(Object.keys(told)).toHaveLength(11);
  for (const [answer, sides] of Object.entries(told)) {
    const { 'one copy': one, ...others } = sides;
    // A refusal, and "not now": nothing is in doubt. All else may have made a job.
    expect(one?.posts, answer).toBe(['400', '429'].includes(answer) ? 2 : 1);
    for (const [side, other] of Object.entries(others)) expect(other, `${answer}, ${side}`).toEqual(one);
  }
});

const own = `
import { createRequire } from 'node:module';
import { VideoClient } from 'reelwire';
import { createWebhookHandler, unsignedWebhooks } from 'reelwire/webhooks';

const require = createRequire(import.meta.url);
const cjs = require('reelwire');
const refusing = (make) => ({
  ...cjs.soraGateway(),
  webSocket: undefined,
  sse: undefined,
  status: () => {
    throw make();
  },
});
const errors = [
  () => new cjs.ApiError('not found', { status: 404 }),
  () => new cjs.InputError('jobId', 'jobId is wrong'),
  () => new cjs.InvalidResponseError('no answer'),
];
const told = [];
for (const make of errors) {
  const client = new VideoClient({
    baseUrl: 'http://127.0.0.1:9',
    backend: refusing(make),
    logger: 'silent',
    timeouts: { missingMs: 0 },
    retry: { attempts: 1 },
  });
  const error = await client.subscribe('job-1').completed({ timeoutMs: 5_000 }).catch((error) => error);
  told.push([error.name, error.status, error.field, error.jobId]);
  await client.close();
}

// "Not enough credits", said by a success: the backend's own words, and no outcome in doubt.
const server = require('node:http').createServer((request, response) => response.end('{}'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = new VideoClient({
  baseUrl: 'http://127.0.0.1:' + server.address().port,
  backend: {
    ...cjs.soraGateway(),
    parseGenerate: () => {
      throw new cjs.ApiError('not enough credits', { status: 402 });
    },
  },
  logger: 'silent',
});
const refusal = await client.generate({ walletAddress: '0x1', script: 'a' }).catch((error) => error);
told.push([refusal.name, refusal.status]);
await client.close();
server.close();

let failures = 0;
const handler = createWebhookHandler({
  from: require('reelwire/webhooks').unsignedWebhooks({ ask: () => new Promise(() => {}) }),
  logger: 'silent',
  ackWithinMs: 300,
  onError: () => failures++,
  onEvent: () => {},
});
const deliver = (index) =>
  handler(
    new Request('http://localhost/', {
      method: 'POST',
      body: JSON.stringify({ event: 'completed', id: 'job-' + index, jobId: 'job-' + index }),
      headers: { 'content-type': 'application/json' },
    }),
  );
const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => deliver(index)));
console.log(JSON.stringify({ told, failures, statuses: [...new Set(answers.map(({ status }) => status))] }));
process.exit();
`;

it('errors of a backend and of a source of another copy are what they are', { timeout: 60_000 }, () => {
  const script = join(inject('consumers'), 'two-copies-own.mjs');
  writeFileSync(script, own);
  const printed = execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: 'pipe' });
  const { told, failures, statuses } = JSON.parse(printed);
  expect(told).toEqual([
    ['ApiError', 404, null, 'job-1'],
    ['InputError', null, 'jobId', 'job-1'],
    ['InvalidResponseError', null, null, 'job-1'],
    ['ApiError', 402],
  ]);
  // Those that were asked about; the rest are only told to come again.
  expect({ failures, statuses }).toEqual({ failures: 16, statuses: [503] });
});

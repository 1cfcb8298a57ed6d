import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';

const names = [
  'reelwire',
  'reelwire/backends',
  'reelwire/jobs/node',
  'reelwire/mock-server',
  'reelwire/webhooks',
];

/** A job over every transport, and what is seldom needed: in a page, each of these is a file that is fetched then. */
const program = `
const [{ VideoClient, verifyWebhookSignature, WebhookVerificationError }, { openRouter }, { fileJobs },
  { createMockServer }, { createWebhookHandler }] = loaded;
const input = { walletAddress: '0x123', script: 'Explain blockchain' };
const server = await createMockServer({ durationMs: 300 });
for (const transport of ['websocket', 'sse', 'polling']) {
  const options = { baseUrl: server.url, transports: [transport], polling: { intervalMs: 20 } };
  const client = new VideoClient({ ...options, jobs: fileJobs(join(folder, transport)) });
  const job = await client.generate(input, { key: transport });
  const used = new Set();
  job.on('update', (snapshot) => used.add(snapshot.transport));
  await job.completed();
  await (await job.download()).save(join(folder, transport + '.mp4'));
  console.log([...used].includes(transport), statSync(join(folder, transport + '.mp4')).size > 1_000);
  await client.close();
}
const client = new VideoClient({ baseUrl: server.url });
for await (const { error } of client.generateMany([{}])) console.log(error.name);
console.log((await client.diagnose()).ok);
console.log(await client.status('nowhere').catch((error) => error.name));
await client.close();

// A file goes into the JSON of its submit. The mock server does not know the dialect.
const router = new VideoClient({ baseUrl: server.url, backend: openRouter({ model: 'a/b' }) });
const url = new Blob([new Uint8Array(64)], { type: 'image/png' });
const frame = { type: 'image_url', frame_type: 'first_frame', image_url: { url } };
console.log(await router.generate({ prompt: 'a', frame_images: [frame] }).catch((error) => error.name));
await router.close();

const secret = 'whsec_' + Buffer.alloc(32, 7).toString('base64');
const signed = { 'webhook-id': 'a', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)), 'webhook-signature': 'v1,AAAA' };
for (const headers of [{}, [], signed, new Headers(signed)]) {
  const error = await verifyWebhookSignature({ secret, headers, body: '{}' }).catch((error) => error);
  console.log(error instanceof WebhookVerificationError, error.reason);
}
const receive = createWebhookHandler({ secret, onEvent: () => {} });
console.log((await receive(new Request('http://localhost/', { method: 'POST', body: '{}', headers: signed }))).status);
await server.close();
`;

it.each([
  { format: 'mjs', load: 'await Promise.all(names.map((name) => import(name)))' },
  { format: 'cjs', load: 'names.map(require)' },
])('what Node has loaded goes on where its files are replaced, $format', ({ format, load }) => {
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-replaced-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(inject('consumers'), 'node_modules'), join(folder, 'node_modules'), { recursive: true });
  const need = (name: string) => (format === 'mjs' ? `await import('${name}')` : `require('${name}')`);
  const script = join(folder, `main.${format}`);
  writeFileSync(
    script,
    `(async () => {
const { rmSync, statSync } = ${need('node:fs')};
const { join } = ${need('node:path')};
const [folder, ...names] = process.argv.slice(2);
const loaded = ${load};
rmSync(join(folder, 'node_modules/reelwire'), { recursive: true });
${program}})();`,
  );
  const printed = execFileSync(process.execPath, [script, folder, ...names], {
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 60_000,
  });
  expect(printed.trim().split('\n')).toEqual([
    ...Array<string>(3).fill('true true'),
    'InputError',
    'true',
    'ApiError',
    'ApiError',
    'true missing-header',
    'true missing-header',
    'true bad-signature',
    'true bad-signature',
    '401',
  ]);
});

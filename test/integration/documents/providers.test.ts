import { describe, expect, it, onTestFinished } from 'vitest';
import * as hosted from '../../../src/backends/hosted/index.js';
import { type AnyBackend, openAIVideos, soraGateway, VideoClient, vidBuilder } from '../../../src/index.js';
import { DIALECTS } from '../../../src/mock-server/dialects.js';
import { createMockServer, type MockDialect, type MockMount } from '../../../src/mock-server/index.js';
import * as webhooks from '../../../src/webhooks/index.js';
import { readDocument } from '../../support/documents.js';
import { until } from '../../support/until.js';

/** A relay has whatever the provider behind it has. */
const { relayBackend: _, ...providers } = hosted;
const HOSTED = Object.values(providers).filter((value) => typeof value === 'function');

const BACKENDS = new Map<string, AnyBackend>(
  [soraGateway, vidBuilder, openAIVideos, ...HOSTED].map((make) => {
    const backend = (make as () => AnyBackend)();
    return [backend.name, backend];
  }),
);

const COLUMNS = 'Backend Server Progress Stream Asked Webhook Cancels Files Idempotency Page'.split(' ');

const rows = readDocument('examples/guides/which-provider.md')
  .split('\n')
  .filter((line) => /^\| `\w+` \|/.test(line))
  .map((line) => {
    const cells = line.slice(1, -1).split('|');
    return Object.fromEntries(
      COLUMNS.map((name, index) => [name, cells[index]?.trim().replaceAll('`', '') ?? '']),
    );
  });

it('the guide to providers has a row for each backend, and for nothing else', () => {
  expect(rows.map(({ Backend }) => Backend)).toEqual([...BACKENDS.keys()]);
});

/** The backend of a row, and a client of it for the mock server. */
async function start(name: string) {
  const backend = BACKENDS.get(name) as AnyBackend;
  const server = await createMockServer();
  const baseUrl = server.urlOf(name.toLowerCase() as MockMount);
  const client = new VideoClient<AnyBackend>({ baseUrl, backend, logger: 'silent' });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const job = server.jobs.create({ dialect: name as MockDialect, manual: true });
  return { backend, client, job, streams: server.streams };
}

describe.each(rows)('what the guide to providers says of $Backend', (row) => {
  const backend = BACKENDS.get(row.Backend ?? '') as AnyBackend;

  it('is where it is, and whether a page may call it', () => {
    const host = backend.baseUrl === undefined ? 'yours' : new URL(backend.baseUrl).host;
    expect(row.Server).toBe(host);
    const own = DIALECTS[row.Backend as MockDialect].cors === false ? 'of its own origin' : 'yes';
    expect(row.Page).toBe(host === 'yours' ? own : 'through your server');
  });

  it('is how it is followed', () => {
    const streams = [backend.webSocket && 'WebSocket', backend.sse && 'SSE'].filter((name) => name);
    expect(row.Stream).toBe(streams.join(', ') || 'no');
    expect(row.Asked).toBe(`${(backend.polling?.intervalMs ?? 5_000) / 1_000} s`);
  });

  it('is whether it cancels, and what becomes of a key', () => {
    expect(row.Cancels).toBe(backend.cancel === undefined ? 'no' : 'yes');
    expect(row.Idempotency).toBe(backend.idempotency === 'none' ? 'ignored' : 'your claim');
  });

  it('is a source or a scheme of webhooks that there is', () => {
    const scheme = /^scheme: '(.*)'$/.exec(row.Webhook ?? '')?.[1];
    if (row.Webhook === 'no') expect(DIALECTS[row.Backend as MockDialect].webhooks).toBeUndefined();
    else if (scheme === undefined) expect(webhooks).toHaveProperty(row.Webhook ?? '');
    else expect(() => webhooks.createWebhookHandler({ secret: 'x', scheme: scheme as never })).not.toThrow();
  });

  it('is what its jobs tell of their progress', async () => {
    const { client, job, streams } = await start(row.Backend ?? '');
    job.advance({ status: 'processing', progress: 40 });
    if (row.Progress === 'percent, by its WebSocket') {
      const followed = client.subscribe(job.id);
      followed.on('progress', () => {});
      await until(() => streams.open.length === 1, 'the socket is open');
      job.advance({ status: 'processing', progress: 50 });
      await until(() => followed.snapshot.progress === 50, 'half of its nodes are told of');
      expect(followed.snapshot.transport).toBe('websocket');
      return;
    }
    const { progress, indeterminate = false } = await client.status(job.id);
    expect({ progress, indeterminate }).toEqual(
      row.Progress === 'percent'
        ? { progress: 40, indeterminate: false }
        : { progress: 0, indeterminate: true },
    );
  });

  it('is how long its files are there', async () => {
    const { client, job } = await start(row.Backend ?? '');
    job.complete();
    // ComfyUI's last word comes before its history is written.
    await until(async () => (await client.status(job.id)).status === 'completed', 'the status says so');
    const snapshot = await client.status(job.id);
    if (snapshot.status !== 'completed') throw new Error(snapshot.status);
    const leftMs = snapshot.expiresAt && snapshot.expiresAt.getTime() - Date.now();
    if (row.Files === 'not told') expect(leftMs).toBeUndefined();
    else if (row.Files === 'an hour after the end') expect(leftMs).toBeCloseTo(3_600_000, -6);
    else if (row.Files?.startsWith('a day')) {
      expect(leftMs).toBeCloseTo(24 * 3_600_000, -6);
      const again = await client.status(job.id);
      const isRenewed = again.status === 'completed' && again.videoUrl !== snapshot.videoUrl;
      expect(isRenewed).toBe(row.Files.includes('new URLs when asked'));
    } else
      expect({ Files: row.Files, leftMs }).toEqual({
        Files: "until the server's expires_at",
        leftMs: expect.any(Number),
      });
  });
});

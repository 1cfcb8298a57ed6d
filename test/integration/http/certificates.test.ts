import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import { NetworkError } from '../../../src/errors.js';
import { rejection } from '../../support/rejection.js';
import { eventually } from '../../support/until.js';

/** A server over TLS whose certificate nobody vouches for; counts the connections, and the requests. */
async function startUntrusted() {
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'];
  execFileSync('openssl', [...made, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  });
  const counts = { connections: 0, requests: 0 };
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    counts.requests++;
    response.end();
  });
  server.on('connection', () => counts.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  return { counts, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const retry = { attempts: 4, minDelayMs: 1, maxDelayMs: 5 };

describe('a server whose certificate is not trusted', () => {
  it.each(['generate', 'generate with a key', 'status'])(
    'is tried once, and said to be so: %s',
    async (how) => {
      const server = await startUntrusted();
      const client = new VideoClient({ baseUrl: server.url, retry });
      onTestFinished(() => client.close());
      const options = how === 'generate' ? {} : { idempotencyKey: 'key-1' };
      const error = await rejection(
        how === 'status'
          ? client.status('job-1')
          : client.generate({ walletAddress: '0x123', script: 'a' }, options),
      );
      expect(error).toBeInstanceOf(NetworkError);
      expect(error).toMatchObject({
        code: 'network',
        message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
        hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      });
      expect(server.counts).toEqual({ connections: 1, requests: 0 });
    },
  );

  it('is warned of once while a job is followed, which goes on', async () => {
    const server = await startUntrusted();
    const client = new VideoClient({
      baseUrl: server.url,
      transports: ['polling'],
      polling: { intervalMs: 5 },
      retry,
    });
    const warned = vi.fn();
    const job = client.subscribe('job-1');
    job.on('warning', warned);
    job.on('stopped', () => {});
    await eventually(() => expect(server.counts.connections).toBeGreaterThan(3));
    expect(warned.mock.calls.length).toBeLessThanOrEqual(1);
    await client.close();
  });
});

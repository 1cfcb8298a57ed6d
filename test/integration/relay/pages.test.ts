import { describe, expect, it } from 'vitest';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { mockMedia } from '../../../src/mock-server/index.js';
import { KEY, script, startSite } from './support.js';

const video = Buffer.from(mockMedia('video'));

describe('a page without the key', () => {
  it.each(['websocket', 'sse', 'polling'] as const)(
    'generates, follows over %s, and downloads',
    async (transport) => {
      const site = await startSite({ manual: false, durationMs: 300 });
      const job = await site.page('ada', { transports: [transport] }).generate(script as never);
      const serving: (string | undefined)[] = [];
      const statuses = new Set<string>();
      job.on('transport', (change) => serving.push(change.transport));
      job.on('update', ({ status }) => statuses.add(status));
      await job.completed();
      expect(serving[0]).toBe(transport);
      expect([...statuses].at(-1)).toBe('completed');
      expect(Buffer.from(await (await job.download()).bytes())).toEqual(video);
      const [made] = Array.from(site.upstream.jobs);
      expect(site.sent()).toContain(job.id);
      expect(site.sent()).not.toContain(KEY);
      expect(site.sent()).not.toContain(made?.id);
      for (const { headers, route } of site.upstream.requests) {
        expect(headers, route).toMatchObject({ authorization: `Bearer ${KEY}` });
        expect(headers, route).not.toHaveProperty('cookie');
      }
    },
  );

  it('may speak as to a gateway, with the place of the WebSocket given', async () => {
    const site = await startSite({ manual: false, durationMs: 300 });
    const page = site.page('ada', {
      backend: soraGateway(),
      webSocketUrl: `${site.url}/videos`,
      transports: ['websocket'],
    });
    const job = await page.generate({ walletAddress: '0x1', ...script } as never);
    await job.completed();
    expect(Buffer.from(await (await job.download()).bytes())).toEqual(video);
  });
});

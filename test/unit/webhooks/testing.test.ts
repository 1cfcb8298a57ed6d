import { describe, expect, it } from 'vitest';
import { createWebhookFactory, type WebhookDialect } from '../../../src/webhooks/testing.js';
import { unwrapWebhook } from '../../../src/webhooks/unwrap.js';
import { PUBLISHED, refusal } from './support.js';

const { secret } = PUBLISHED;

describe.each<[WebhookDialect, string, string]>([
  ['openAIVideos', secret, 'webhook-signature'],
  ['soraGateway', 'raw', 'x-signature'],
  ['vidBuilder', 'raw', 'x-webhook-signature'],
])('createWebhookFactory for %s', (dialect, key, header) => {
  const send = createWebhookFactory({ secret: key, dialect });

  it('signs each event as that server does', async () => {
    for (const status of ['queued', 'processing', 'completed', 'failed'] as const) {
      const request = await send[status]('job-1', { error: 'no', videoUrl: '/v.mp4' });
      expect(request.headers.has(header)).toBe(true);
      expect(await unwrapWebhook(request, { secret: key })).toMatchObject({
        type: `job.${status}`,
        jobId: 'job-1',
        ...(status === 'failed' && { snapshot: { error: 'no' } }),
      });
    }
  });

  it('makes duplicates that are the same delivery', async () => {
    const request = await send.completed('job-1');
    const events = await Promise.all(
      (await send.duplicate(request, 3)).map((copy) => unwrapWebhook(copy, { secret: key })),
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events).toHaveLength(3);
    expect(await unwrapWebhook(request, { secret: key })).toMatchObject({ id: events[0]?.id });
  });

  it('makes tampered deliveries that are still JSON', async () => {
    const tampered = await send.tampered(await send.completed('job-1'));
    expect(await tampered.clone().json()).toMatchObject({});
    await refusal(unwrapWebhook(tampered, { secret: key }), 'bad-signature');
  });

  it('tells the end of a job before its beginning', async () => {
    const requests = await send.reordered('job-1');
    const events = await Promise.all(requests.map((request) => unwrapWebhook(request, { secret: key })));
    expect(events.map(({ type }) => type)).toEqual(['job.completed', 'job.processing', 'job.queued']);
  });
});

describe('createWebhookFactory', () => {
  it('makes stale deliveries, old just enough or as old as asked', async () => {
    const now = new Date('2026-01-01T00:00:00Z');
    const send = createWebhookFactory({ secret, now: () => now });
    const request = await send.completed('job-1');
    await refusal(unwrapWebhook(await send.stale(request), { secret, now }), 'stale');
    await unwrapWebhook(await send.stale(request, 300), { secret, now });
  });

  it('sends to where it is told', async () => {
    const send = createWebhookFactory({ secret, url: new URL('https://example.com/hook') });
    expect((await send.queued('job-1')).url).toBe('https://example.com/hook');
  });

  it('keeps to the scheme it is given', async () => {
    const scheme = { type: 'hmac-sha256-hex', header: 'x-mine' } as const;
    const request = await createWebhookFactory({ secret: 'raw', scheme }).completed('job-1');
    expect(await unwrapWebhook(request, { secret: 'raw', scheme })).toMatchObject({ type: 'job.completed' });
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { script, startSite, submitting } from './support.js';

afterEach(() => void vi.useRealTimers());

describe('a job that nobody watches', () => {
  it('is looked after within half a minute, and the next page is told without a wait', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const site = await startSite();
    const { jobId } = (await (await site.call('/api/generate', submitting(script))).json()) as {
      jobId: string;
    };
    for (const job of site.upstream.jobs) job.complete();
    expect(await site.client.jobs?.get(jobId)).toMatchObject({ state: 'submitted' });
    await vi.advanceTimersByTimeAsync(32_000);
    await expect.poll(async () => (await site.client.jobs?.get(jobId))?.state).toBe('completed');
    const calls = site.upstream.requests.filter(({ route }) => route === 'status').length;
    expect(calls).toBe(1);
  });

  it('of a process that died is looked after by the one that comes next', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const jobs = memoryJobs();
    const site = await startSite({}, {}, { jobs });
    const job = await site.client.generate({ walletAddress: '0x1', script: 's' } as never, {
      key: 'k',
      group: 'ada',
    });
    await site.client.close();
    site.relay.close();
    site.upstream.jobs.get(job.id)?.complete();
    const { connect } = await import('../client/support.js');
    const { createRelay } = await import('../../../src/relay/index.js');
    const { KEY, userOf } = await import('./support.js');
    const client = connect(site.upstream, { jobs, auth: { type: 'bearer', token: KEY } });
    const relay = createRelay({ client, authenticate: userOf, inputOf: () => ({}) as never });
    await relay.fetch(new Request('http://localhost/videos/api/jobs'));
    // The lease of the first may last so long.
    await vi.advanceTimersByTimeAsync(65_000);
    await expect.poll(async () => (await jobs.get('k'))?.state).toBe('completed');
    relay.close();
  });
});

describe('a webhook', () => {
  const SECRET = 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0';

  it('tells whoever watches, without a call', async () => {
    const site = await startSite(
      {},
      { webhooks: { secret: 'shared', logger: 'silent' } },
      { transports: ['polling'], polling: { intervalMs: 60_000 } },
    );
    const { id } = await site.page().generate(script as never);
    const [job] = Array.from(site.upstream.jobs);
    const socket = await site.socket();
    socket.say('subscribe', id);
    await socket.until({ jobId: id, status: 'queued' });
    const before = site.upstream.requests.length;
    const body = JSON.stringify({ jobId: job?.id, status: 'completed', progress: 100 });
    const headers = await signWebhook({ body, secret: 'shared' });
    // Of another origin, without a session: it is believed for its signature alone.
    const answer = await fetch(`${site.url}/videos/webhook`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', origin: 'https://elsewhere.example' },
      body,
    });
    expect(answer.status).toBe(200);
    await socket.until({ jobId: id, status: 'completed' });
    expect(site.upstream.requests).toHaveLength(before);
    const forged = await fetch(`${site.url}/videos/webhook`, { method: 'POST', body });
    expect(forged.status).toBe(401);
  });

  it('is not there where none is taken', async () => {
    const site = await startSite();
    expect((await fetch(`${site.url}/videos/webhook`, { method: 'POST', body: SECRET })).status).toBe(404);
  });
});

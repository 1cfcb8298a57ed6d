import { createInterface } from 'node:readline';
import { mockMedia } from 'reelwire/mock-server';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterAllTests } from '../../support/after-all-tests.js';
import { errorOf } from '../../support/rejection.js';
import { type Member, pageOf, signIn } from './relay-support.js';
import { startExample } from './support.js';

// A page is built, and several processes share the machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const atTheEnd = afterAllTests();

/** All of the example, at the URLs that it prints, with two who are signed in. */
async function start() {
  const { child } = startExample('relay/serve.ts', ['--port', '0', '--duration-ms', '500'], {}, atTheEnd);
  const urls = new Map<string, string>();
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const [, name, url] = /^(Ada|Grace): +(http:\S+)$/.exec(line) ?? [];
    if (name !== undefined && url !== undefined) urls.set(name, url);
    if (urls.size === 2) break;
  }
  return { ada: await signIn(urls.get('Ada') ?? ''), grace: await signIn(urls.get('Grace') ?? '') };
}

const script = 'A paper boat';
let [ada, grace] = [{}, {}] as [Member, Member];

beforeAll(async () => {
  ({ ada, grace } = await start());
});

beforeEach(async () => {
  for (const page of [pageOf(ada), pageOf(grace)])
    for (const { jobId } of (await page.backend.list()).jobs) await page.backend.forget(jobId);
});

describe('npm run demo:relay', () => {
  it.each(['websocket', 'sse', 'polling'] as const)(
    'makes a video, tells of it over %s, and gives it whole',
    async (transport) => {
      const page = pageOf(ada, transport);
      const job = await page.generate({ script });
      const served: unknown[] = [];
      job.on('transport', (change) => served.push(change.transport));
      expect(await job.completed()).toMatchObject({
        status: 'completed',
        videoUrl: `${ada.origin}/videos/api/download?jobId=${job.id}`,
      });
      expect(served).toContain(transport);
      const asked = await fetch(`${ada.origin}/videos/api/download?jobId=${job.id}`, {
        headers: { cookie: ada.cookie, range: 'bytes=0-99' },
      });
      expect([asked.status, asked.headers.get('content-type')]).toEqual([206, 'video/mp4']);
      expect(new Uint8Array(await asked.arrayBuffer())).toEqual(mockMedia().slice(0, 100));
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
    },
  );

  it('shows a user the jobs of that user alone, in whichever tab, until they are forgotten', async () => {
    const [page, otherTab, ofGrace] = [pageOf(ada), pageOf(ada), pageOf(grace)];
    const { id } = await page.generate({ script });
    expect((await otherTab.backend.list()).jobs).toEqual([
      expect.objectContaining({ jobId: id, createdAt: expect.stringMatching(/^20.*Z$/) }),
    ]);
    expect((await ofGrace.backend.list()).jobs).toEqual([]);
    expect(await errorOf(ofGrace.status(id))).toMatchObject({ code: 'not-found' });
    expect(await errorOf(ofGrace.download(id))).toMatchObject({ code: 'not-found' });
    expect(await errorOf(ofGrace.backend.forget(id))).toMatchObject({ code: 'not-found' });
    await otherTab.backend.forget(id);
    expect((await page.backend.list()).jobs).toEqual([]);
  });

  it('says in words why nothing is made', async () => {
    const page = pageOf(ada);
    expect(await errorOf(page.generate({ script: ' ' }))).toMatchObject({
      ...{ code: 'bad-request', serverMessage: 'Say what the video is to show.' },
    });
    expect(await errorOf(page.generate({ script: 'x'.repeat(501) }))).toMatchObject({
      ...{ code: 'bad-request', serverMessage: expect.stringMatching(/at most 500 .* has 501/) },
    });
    const made = [];
    for (let count = 0; count < 5; count++) made.push(await page.generate({ script }));
    expect(await errorOf(page.generate({ script }))).toMatchObject({
      ...{ code: 'payment-required', serverMessage: expect.stringMatching(/^5 videos .*: forget one/) },
    });
    expect((await pageOf(grace).generate({ script })).id).not.toBe('');
    await page.backend.forget(made[0]?.id ?? '');
    expect((await page.generate({ script })).id).not.toBe('');
  });

  it('believes no session that it did not sign, and no page of another site', async () => {
    expect(ada.setCookie).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=28800$/);
    const jobsBy = async (cookie: string, more: RequestInit = {}) =>
      (await fetch(`${ada.origin}/videos/api/jobs`, { headers: { cookie }, ...more })).status;
    expect(await jobsBy(`theme=dark; ${ada.cookie}`)).toBe(200);
    const forged = [
      '',
      'session=ada',
      ada.cookie.replace('=ada.', '=grace.'),
      ada.cookie.replace(/\.\d+\./, '.9999999999999.'),
      ada.cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      ada.cookie.slice(0, -1),
    ];
    for (const cookie of forged) expect(await jobsBy(cookie), cookie).toBe(401);
    const submit = (origin: string) =>
      fetch(`${ada.origin}/videos/api/generate`, {
        method: 'POST',
        headers: { cookie: ada.cookie, origin, 'content-type': 'application/json' },
        body: JSON.stringify({ script }),
      });
    expect((await submit('https://evil.example')).status).toBe(403);
    expect((await submit(ada.origin)).status).toBe(200);
    const nobody = await fetch(`${ada.origin}/sign-in?user=eve`, { redirect: 'manual' });
    expect([nobody.status, nobody.headers.get('set-cookie')]).toEqual([404, null]);
  });
});

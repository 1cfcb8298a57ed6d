import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, input, listen, served, statusCalls } from './support/client.js';
import { STARTS } from './support/remote-mock.js';

const end = { status: 'completed', progress: 100 } as const;
/** Longer than any test: what happens sooner happens because the page woke. */
const asleep = {
  polling: { intervalMs: 600_000 },
  timeouts: { connectMs: 1_500, headStartMs: 100, silenceMs: 600_000, jobMs: 14_000 },
  retry: { minDelayMs: 600_000, maxDelayMs: 600_000 },
} as const;

/** The page as the browser would have it. */
function turn(visibilityState: DocumentVisibilityState): void {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibilityState });
  document.dispatchEvent(new Event('visibilitychange'));
  onTestFinished(() => void Reflect.deleteProperty(document, 'visibilityState'));
}

describe.each(STARTS)('of %s', (_server, start) => {
  it('a tab that is shown again asks at once, one that is hidden does not', async () => {
    const server = await start({ faults: [{ route: 'websocket', type: 'mute' }] });
    const job = await connect(server, { ...asleep, transports: ['websocket'] }).generate(input);
    const story = listen(job);
    await served(story, 'websocket');
    await expect.poll(() => statusCalls(server)).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = await statusCalls(server);
    await server.do('advance', job.id, end);
    turn('hidden');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await statusCalls(server)).toBe(before);
    turn('visible');
    await job.completed({ timeoutMs: 3_000 });
    expect(story.ends).toHaveLength(1);
  });

  it('back from the cache of the browser, a page asks at once', async () => {
    const server = await start();
    const job = await connect(server, { ...asleep, transports: ['polling'] }).generate(input);
    await server.do('watch', job.id);
    const story = listen(job);
    await served(story, 'polling');
    await expect.poll(() => statusCalls(server)).toBeGreaterThan(0);
    await server.do('advance', job.id, end);
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    await job.completed({ timeoutMs: 3_000 });
    expect(story.ends).toHaveLength(1);
  });

  it('online again, it connects and asks at once, however long the pause was to be', async () => {
    const server = await start();
    const job = await connect(server, asleep).generate(input);
    const story = listen(job);
    await served(story, 'websocket');
    window.dispatchEvent(new Event('offline'));
    await server.do('pause');
    await expect.poll(() => story.changes.at(-1)?.transport).not.toBe('websocket');
    await server.do('advance', job.id, { status: 'processing', progress: 70 });
    await server.do('resume');
    window.dispatchEvent(new Event('online'));
    await served(story, 'websocket');
    await expect.poll(() => job.snapshot.progress).toBe(70);
    await server.do('advance', job.id, end);
    await job.completed({ timeoutMs: 3_000 });
    expect(story.ends).toHaveLength(1);
  });
});

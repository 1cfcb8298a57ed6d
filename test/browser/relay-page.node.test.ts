import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { findEngines } from './support/engines.js';
import { type BrowserWindow, openWindow } from './support/window.js';

// Two browsers at once.
vi.setConfig({ testTimeout: 120_000 });

const engines = findEngines();
// Long enough to be seen under way by a browser that has to be started first.
const DURATION_MS = 12_000;

/** Where each signs in. */
const urls = { Ada: '', Grace: '' };
const demo = spawn('npm', ['run', 'demo:relay', '--', '--port', '0', '--duration-ms', String(DURATION_MS)], {
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
});

beforeAll(async () => {
  for await (const line of createInterface(demo.stdout)) {
    const [, name, url] = /^(Ada|Grace): +(http:\S+)$/.exec(line) ?? [];
    if (name === 'Ada' || name === 'Grace') urls[name] = url ?? '';
    if (urls.Ada !== '' && urls.Grace !== '') return;
  }
  throw new Error('npm run demo:relay ended before it said where to sign in');
});

afterAll(() => {
  // npm does not hand a signal on to what it started: the whole group is ended.
  if (demo.pid !== undefined) process.kill(-demo.pid, 'SIGTERM');
});

async function signedIn(...[engine, launch]: (typeof engines)[number]): Promise<BrowserWindow> {
  const window = await openWindow(engine, launch);
  onTestFinished(() => window.close());
  await window.resize(360, 740);
  await visit(window, urls.Ada);
  return window;
}

/** Goes there, and waits until the page knows who it is. */
async function visit(window: BrowserWindow, url: string): Promise<void> {
  await window.goto(url);
  await expect.poll(() => textOf(window, '#who')).toMatch(/^Signed in as/);
}

const textOf = (window: BrowserWindow, selector: string) =>
  window.evaluate(`return document.querySelector(${JSON.stringify(selector)})?.textContent`);

/** What the cards show, the newest first. */
const cards = (window: BrowserWindow) =>
  window.evaluate(`
  return [...document.querySelectorAll('.card')].map((card) => {
    const video = card.querySelector('video');
    return { title: card.querySelector('h3').textContent, status: card.dataset.status,
      isPlaying: video.currentTime > 0, width: video.videoWidth, seconds: Math.round(video.duration) };
  });`);

const shows = (window: BrowserWindow, ...expected: Record<string, unknown>[]) =>
  expect.poll(() => cards(window), { timeout: 30_000, interval: 100 }).toMatchObject(expected);

async function generate(window: BrowserWindow, script: string): Promise<void> {
  await window.fill('#script', script);
  await window.click('#generate button');
}

async function forgetAll(window: BrowserWindow): Promise<void> {
  await window.evaluate(`for (const button of document.querySelectorAll('.forget')) button.click();`);
  await shows(window);
}

describe.each(engines)('the pages of two users in %s', (engine, launch) => {
  it('show a job to whoever made it, wherever that is, until it is forgotten, and to nobody else', async () => {
    const [here, elsewhere] = [await signedIn(engine, launch), await signedIn(engine, launch)];
    await forgetAll(here); // Of a window that ended before it had.
    await generate(here, 'A paper boat');
    await shows(here, { title: 'A paper boat' });
    await shows(elsewhere, { title: expect.stringMatching(/^Made at /), status: 'processing' });

    // Loaded anew, it follows on.
    await visit(elsewhere, new URL('/', urls.Ada).href);
    await shows(elsewhere, { status: 'processing' });

    // In the same browser, by the other name of this machine.
    await visit(here, urls.Grace);
    expect(await textOf(here, '#who')).toMatch(/^Signed in as Grace/);
    await forgetAll(here);
    await generate(here, 'A kite');
    await shows(here, { title: 'A kite' });

    await visit(here, new URL('/', urls.Ada).href);
    expect(await textOf(here, '#who')).toMatch(/^Signed in as Ada/);
    await shows(here, { title: 'A paper boat', status: 'completed', width: 320, seconds: 5 });
    await shows(elsewhere, { status: 'completed' });
    await elsewhere.evaluate(`document.querySelector('video').play().catch(() => {});`);
    await shows(elsewhere, { isPlaying: true });

    await visit(here, new URL('/', urls.Ada).href);
    await shows(here, { status: 'completed' });
    const badge = `const badge = document.querySelector('.transport');
      return badge.checkVisibility() ? badge.textContent : ''`;
    expect(await here.evaluate(badge), 'where the job had ended').not.toBe('connecting');
    expect(await textOf(here, '#announcements'), 'what had ended before').toBe('');

    await elsewhere.click('.forget');
    await shows(elsewhere);
    await shows(here);
    await visit(here, urls.Grace);
    await shows(here, { title: 'A kite' });
    await forgetAll(here);
  });

  it('say in words what the relay refuses, and fit a narrow screen', async () => {
    const window = await signedIn(engine, launch);
    await generate(window, ' ');
    await expect.poll(() => textOf(window, '#problem')).toBe('Say what the video is to show.');
    for (let count = 1; count <= 5; count++) {
      await generate(window, 'Supercalifragilisticexpialidocious'.repeat(3));
      await expect.poll(async () => ((await cards(window)) as unknown[]).length).toBe(count);
      await expect.poll(() => textOf(window, '#generate button:enabled')).toBe('Generate');
    }
    await generate(window, 'One more');
    await expect.poll(() => textOf(window, '#problem')).toMatch(/^5 videos .*: forget one first/);
    const overflow = 'return document.documentElement.scrollWidth - window.innerWidth';
    expect(await window.evaluate(overflow)).toBeLessThanOrEqual(0);
    await forgetAll(window);
  });

  it('ask who it is of somebody who is not signed in', async () => {
    const window = await openWindow(engine, launch);
    onTestFinished(() => window.close());
    await window.goto(new URL('/', urls.Ada).href);
    const isShown = (selector: string) =>
      window.evaluate(`return document.querySelector(${JSON.stringify(selector)})?.checkVisibility()`);
    await expect.poll(() => isShown('#sign-in')).toBe(true);
    expect(await isShown('#generate')).toBe(false);
    await window.click('#sign-in a');
    await expect.poll(() => isShown('#generate')).toBe(true);
  });
});

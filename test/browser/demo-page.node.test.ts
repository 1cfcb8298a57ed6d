import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findEngines } from './support/engines.js';
import { type BrowserWindow, openWindow } from './support/window.js';

const engines = findEngines();
const DURATION_MS = 6_000;

let url = '';
const demo = spawn('npm', ['run', 'demo:web', '--', '--port', '0', '--duration-ms', String(DURATION_MS)], {
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
});

beforeAll(async () => {
  for await (const line of createInterface(demo.stdout)) {
    url = /^Page at (http:\S+)/.exec(line)?.[1] ?? '';
    if (url !== '') return;
  }
  throw new Error('npm run demo:web ended before it said where the page is');
});

afterAll(() => {
  // npm does not hand a signal on to what it started: the whole group is ended.
  if (demo.pid !== undefined) process.kill(-demo.pid, 'SIGTERM');
});

/** What the first card, the newest, shows. */
const card = (window: BrowserWindow) =>
  window.evaluate(`
  const card = document.querySelector('.card');
  const video = card?.querySelector('video');
  return { status: card?.dataset.status, transport: card?.dataset.transport,
    shown: card?.querySelector('.transport').textContent, seconds: video?.currentTime ?? 0 };`);

const shows = (window: BrowserWindow, expected: Record<string, unknown>) =>
  expect.poll(() => card(window), { timeout: 15_000, interval: 100 }).toMatchObject(expected);

async function open(...[engine, launch]: (typeof engines)[number]): Promise<BrowserWindow> {
  await fetch(new URL('/faults', url), { method: 'PUT', body: '[]' });
  const window = await openWindow(engine, launch);
  onTestFinished(() => window.close());
  await window.resize(360, 740);
  await window.goto(url);
  await expect.poll(() => window.evaluate('return document.readyState')).toBe('complete');
  return window;
}

describe.each(engines)('the page in %s', (engine, launch) => {
  it('shows one transport after the other break, and the video playing in the end', async () => {
    const window = await open(engine, launch);
    await window.fill('#prompt', 'A cat on the moon');
    await window.click('#generate button');
    await shows(window, { transport: 'websocket', shown: 'WebSocket', status: 'processing' });
    await window.click('input[name=websocket]');
    await shows(window, { transport: 'sse', shown: 'SSE' });
    await window.click('input[name=sse]');
    await shows(window, { transport: 'polling', shown: 'polling' });
    await shows(window, { status: 'completed' });
    await expect
      .poll(async () => ((await card(window)) as { seconds: number }).seconds, { timeout: 10_000 })
      .toBeGreaterThan(0);
    expect(await window.evaluate(`return document.querySelector('[role=status]').textContent`)).toBe(
      'A cat on the moon: the video is ready',
    );
    // Where there is a dialog, it would wait for somebody to close it.
    await window.evaluate(`
      window.showSaveFilePicker = undefined;
      document.addEventListener('click', (event) => {
        if (!event.target.download) return;
        event.preventDefault();
        document.title = event.target.download;
      });`);
    await window.click('.download');
    await expect.poll(() => window.evaluate('return document.title')).toMatch(/\.mp4$/);
  });

  it('makes several videos at once, finds them again after a reload, and fits a narrow screen', async () => {
    const window = await open(engine, launch);
    const prompts = ['One', 'Two', 'Supercalifragilisticexpialidocious'.repeat(3)];
    for (const [index, prompt] of prompts.entries()) {
      await window.fill('#prompt', prompt);
      await window.click('#generate button');
      const count = `return document.querySelectorAll('.card').length`;
      await expect.poll(() => window.evaluate(count)).toBe(index + 1);
    }
    await window.goto(url);
    const statuses = `return [...document.querySelectorAll('.card')].map(({ dataset }) => dataset.status)`;
    await expect
      .poll(() => window.evaluate(statuses), { timeout: 15_000 })
      .toEqual(['completed', 'completed', 'completed']);
    const overflow = 'return document.documentElement.scrollWidth - window.innerWidth';
    expect(await window.evaluate(overflow)).toBeLessThanOrEqual(0);
  });

  it('announces what happens in words, and shows that it works before there is a percentage', async () => {
    const window = await open(engine, launch);
    await window.evaluate(`
      window.said = [];
      new MutationObserver(() => window.said.push(document.querySelector('#announcements').textContent))
        .observe(document.querySelector('#announcements'), { childList: true });`);
    await window.click('#generate button');
    const bar = `return document.querySelector('.card progress')?.position`;
    await expect.poll(() => window.evaluate(bar), { interval: 20 }).toBe(-1);
    await shows(window, { transport: 'websocket', status: 'processing' });
    await window.click('input[name=websocket]');
    await shows(window, { transport: 'sse' });
    await expect
      .poll(() => window.evaluate('return window.said'))
      .toContain('Explain blockchain: updates now come over SSE');
    expect(JSON.stringify(await window.evaluate('return window.said'))).not.toMatch(
      /now over|undefined|connecting/,
    );
    await expect.poll(() => window.evaluate(bar)).toBeGreaterThan(0);
  });

  it('stops to follow a job that is cancelled, also after a reload', async () => {
    const window = await open(engine, launch);
    await window.click('#generate button');
    await shows(window, { status: 'processing' });
    await window.click('.cancel');
    await shows(window, { status: 'cancelled' });
    await window.goto(url);
    await expect.poll(() => window.evaluate('return document.readyState')).toBe('complete');
    expect(await window.evaluate(`return document.querySelectorAll('.card').length`)).toBe(0);
  });

  it('gives every control a name, and everything to the keyboard', async () => {
    const window = await open(engine, launch);
    const unnamed = `return [...document.querySelectorAll('input, textarea, button')]
      .filter((control) => !control.labels?.length && !control.textContent.trim())
      .map(({ outerHTML }) => outerHTML)`;
    expect(await window.evaluate(unnamed)).toEqual([]);
    const unreachable = `return [...document.querySelectorAll('input, textarea, button')]
      .filter((control) => { control.focus(); return document.activeElement !== control; })
      .map(({ outerHTML }) => outerHTML)`;
    expect(await window.evaluate(unreachable)).toEqual([]);
  });
});

// WebKitGTK's driver cannot take the network away; wake.test.ts has its page told so.
it.each(engines.filter(([, { by }]) => by === 'playwright'))(
  'a job that ends while %s is offline is there as soon as it is online again',
  async (engine, launch) => {
    const window = await open(engine, launch);
    await window.click('#generate button');
    await shows(window, { transport: 'websocket', status: 'processing' });
    await window.setOffline?.(true);
    await expect.poll(() => window.evaluate('return navigator.onLine')).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, DURATION_MS));
    await window.setOffline?.(false);
    await shows(window, { status: 'completed' });
  },
);

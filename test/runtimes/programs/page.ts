import * as reelwire from 'reelwire';
import * as webhooks from 'reelwire/webhooks';
import { runScenario, type Task } from './scenario.js';

/** The scenario in a page. It gets its task from the page's server, and tells it what was found. */
async function run(): Promise<void> {
  const response = await fetch('/task');
  const findings = await runScenario((await response.json()) as Task, { reelwire, webhooks, save });
  const { userAgent } = navigator;
  await fetch('/report', { method: 'POST', body: JSON.stringify({ userAgent, findings }) });
}

/** Without a click there is no save dialog: the page downloads the file, and what it would get is looked at. */
async function save(video: reelwire.VideoDownload): Promise<Uint8Array<ArrayBuffer>> {
  const saved = new Promise<string>((resolve) => {
    document.addEventListener(
      'click',
      (event) => {
        const { target } = event;
        if (!(target instanceof HTMLAnchorElement) || target.download !== 'out.mp4') return;
        event.preventDefault();
        resolve(target.href);
      },
      { once: true },
    );
  });
  await video.save('out.mp4');
  const response = await fetch(await saved);
  return new Uint8Array(await response.arrayBuffer());
}

void run();

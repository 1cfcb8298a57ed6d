import type { JobSnapshot, VideoJob } from 'reelwire';
import { announce, find } from '../../browser/dom.js';

const TRANSPORTS = { websocket: 'WebSocket', sse: 'SSE', polling: 'polling' } as const;

export interface JobCard {
  readonly element: HTMLElement;
  readonly job: VideoJob;
  rename(title: string): void;
}

/** Puts a card on top of the list that follows the job and plays its video. */
export function showJob(job: VideoJob, title: string, forget: () => Promise<void>): JobCard {
  const content = find(document, '#card', HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
  const element = find(content, '.card', HTMLElement);
  const show = (selector: string, text: string) => {
    find(element, selector, HTMLElement).textContent = text;
  };
  const card: JobCard = {
    element,
    job,
    rename(name) {
      show('h3', name);
      find(element, 'progress', HTMLElement).setAttribute('aria-label', `Progress of ${name}`);
      find(element, 'video', HTMLElement).setAttribute('aria-label', name);
      find(element, '.download', HTMLElement).setAttribute('aria-label', `Download ${name}`);
      find(element, '.forget', HTMLElement).setAttribute('aria-label', `Forget ${name}`);
    },
  };
  card.rename(title);

  // What had ended before the page came is no news.
  let wasOpen = false;
  job.on('update', (snapshot) => {
    wasOpen ||= snapshot.status === 'queued' || snapshot.status === 'processing';
    update(element, snapshot);
    show('.status', snapshot.status);
    show('.percent', snapshot.indeterminate === true ? '' : `${Math.round(snapshot.progress)} %`);
    show('.message', snapshot.error ?? snapshot.message ?? '');
  });
  job.on('transport', ({ transport }) => {
    element.dataset.transport = transport ?? '';
    show('.transport', transport === undefined ? 'connecting' : TRANSPORTS[transport]);
  });
  job.on('completed', () => {
    if (wasOpen) announce(`${title}: the video is ready`);
  });
  job.on('failed', ({ error }) => {
    if (wasOpen) announce(`${title}: ${error}`);
  });
  job.on('stopped', (error) => {
    if (element.isConnected) show('.message', error instanceof Error ? error.message : String(error));
  });

  const button = find(element, '.forget', HTMLButtonElement);
  button.addEventListener('click', async () => {
    button.disabled = true;
    await forget().catch((error: unknown) => {
      button.disabled = false;
      show('.message', String(error));
    });
  });
  find(document, '#videos', HTMLElement).prepend(element);
  return card;
}

export function forgetCard({ element, job }: JobCard): void {
  element.remove();
  job.close();
}

function update(element: HTMLElement, snapshot: JobSnapshot): void {
  element.dataset.status = snapshot.status;
  const bar = find(element, 'progress', HTMLProgressElement);
  // This provider tells no percentage: a bar that moves says more than one that is empty.
  if (snapshot.indeterminate === true) bar.removeAttribute('value');
  else bar.value = snapshot.progress;
  if (snapshot.status !== 'completed' || snapshot.videoUrl === undefined) return;
  // The relay's own download route, which asks for the cookie and knows ranges: the browser plays while it loads.
  const video = find(element, 'video', HTMLVideoElement);
  if (!video.hidden) return;
  const download = find(element, '.download', HTMLAnchorElement);
  video.src = download.href = snapshot.videoUrl;
  video.hidden = download.hidden = false;
}

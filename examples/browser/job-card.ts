import { isVideoError, type JobSnapshot, type VideoClient, type VideoJob } from 'reelwire';
import { announce, find } from './dom.js';

const TRANSPORTS = { websocket: 'WebSocket', sse: 'SSE', polling: 'polling' } as const;

/** Puts a card on the page that follows the job, plays the video and saves it. */
export function showJob(client: VideoClient, job: VideoJob, title: string): void {
  const card = newCard(title);
  const show = (selector: string, text: string) => {
    find(card, selector, HTMLElement).textContent = text;
  };

  const update = ({ indeterminate, message, progress, status }: JobSnapshot) => {
    card.dataset.status = status;
    show('.status', status);
    const bar = find(card, 'progress', HTMLProgressElement);
    // Some servers give no percentage, none gives one at once: a bar that moves says more than one that is empty.
    if (indeterminate === true) bar.removeAttribute('value');
    else bar.value = progress;
    show('.percent', indeterminate === true ? '' : `${Math.round(progress)} %`);
    show('.message', message ?? '');
    find(card, '.cancel', HTMLButtonElement).hidden = status === 'completed' || status === 'failed';
  };
  update(job.snapshot);
  job.on('update', update);
  let wasLost = false;
  job.on('transport', ({ transport, previous, reason }) => {
    const name = transport === undefined ? 'connecting' : TRANSPORTS[transport];
    card.dataset.transport = transport ?? '';
    show('.transport', name);
    find(card, '.transport', HTMLElement).title = reason;
    if (transport === undefined) announce(`${title}: connection lost, trying again`);
    else if (previous !== undefined || wasLost) announce(`${title}: updates now come over ${name}`);
    wasLost = transport === undefined;
  });
  job.on('completed', () => {
    show('.message', '');
    announce(`${title}: the video is ready`);
    play(job, card).catch((error: unknown) => show('.message', `The video cannot be shown: ${error}`));
  });
  const end = (status: string, reason: string) => {
    card.dataset.status = status;
    show('.status', status);
    show('.message', reason);
    find(card, '.cancel', HTMLButtonElement).hidden = true;
    find(card, 'progress', HTMLProgressElement).value = job.snapshot.progress;
    announce(`${title}: ${reason}`);
  };
  job.completed().catch((error: unknown) => {
    if (card.dataset.status === 'cancelled') return;
    end('failed', error instanceof Error ? error.message : String(error));
  });

  find(card, '.cancel', HTMLButtonElement).addEventListener('click', async () => {
    try {
      const { status } = await job.cancel();
      if (status !== 'completed') end('cancelled', 'cancelled');
    } catch (error) {
      if (!isVideoError(error) || error.code !== 'configuration') return show('.message', String(error));
      // This dialect has no such call: the page can only stop to follow.
      end('cancelled', 'no longer followed; this server cannot cancel what it has begun');
      job.close();
    }
    if (job.key !== undefined) await client.forget(job.key); // It comes no more.
  });

  find(card, '.download', HTMLButtonElement).addEventListener('click', async () => {
    try {
      const video = await client.download(job.id);
      await video.save(video.filename);
    } catch (error) {
      // A dialog that was closed is no error.
      if (!(error instanceof DOMException && error.name === 'AbortError')) show('.message', String(error));
    }
  });
}

async function play(job: VideoJob, card: HTMLElement): Promise<void> {
  const download = await job.download();
  const video = find(card, 'video', HTMLVideoElement);
  video.src = URL.createObjectURL(await download.blob());
  video.hidden = false;
  find(card, '.actions', HTMLElement).hidden = false;
  // Muted, it may start by itself; where it may not, there is a button.
  await video.play().catch(() => {});
}

function newCard(title: string): HTMLElement {
  const content = find(document, '#card', HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
  const card = find(content, '.card', HTMLElement);
  find(card, 'h3', HTMLElement).textContent = title;
  find(card, 'progress', HTMLElement).setAttribute('aria-label', `Progress of ${title}`);
  find(card, 'video', HTMLElement).setAttribute('aria-label', title);
  find(card, '.download', HTMLElement).setAttribute('aria-label', `Download ${title}`);
  find(card, '.cancel', HTMLElement).setAttribute('aria-label', `Cancel ${title}`);
  find(document, '#videos', HTMLElement).prepend(card);
  find(document, '#empty', HTMLElement).hidden = true;
  announce(`${title}: submitted`);
  return card;
}

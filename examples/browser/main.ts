/// <reference types="vite/client" />
/** A page that makes videos: one client, any number of jobs, each with a card of its own. */
import { VideoClient } from 'reelwire';
import { find } from './dom.js';
import { showJob } from './job-card.js';
import { recall, remember } from './memory.js';

const client = new VideoClient({ baseUrl: import.meta.env.VITE_SERVER_URL });

const form = find(document, '#generate', HTMLFormElement);
const prompt = find(form, '#prompt', HTMLTextAreaElement);
const problem = find(form, '#problem', HTMLElement);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  const title = prompt.value.trim();
  try {
    const job = await client.generate({ walletAddress: '0x123', script: title });
    remember({ id: job.id, title });
    showJob(client, job, title);
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
});

// A page that is loaded anew finds its jobs again.
for (const { id, title } of recall()) showJob(client, client.subscribe(id), title);

const faults = find(document, '#faults', HTMLFieldSetElement);
faults.addEventListener('change', async () => {
  const down = Array.from(faults.querySelectorAll<HTMLInputElement>('input:checked'), ({ name }) => name);
  await fetch('/faults', { method: 'PUT', body: JSON.stringify(down) });
});

/// <reference types="vite/client" />
/** A page that makes videos: one client, any number of jobs, each with a card of its own. */
import { type JobRecord, VideoClient } from 'reelwire';
import { webJobs } from 'reelwire/jobs';
import { find } from './dom.js';
import { showJob } from './job-card.js';

const client = new VideoClient({
  baseUrl: import.meta.env.VITE_SERVER_URL,
  // Whose jobs these are: where people sign in, their id.
  jobs: webJobs({ name: 'demo' }),
});

const form = find(document, '#generate', HTMLFormElement);
const prompt = find(form, '#prompt', HTMLTextAreaElement);
const problem = find(form, '#problem', HTMLElement);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  const title = prompt.value.trim();
  try {
    // Its record is there before anything is sent, and the title is in it.
    const job = await client.generate({ walletAddress: '0x123', script: title }, { metadata: { title } });
    showJob(client, job, title);
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
});

const faults = find(document, '#faults', HTMLFieldSetElement);
faults.addEventListener('change', async () => {
  const down = Array.from(faults.querySelectorAll<HTMLInputElement>('input:checked'), ({ name }) => name);
  await fetch('/faults', { method: 'PUT', body: JSON.stringify(down) });
});

// A page that is loaded anew finds its jobs again.
for await (const { record, job, error } of client.resume()) {
  if (job !== undefined) showJob(client, job, titleOf(record));
  else problem.textContent = `${error.message}. ${error.hint ?? ''}`;
}

function titleOf({ key, metadata }: JobRecord): string {
  return (metadata as { title?: string } | undefined)?.title ?? key;
}

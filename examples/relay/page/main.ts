/** My videos: what this tab makes, what another tab or the phone made, and nothing of anybody else. */
import { ApiError, VideoClient } from 'reelwire';
import { relayBackend } from 'reelwire/backends';
import { find } from '../../browser/dom.js';
import { forgetCard, type JobCard, showJob } from './job-card.js';
import { signedInAs } from './who.js';

/** How often it is looked whether another tab has made a video. */
const LOOK_MS = 3_000;

// No key: the cookie of the session goes along by itself.
const client = new VideoClient({ baseUrl: '/videos', backend: relayBackend<{ script: string }>() });
const cards = new Map<string, JobCard>();

const form = find(document, '#generate', HTMLFormElement);
const problem = find(form, '#problem', HTMLElement);
const button = find(form, 'button', HTMLButtonElement);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  button.disabled = true;
  const script = find(form, '#script', HTMLTextAreaElement).value.trim();
  try {
    const { id } = await client.generate({ script });
    sessionStorage.setItem(id, script); // What a list of the relay does not have.
    cards.get(id)?.rename(script);
    add(id, new Date());
  } catch (error) {
    problem.textContent = wordsOf(error);
  } finally {
    button.disabled = false;
  }
});

function add(jobId: string, createdAt: Date): void {
  if (cards.has(jobId)) return;
  const title = sessionStorage.getItem(jobId) ?? `Made at ${createdAt.toLocaleTimeString()}`;
  const card = showJob(client.subscribe(jobId), title, async () => {
    await client.backend.forget(jobId);
    remove(jobId);
  });
  cards.set(jobId, card);
  showWhetherEmpty();
}

function remove(jobId: string): void {
  const card = cards.get(jobId);
  if (card !== undefined) forgetCard(card);
  cards.delete(jobId);
  sessionStorage.removeItem(jobId);
  showWhetherEmpty();
}

function showWhetherEmpty(): void {
  find(document, '#empty', HTMLElement).hidden = cards.size > 0;
}

/** Adds what is new in the list, and takes away what another tab has forgotten. */
async function look(): Promise<void> {
  const known = [...cards.keys()];
  const { jobs } = await client.backend.list();
  for (const { jobId, createdAt } of jobs.toReversed()) add(jobId, new Date(createdAt));
  const listed = new Set(jobs.map(({ jobId }) => jobId));
  for (const jobId of known) if (!listed.has(jobId)) remove(jobId);
}

/** What the relay, or the provider behind it, says to the user. */
function wordsOf(error: unknown): string {
  if (error instanceof ApiError && error.serverMessage !== undefined) return error.serverMessage;
  return error instanceof Error ? error.message : String(error);
}

async function keepLooking(): Promise<void> {
  const trouble = find(document, '#trouble', HTMLElement);
  try {
    if (document.visibilityState === 'visible') await look();
    trouble.textContent = '';
  } catch (error) {
    // The session is over: there is the way to another one.
    if (error instanceof ApiError && error.status === 401 && !(await signedInAs())) return;
    trouble.textContent = wordsOf(error);
  }
  setTimeout(keepLooking, LOOK_MS);
}

if (await signedInAs()) void keepLooking();

import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { type Flavour, refusals, textOf } from './flavour.js';
import { openAIVideo } from './openai.js';

/** The longest that a link is good for. */
const LINK_MS = 3_600_000;

/**
 * Inworld. It has no content route: each status answer of a completed job has a new signed link.
 *
 * Source: docs.inworld.ai, "Retrieve video".
 */
export const inworld: Flavour = {
  has: [],
  newId: () => `video_${randomHex(16)}`,
  credential: { header: 'authorization', scheme: 'Basic' },
  refuse: refusals(error),
  refusal(call) {
    if (call.body.problem !== undefined) return error(400, call.body.problem);
    const missing = ['model', 'prompt'].find((field) => textOf(call, field) === undefined);
    return missing === undefined ? undefined : error(400, `${missing} is required`);
  },
  video,
  missing: () => error(404, 'video not found'),
  noContent: () => error(404, 'Not Found'),
};

function video(job: MockJob, call: Call): Readonly<Record<string, unknown>> {
  const object = openAIVideo(job);
  if (!job.ready) return object;
  const url_expires_at = Math.floor((Date.now() + Math.min(LINK_MS, job.urlLifetimeMs)) / 1000);
  return { ...object, output: { videos: [{ url: call.context.signedUrl(job, 'video'), url_expires_at }] } };
}

function error(status: number, message: string): Response {
  return json({ error: { message, type: 'invalid_request_error', code: String(status) } }, status);
}

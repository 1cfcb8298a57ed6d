import * as root from 'reelwire';
import { openRouter } from 'reelwire/backends';
import * as jobs from 'reelwire/jobs';
import { fileJobs } from 'reelwire/jobs/node';
import { testJobStore } from 'reelwire/jobs/testing';
import { createRelay, RelayRefusal } from 'reelwire/relay';
import { toNodeListener } from 'reelwire/relay/node';
import * as webhooks from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';
import { createWebhookFactory } from 'reelwire/webhooks/testing';

const exported = new Set(Object.values(root));
const classes = [webhooks, jobs].flatMap(Object.entries).filter(([name]) => name.endsWith('Error'));
const shared = classes.length > 0 && classes.every(([, value]) => exported.has(value));
const error = await webhooks
  .verifyWebhookSignature({ body: '{}', headers: {}, secret: 'whsec_c2VjcmV0c2VjcmV0' })
  .catch((reason) => reason);
const thrown = error instanceof root.WebhookVerificationError && error instanceof root.VideoError;
console.log(JSON.stringify({ shared, thrown }));
if (typeof toNodeHandler !== 'function' || typeof createWebhookFactory !== 'function') process.exitCode = 1;
if (typeof toNodeListener !== 'function') process.exitCode = 1;
if (!(new RelayRefusal(402, 'Out of credits') instanceof root.VideoError)) process.exitCode = 1;
if (typeof testJobStore !== 'function') process.exitCode = 1;
for (const wrong of [
  () => jobs.jobsOver({}),
  () => fileJobs(''),
  () => openRouter({ modle: '' }),
  () => createRelay({}),
]) {
  try {
    wrong();
    process.exitCode = 1;
  } catch (refusal) {
    if (!(refusal instanceof root.ConfigurationError)) process.exitCode = 1;
  }
}

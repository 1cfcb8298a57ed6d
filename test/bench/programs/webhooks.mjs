// Checks the same deliveries with bare node:crypto, with this package as it is built, and with its peers, in turn.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import OpenAI from 'openai';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { signWebhook, unwrapWebhook, verifyWebhookSignature } from '../../../dist/esm/webhooks/index.js';

const ROUNDS = 25;
/** Until the compiler has settled on every path, those of failures too. */
const WARM_UP = 8;
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const key = Buffer.from(secret.slice(6), 'base64');
const openai = new OpenAI({ apiKey: 'unused' });
const stripe = new Stripe('unused');
const standard = new StandardWebhook(secret);
const svix = new SvixWebhook(secret);

/** What a sender of videos reports: a few fields, and the prompt. */
function delivery(bytes) {
  const make = (prompt) =>
    JSON.stringify({
      ...{ id: 'evt_1', object: 'event', created_at: 1_758_941_485, type: 'video.completed' },
      data: { id: 'video_1', model: 'sora-2', seconds: '8', size: '1280x720', prompt },
    });
  const sentence = 'A paper boat sails down a gutter in the rain. ';
  return make(sentence.repeat(bytes / sentence.length).slice(0, bytes - make('').length));
}

/** The least that checks a delivery: the key is at hand, nothing else is looked at. */
function bare(body, id, timestamp, signature) {
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const given = Buffer.from(signature.slice(3), 'base64');
  if (given.length !== mac.length || !timingSafeEqual(mac, given)) throw new Error('wrong');
}

async function measure(bytes) {
  const body = delivery(bytes);
  const headers = await signWebhook({ body, secret });
  const [id, timestamp, signature] = Object.values(headers);
  const stripeHeader = stripe.webhooks.generateTestHeaderString({ payload: body, secret });
  const many = { ...headers, 'webhook-signature': `${'v1,AAAA '.repeat(299)}${signature}` };
  const first = { ...headers, 'webhook-signature': `${signature} ${'v1,AAAA '.repeat(299)}` };

  const contenders = {
    bare: () => bare(body, id, timestamp, signature),
    'bare + JSON.parse': () => {
      bare(body, id, timestamp, signature);
      return JSON.parse(body);
    },
    verifyWebhookSignature: () => verifyWebhookSignature({ body, headers, secret }),
    'the same, 300 signatures': () => verifyWebhookSignature({ body, headers: first, secret }),
    'the same, 300 signatures, refused': () =>
      verifyWebhookSignature({ body, headers: many, secret }).catch(() => {}),
    unwrapWebhook: () => unwrapWebhook({ body, headers }, { secret }),
    'stripe (sync)': () => stripe.webhooks.constructEvent(body, stripeHeader, secret),
    standardwebhooks: () => standard.verify(body, headers),
    svix: () => svix.verify(body, headers),
    openai: () => openai.webhooks.unwrap(body, headers, secret),
  };
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  const entries = Object.entries(contenders);
  const count = bytes < 1_000 ? 2_000 : 200;
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    // Each begins in turn, so that nobody always pays for the garbage of the same one before.
    entries.push(...entries.splice(0, 1));
    for (const [name, check] of entries) {
      const isAsync = check() instanceof Promise;
      const start = performance.now();
      if (isAsync) for (let i = 0; i < count; i++) await check();
      else for (let i = 0; i < count; i++) check();
      if (round >= 0) times[name].push(((performance.now() - start) / count) * 1_000);
    }
  }
  return times;
}

console.log(JSON.stringify({ 500: await measure(500), 50000: await measure(50_000) }));

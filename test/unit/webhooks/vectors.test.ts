import { createHmac, randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { PUBLISHED, refusal } from './support.js';

const bodies = [
  '{"id":"evt_1","type":"video.completed","data":{"id":"video_1"}}',
  '{"prompt":"żółw 🐢"}',
  JSON.stringify({ padding: 'x'.repeat(50_000) }),
];
const secrets = [24, 31, 32, 64].map((size) => `whsec_${randomBytes(size).toString('base64')}`);
const openai = new OpenAI({ apiKey: 'unused' });

/** What each library calls its headers is the same three, but for svix, which has names of its own. */
const theirs: Record<string, (secret: string) => { sign: Signer; verify: Verifier }> = {
  standardwebhooks: (secret) => {
    const webhook = new StandardWebhook(secret);
    return {
      sign: (id, at, body) => webhook.sign(id, at, body),
      verify: async (body, headers) => webhook.verify(body, headers),
    };
  },
  svix: (secret) => {
    const webhook = new SvixWebhook(secret);
    return {
      sign: (id, at, body) => webhook.sign(id, at, body),
      verify: async (body, headers) => webhook.verify(body, headers),
    };
  },
  openai: (secret) => ({
    // It verifies only; its vectors are made as its documentation says.
    sign: (id, at, body) => {
      const key = Buffer.from(secret.slice(6), 'base64');
      const content = `${id}.${Math.floor(at.getTime() / 1_000)}.${body}`;
      return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
    },
    verify: (body, headers) => openai.webhooks.unwrap(body, headers, secret),
  }),
};
type Signer = (id: string, at: Date, body: string) => string;
type Verifier = (body: string, headers: Record<string, string>) => Promise<unknown>;

describe.each(Object.entries(theirs))('%s', (_, library) => {
  it('verifies what we sign', async () => {
    for (const secret of secrets) {
      for (const body of bodies) {
        await library(secret).verify(body, await signWebhook({ body, secret }));
      }
    }
  });

  it('signs what we verify', async () => {
    for (const secret of secrets) {
      for (const body of bodies) {
        const at = new Date();
        const headers = {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': library(secret).sign('msg_1', at, body),
        };
        await verifyWebhookSignature({ body, headers, secret });
        await refusal(verifyWebhookSignature({ body: `${body} `, headers, secret }), 'bad-signature');
      }
    }
  });

  it('refuses, as we do, what another secret signed', async () => {
    const [secret = '', other = ''] = secrets;
    const headers = await signWebhook({ body: '{}', secret: other });
    await expect(library(secret).verify('{}', headers)).rejects.toThrow();
    await refusal(verifyWebhookSignature({ body: '{}', headers, secret }), 'bad-signature');
  });
});

describe('signWebhook', () => {
  it('makes the published vector', async () => {
    const { body, secret, headers, now } = PUBLISHED;
    const id = headers['webhook-id'];
    expect(await signWebhook({ body, secret, id, timestamp: new Date(now) })).toEqual(headers);
  });

  it('makes what plain node:crypto makes, for each name of the hex header', async () => {
    const body = '{"jobId":"job-1"}';
    const expected = createHmac('sha256', 'raw').update(body).digest('hex');
    expect(await signWebhook({ body, secret: 'raw' })).toEqual({ 'x-signature': expected });
    const scheme = { type: 'hmac-sha256-hex', header: 'X-Webhook-Signature' } as const;
    expect(await signWebhook({ body, secret: 'raw', scheme })).toEqual({ 'x-webhook-signature': expected });
  });

  it('signs with each of several secrets', async () => {
    const headers = await signWebhook({ body: '{}', secret: secrets });
    for (const secret of secrets) await verifyWebhookSignature({ body: '{}', headers, secret });
  });

  it('refuses an id or a time that no header can carry, and keys that cannot sign', async () => {
    const [secret = ''] = secrets;
    for (const id of ['', 'a.b', 'a\nb', 'ż']) {
      await expect(signWebhook({ body: '', secret, id })).rejects.toMatchObject({ field: 'id' });
    }
    for (const timestamp of [new Date('never'), new Date(-1)]) {
      await expect(signWebhook({ body: '', secret, timestamp })).rejects.toMatchObject({
        field: 'timestamp',
      });
    }
    const short = secret.slice(6, 20);
    for (const bad of ['whsec_', `whpk_${randomBytes(32).toString('base64')}`, `whsk_${short}`]) {
      await refusal(signWebhook({ body: '', secret: bad }), 'bad-secret');
    }
  });
});

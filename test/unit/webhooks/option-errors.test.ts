import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { unsignedWebhooks } from '../../../src/webhooks/sources/unsigned.js';
import { redisStore } from '../../../src/webhooks/stores/redis.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { rejection } from '../../support/rejection.js';

const refusalOf = (make: () => unknown): unknown => {
  try {
    make();
  } catch (error) {
    return error;
  }
  return 'taken';
};

describe('an option of a receiver that is wrong', () => {
  const secret = 'a secret of some length';
  const source = openRouterWebhooks({ secret });

  it.each([
    [
      { secret, onComplete: () => {} },
      'onComplete',
      'there is no option "onComplete"',
      'Did you mean onCompleted?',
    ],
    [
      { secret, somethingElseEntirely: 1 },
      'somethingElseEntirely',
      'there is no option "somethingElseEntirely"',
      undefined,
    ],
    [
      { from: source, secret },
      'from',
      'from does not go with secret',
      'Give the secret to the source, such as from: replicateWebhooks({ secret }), and nothing beside it.',
    ],
    [
      { from: source, scheme: 'standard-webhooks' },
      'from',
      'from does not go with scheme',
      expect.any(String),
    ],
    [
      { from: {} },
      'from',
      'from is no source of webhooks',
      'Call what makes one, such as replicateWebhooks({ secret }); one of your own has the functions verify and read.',
    ],
    [{ from: { verify: () => {} } }, 'from', 'from is no source of webhooks', expect.any(String)],
    [{ from: { read: () => {} } }, 'from', 'from is no source of webhooks', expect.any(String)],
    [
      { secret, allowedAddresses: ['10.0.0.1'] },
      'addressOf',
      'allowedAddresses needs addressOf',
      'With toNodeHandler and no proxy: addressOf: (_, { remoteAddress }) => remoteAddress.',
    ],
    [
      { secret, allowUnsigned: true },
      'allowUnsigned',
      'allowUnsigned needs allowedAddresses: unsigned deliveries need an address allowlist',
      undefined,
    ],
  ])('%j is told by its name, with what to do', (options, option, message, hint) => {
    const error = refusalOf(() => createWebhookHandler(options as never));
    expect(error).toMatchObject({ code: 'configuration', option, message });
    if (hint !== undefined) expect(error).toMatchObject({ hint });
  });

  it('of unsigned webhooks is told, too', () => {
    expect(refusalOf(() => unsignedWebhooks({} as never))).toMatchObject({
      option: 'ask',
      message: 'ask must be a function',
      hint: 'Such as ask: (jobId, options) => client.status(jobId, options).',
    });
    expect(unsignedWebhooks({ ask: async () => ({}) as never }).name).toBe('unsigned');
  });

  it('is a tolerance that is no number of seconds, or below 0, on either side', async () => {
    const body = '{"type":"x"}';
    const id = 'msg_1';
    const seconds = 1_700_000_000;
    const signature = createHmac('sha256', 'k'.repeat(24))
      .update(`${id}.${seconds}.${body}`)
      .digest('base64');
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    };
    const verify = (tolerances: object) =>
      verifyWebhookSignature({
        body,
        headers,
        secret: `whsec_${Buffer.from('k'.repeat(24)).toString('base64')}`,
        scheme: 'standard-webhooks',
        now: seconds * 1_000,
        ...tolerances,
      } as never);
    for (const option of ['toleranceSeconds', 'futureToleranceSeconds']) {
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(await rejection(verify({ [option]: value }))).toMatchObject({
          code: 'configuration',
          option: 'toleranceSeconds',
          message: 'toleranceSeconds must be finite, 0 or more',
        });
      }
    }
    await expect(verify({ toleranceSeconds: 0, futureToleranceSeconds: 0 })).resolves.toMatchObject({ id });
  });
});

describe('what OpenRouter tells', () => {
  const read = (body: unknown) =>
    openRouterWebhooks({ secret: 'a secret of some length' }).read(body as never);

  it('is of a job, by the event and its id', () => {
    expect(read({ type: 'video.generation.completed', data: { id: 'gen-1' } })).toMatchObject({
      jobId: 'gen-1',
      status: 'completed',
    });
  });

  it.each([
    [{ data: { id: 'gen-1' } }],
    [{ type: 7, data: { id: 'gen-1' } }],
    [{ type: 'credits.low', data: { id: 'gen-1' } }],
    [{ type: 'video.generation.completed', data: {} }],
    [{ type: 'video.generation.completed', data: { id: '' } }],
    [{ type: 'video.generation.completed' }],
    ['video.generation.completed'],
  ])('is of none where it is %j', (body) => {
    expect(read(body)).toBeUndefined();
  });
});

describe('what is not given at all', () => {
  it.each([
    ['createWebhookHandler', createWebhookHandler, 'options must be an object, such as { secret }'],
    ['createWebhookFactory', createWebhookFactory, 'options must be an object, such as { secret }'],
    ['redisStore', redisStore, 'client must be a client of ioredis or of redis'],
  ])('%s says so in an error of its own', (_, make, message) => {
    for (const given of [undefined, null, ...(make === redisStore ? [{}] : [])])
      expect(refusalOf(() => make(given as never))).toMatchObject({ name: 'ConfigurationError', message });
  });
});

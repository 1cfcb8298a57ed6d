import { describe, expect, it } from 'vitest';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobStore } from '../../../src/jobs/store.js';
import { RelayRefusal } from '../../../src/relay/index.js';
import { errorOf } from '../../support/rejection.js';
import { submits } from '../client/support.js';
import { storeWith } from '../jobs/support.js';
import { KEY, script, startSite, submitting } from './support.js';

async function answerOf(answer: Promise<Response>) {
  const { status, headers, ...rest } = await answer.then(async (one) => ({
    status: one.status,
    headers: one.headers,
    body: (await one.json()) as Record<string, unknown>,
  }));
  return { status, retryAfter: headers.get('retry-after'), ...rest };
}

describe('the submit of a page', () => {
  it('is answered with an id of its own, which is the key of the record', async () => {
    const site = await startSite();
    const { status, body } = await answerOf(site.call('/api/generate', submitting(script)));
    expect(status).toBe(200);
    const key = String(body.jobId);
    const [made] = Array.from(site.upstream.jobs);
    expect(await site.client.jobs?.get(key)).toMatchObject({ key, group: 'ada', jobId: made?.id });
    expect(key).not.toBe(made?.id);
  });

  it('makes one job however often it comes, for one user and one Idempotency-Key', async () => {
    const site = await startSite();
    const submit = (user: string, key: string) =>
      answerOf(site.call('/api/generate', submitting(script, key), user));
    const same = await Promise.all([submit('ada', 'a'), submit('ada', 'a'), submit('ada', 'a')]);
    const again = await submit('ada', 'a');
    expect(new Set([...same, again].map(({ body }) => body.jobId)).size).toBe(1);
    expect(submits(site.upstream)).toBe(1);
    const others = [await submit('ada', 'b'), await submit('bob', 'a')];
    expect(new Set([again, ...others].map(({ body }) => body.jobId)).size).toBe(3);
    expect(submits(site.upstream)).toBe(3);
  });

  it('that is known is answered before what may be paid for is asked, and who may', async () => {
    const asked: string[] = [];
    const site = await startSite(
      {},
      {
        authorize: (_, { type }) => void asked.push(type),
        inputOf: ({ script: text }) => {
          asked.push('inputOf');
          return { walletAddress: '0x1', script: text } as never;
        },
      },
    );
    const submit = () => answerOf(site.call('/api/generate', submitting(script, 'a')));
    const [first, second] = [await submit(), await submit()];
    expect(second.body.jobId).toBe(first.body.jobId);
    expect(asked).toEqual(['generate', 'inputOf']);
  });

  it('with another body under the same key is answered 422, whether the first has ended or is under way', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
    const first = site.call('/api/generate', submitting(script, 'a'));
    await expect.poll(() => submits(site.upstream)).toBe(1);
    const submit = () => answerOf(site.call('/api/generate', submitting({ script: 'Another' }, 'a')));
    expect(await submit()).toMatchObject({ status: 422 });
    expect((await first).status).toBe(200);
    expect(await submit()).toMatchObject({ status: 422 });
    expect(submits(site.upstream)).toBe(1);
  });

  it('that comes again while it is under way waits for it', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 500 }] });
    const submit = () => answerOf(site.call('/api/generate', submitting(script, 'a')));
    const first = submit();
    await expect.poll(() => submits(site.upstream)).toBe(1);
    expect((await submit()).body.jobId).toBe((await first).body.jobId);
    expect(submits(site.upstream)).toBe(1);
  });

  it('that comes again and waits for ten seconds is answered 409 with the id', {
    timeout: 30_000,
  }, async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'stall' }] });
    void site.call('/api/generate', submitting(script, 'a')).catch(() => {});
    await expect.poll(() => submits(site.upstream)).toBe(1);
    const again = await answerOf(site.call('/api/generate', submitting(script, 'a')));
    expect(again).toEqual({
      status: 409,
      retryAfter: '1',
      body: { error: 'A submit with this key is under way', jobId: expect.stringMatching(/^[\w-]{43}$/) },
    });
    // By that id it can be asked for, and is told as queued.
    const status = await answerOf(site.call(`/api/videos/status/${again.body.jobId}`));
    expect(status).toMatchObject({ status: 200, body: { status: 'queued', progress: 0 } });
  });

  it('goes on where the page hangs up', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 200 }] });
    const page = new AbortController();
    const first = site.call('/api/generate', { ...submitting(script, 'a'), signal: page.signal });
    await expect.poll(() => submits(site.upstream)).toBe(1);
    page.abort();
    await expect(first).rejects.toThrow();
    const again = await answerOf(site.call('/api/generate', submitting(script, 'a')));
    expect(again.status).toBe(200);
    expect(submits(site.upstream)).toBe(1);
  });

  it('that was refused may come again under its key', async () => {
    const site = await startSite({
      faults: [{ route: 'generate', type: 'status', status: 402, body: { error: 'no credits' }, times: 1 }],
    });
    const submit = () => answerOf(site.call('/api/generate', submitting(script, 'a')));
    const refused = await submit();
    expect(refused).toMatchObject({ status: 402, body: { error: 'no credits' } });
    const jobId = String((await submit()).body.jobId);
    expect(await answerOf(site.call(`/api/videos/status/${jobId}`))).toMatchObject({ status: 200 });
    expect(Array.from(site.upstream.jobs)).toHaveLength(1);
  });

  it('is not made where the records cannot be written: 503', async () => {
    const down = (): Promise<never> => Promise.reject(new Error('no space'));
    const { store } = storeWith(() => ({ add: down }) as Partial<JobStore>);
    const site = await startSite({}, {}, { jobs: jobsOver(store) });
    const answer = await answerOf(site.call('/api/generate', submitting(script, 'a')));
    expect(answer).toEqual({ status: 503, retryAfter: '5', body: { error: 'The server is busy' } });
    expect(submits(site.upstream)).toBe(0);
  });

  it('is of unknown outcome where the server behind hangs up, and is not paid for twice', async () => {
    const site = await startSite({
      faults: [{ route: 'generate', type: 'reset', at: 'after-handling', times: 1 }],
    });
    const submit = () => answerOf(site.call('/api/generate', submitting(script, 'a')));
    const unknown = await submit();
    expect(unknown).toMatchObject({
      status: 502,
      body: { error: 'Nobody knows whether the job was made', jobId: expect.any(String) },
    });
    expect(await submit()).toMatchObject({ status: 502, body: { jobId: unknown.body.jobId } });
    expect(submits(site.upstream)).toBe(1);
  });
});

describe('what may be paid for', () => {
  it('is what the application makes of the body, and not the body', async () => {
    const site = await startSite(
      {},
      { inputOf: (_, { id }) => ({ walletAddress: id, script: 'Fixed' }) as never },
    );
    await site.call('/api/generate', submitting({ ...script, walletAddress: '0xevil', model: 'dear' }));
    const [request] = site.upstream.requests;
    expect(request?.body).toEqual({
      walletAddress: 'ada',
      script: 'Fixed',
      renderVersion: 'v3',
    });
  });

  it.each([
    [
      'what inputOf throws',
      {
        inputOf: () => {
          throw new Error('script is too long');
        },
      },
      400,
      'script is too long',
    ],
    [
      'what inputOf throws that is nothing',
      {
        inputOf: () => {
          throw undefined;
        },
      },
      400,
      'The input was refused',
    ],
    [
      'what inputOf makes that the backend refuses',
      { inputOf: () => ({ script: 7 }) },
      400,
      expect.stringContaining('script'),
    ],
    [
      'what inputOf refuses',
      {
        inputOf: () => {
          throw new RelayRefusal(402, 'Top up');
        },
      },
      402,
      'Top up',
    ],
    [
      'what authorize refuses',
      {
        authorize: () => {
          throw new RelayRefusal(429, 'Five a day', { retryAfterMs: 1_500 });
        },
      },
      429,
      'Five a day',
    ],
    ['what authorize denies', { authorize: async () => false }, 403, 'Not allowed'],
    [
      'what authorize stumbles over',
      {
        authorize: () => {
          throw new Error(`db of ${KEY}`);
        },
      },
      500,
      'Internal error',
    ],
  ])('is told of %s', async (_, options, status, words) => {
    const site = await startSite({}, options as never);
    const answer = await answerOf(site.call('/api/generate', submitting(script)));
    expect(answer).toMatchObject({ status, body: { error: words }, retryAfter: status === 429 ? '2' : null });
    expect(site.upstream.requests).toEqual([]);
    expect(site.sent()).not.toContain(KEY);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['nothing', ''],
    ['no text', Uint8Array.of(0xff, 0xfe)],
  ])('is nothing where the body is %s', async (_, body) => {
    const site = await startSite();
    const answer = await site.call('/api/generate', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(site.upstream.requests).toEqual([]);
  });
});

it('a page that repeats its submit by itself has one job', async () => {
  const site = await startSite();
  const page = site.page('ada', { fetch: losing(1) });
  const job = await page.generate(script as never);
  expect(submits(site.upstream)).toBe(1);
  expect((await site.client.jobs?.get(job.id))?.group).toBe('ada');
});

it('a page is told of a refusal as of any server', async () => {
  const site = await startSite(
    {},
    {
      authorize: () => {
        throw new RelayRefusal(402, 'Top up first');
      },
    },
  );
  const error = await errorOf(site.page().generate(script as never));
  expect(error).toMatchObject({ code: 'payment-required', status: 402, serverMessage: 'Top up first' });
});

/** A fetch whose first answers are lost on their way. */
function losing(count: number): typeof fetch {
  let lost = 0;
  return async (...args) => {
    const answer = await fetch(...args);
    if (lost++ >= count) return answer;
    await answer.arrayBuffer();
    throw new TypeError('fetch failed');
  };
}

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { FollowUp, HttpRefusal } from '../../../../src/backends/backend.js';
import { type FalOptions, type FalRequest, fal } from '../../../../src/backends/hosted/fal.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { CompletedJob, JobUpdate } from '../../../../src/core/model.js';
import { answer, fixture, fixtures, plain, statusOf } from '../fixtures.js';

const MODEL = 'fal-ai/veo3.1/image-to-video';
const backend = fal({ model: MODEL });
const JOB = (fixture('fal', 'generate').expect as JobUpdate).jobId;
const ID = JOB.slice(-36);
const PLACE = `/fal-ai/veo3.1/requests/${ID}`;

/** What the answer to a status call leads to. */
function followUp(body: unknown): FollowUp {
  const told = backend.parseStatus(answer(body), JOB);
  if (!('next' in told)) throw new Error('it says all');
  return told;
}
const result = () => followUp({ status: 'COMPLETED', request_id: ID });

function refused(status: number, body: unknown, more: Partial<HttpRefusal> = {}): unknown {
  const headers = new Headers();
  return backend.parseRefusal?.({ status, body, headers, call: 'followUp', ...more }, JOB);
}

describe('fal understands', () => {
  it.each(fixtures('fal', 'result'))('the result of a request: $name', ({ body, expect: wanted }) => {
    const update = result().parse(answer(body)) as JobUpdate;
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  });

  it.each(fixtures('fal', 'refusal'))(
    'what stands in the place of a result: $name',
    ({ body, httpStatus = 0, expect: wanted }) => {
      const update = refused(httpStatus, body);
      expect(plain(update)).toEqual(wanted ?? null);
    },
  );

  it('the error type that only a header tells', () => {
    const headers = new Headers({ 'x-fal-error-type': 'runner_server_error' });
    expect(refused(500, 'no JSON', { headers })).toMatchObject({
      ...{ status: 'failed', errorCode: 'runner_server_error' },
    });
  });

  it('a refusal of a status call as no word on the job', () => {
    for (const status of [400, 404, 410, 422, 499, 500])
      expect(refused(status, { detail: 'no' }, { call: 'status' })).toBeUndefined();
  });

  it('each word for a status in any case', () => {
    const words = ['in_queue', 'In_Progress', 'FAILED', 'cancelled'];
    const statuses = words.map((status) => statusOf(backend, answer({ request_id: ID, status }), JOB).status);
    expect(statuses).toEqual(['queued', 'processing', 'failed', 'failed']);
    expect(followUp({ status: ' Completed ' }).next.url).toBe(PLACE);
  });

  it('no answer about another request', () => {
    expect(() => backend.parseStatus(answer({ status: 'IN_QUEUE', request_id: 'x' }), JOB)).toThrow(
      `asked for job ${JOB}, the server told of job "x"`,
    );
    expect(() => backend.parseStatus(answer({ detail: 'what' }), JOB)).toThrow('tells no status');
  });

  it('an error, or its type, that is empty as none', () => {
    expect(followUp({ status: 'COMPLETED', error: '', error_type: null }).next.method).toBe('GET');
  });

  it('no result where there is none', () => {
    expect(result().parse(answer({ status: 'IN_QUEUE' }, 202))).toEqual({
      ...{ jobId: JOB, raw: { status: 'IN_QUEUE' } },
    });
    for (const body of [null, undefined, [], 'text', 7, { detail: 'Authentication is required' }])
      expect(() => result().parse(answer(body))).toThrow(`the result of job ${JOB} is none: `);
  });

  it('a refusal whose status a proxy has lost, and no file beside a detail as one', () => {
    const { body } = fixture('fal', 'refusal-422-model');
    expect(result().parse(answer(body))).toMatchObject({ errorCode: 'content_policy_violation' });
    const early = { detail: 'Request is still in progress' };
    expect(result().parse(answer(early))).toEqual({ jobId: JOB, raw: early });
    const video = { url: 'https://v3.fal.media/files/a.mp4' };
    expect(result().parse(answer({ video, detail: 'high' }))).toMatchObject({ outputs: [video] });
  });

  it('no more than a thousand files, and none that lies deep', () => {
    const videos = Array.from({ length: 1_100 }, (_, index) => ({
      url: `https://v3.fal.media/${index}.mp4`,
    }));
    let deep: unknown = { url: 'https://v3.fal.media/a.mp4' };
    for (let level = 0; level < 50; level++) deep = { deep };
    const outputsOf = (body: unknown) => (result().parse(answer(body)) as JobUpdate).outputs;
    expect(outputsOf({ videos })).toHaveLength(1_000);
    expect(outputsOf({ deep })).toBeUndefined();
    expect(outputsOf({ video: { url: 'data:video/mp4;base64,AA' } })).toBeUndefined();
  });
});

describe('the id of a job of fal', () => {
  const submitted = (links: object, path = `/${MODEL}`) =>
    backend.parseGenerate(answer({ status: 'IN_QUEUE', request_id: ID, ...links }), {
      ...{ method: 'POST', url: path },
    }).jobId;

  it('is the path of the link, whatever its origin is', () => {
    for (const origin of ['https://queue.fal.run', 'http://localhost:3001', ''])
      expect(submitted({ status_url: `${origin}${PLACE}/status` })).toBe(JOB);
  });

  it('has nothing of what a proxy has in front', () => {
    const links = { status_url: `https://app.test/api/fal${PLACE}/status`, response_url: 'nonsense' };
    expect(submitted(links)).toBe(JOB);
    expect(submitted(links, `/${MODEL}?fal_webhook=https%3A%2F%2Fx.test`)).toBe(JOB);
    const workflow = { status_url: `https://app.test/fal/workflows/acme/reel/requests/${ID}/status` };
    expect(submitted(workflow, '/workflows/acme/reel')).toBe(`workflows/acme/reel/requests/${ID}`);
  });

  it('is that of the app it leads to, which may have another name than the model', () => {
    expect(submitted({ status_url: `https://queue.fal.run/other/name/requests/${ID}/status` })).toBe(
      `other/name/requests/${ID}`,
    );
  });

  it('is made of what was asked for where the answer has no link', () => {
    expect(submitted({})).toBe(JOB);
    expect(submitted({}, '/comfy/acme/reel/sub')).toBe(`comfy/acme/reel/requests/${ID}`);
    expect(submitted({ request_id: 7 })).toBe('fal-ai/veo3.1/requests/7');
  });

  it.each([
    [`https://queue.fal.run/${MODEL}/requests/${ID}/status`],
    ['https://queue.fal.run/v2/jobs/7'],
    [`https://queue.fal.run/veo3.1/requests/${ID}`],
    [`https://queue.fal.run/fal-ai/veo3.1/requests/${ID}/logs`],
    ['https://queue.fal.run/fal-ai/veo3.1/requests/a%2Fb/status'],
    ['https://queue.fal.run/fal-ai/veo3.1/requests/'],
    [`https://app.test/api/other/app/requests/${ID}`],
    ['http://['],
  ])('is not made of %s, which is quoted without its query', (link) => {
    const path = link.startsWith('http://[') ? link : new URL(link).pathname;
    const told = () => submitted({ status_url: link === 'http://[' ? link : `${link}?token=s3cret` });
    expect(told).toThrow(
      expect.objectContaining({ name: 'InvalidResponseError', message: expect.stringContaining(path) }),
    );
    expect(told).not.toThrow(/s3cret/);
    expect(told).toThrow(expect.objectContaining({ hint: expect.stringContaining('may be paid for') }));
  });

  it('is nowhere in an answer that has neither a link nor a request', () => {
    expect(() =>
      backend.parseGenerate(answer({ detail: 'hm' }), { method: 'POST', url: `/${MODEL}` }),
    ).toThrow(/leads to no request of fal's: \{"detail":"hm"\}/);
    expect(() => backend.parseGenerate(answer({ request_id: ID }))).toThrow(ID);
  });

  it('is told whole where it is too long to be one: it is all that there is of what may be paid for', () => {
    const long = 'a'.repeat(3_000);
    expect(() => submitted({ request_id: long })).toThrow(long);
    expect(() => submitted({ status_url: `https://queue.fal.run/a/b/requests/${long}` })).toThrow(long);
  });

  it('comes with no end that only the result can tell, where the answer to the submit has that word', () => {
    const told = (body: object) => {
      const request = { method: 'POST', url: `/${MODEL}` } as const;
      return backend.parseGenerate(answer({ request_id: ID, ...body }), request);
    };
    expect(told({ status: 'COMPLETED' }).status).toBeUndefined();
    expect(told({ status: 'COMPLETED', error: 'Runner disconnected' })).toMatchObject({ status: 'failed' });
  });

  it('has at its end what webhooks call it', () => {
    expect(backend.webhookIdOf?.(JOB)).toBe(ID);
    expect(backend.webhookIdOf?.(ID)).toBe(ID);
  });
});

describe('the calls about a request', () => {
  const urls = (id: string, of = backend) => [
    of.status(id).url,
    of.sse?.url([id]),
    [of.cancel?.(id)].flat()[0]?.url,
  ];
  const wanted = [`${PLACE}/status?logs=1`, `${PLACE}/status/stream?logs=1`, `${PLACE}/cancel`];

  it('are at its own place, without the path of the model, and cancel by PUT', () => {
    expect(urls(JOB)).toEqual(wanted);
    expect(urls(JOB, fal() as typeof backend)).toEqual(wanted);
    expect(backend.cancel?.(JOB)).toEqual({ method: 'PUT', url: `${PLACE}/cancel` });
    expect(result().next).toEqual({ method: 'GET', url: PLACE });
    expect(backend.baseUrl).toBe('https://queue.fal.run');
  });

  it('go by the bare id of a request, too, where the model is known', () => {
    expect(urls(ID)).toEqual(wanted);
    expect(backend.status('a b').url).toBe('/fal-ai/veo3.1/requests/a%20b/status?logs=1');
    expect(fal({ model: 'workflows/acme/reel/x' }).status('a').url).toContain(
      '/workflows/acme/reel/requests/a/',
    );
  });

  it.each([
    ID,
    'x',
    'a/b',
    'fal-ai/veo3.1',
    `${MODEL}/requests/${ID}`,
    `/${JOB}`,
    `https://queue.fal.run/${JOB}`,
  ])('are not made for %s, which is no id, and the hint says what is', (id) => {
    expect(() => fal().status(id)).toThrow(
      expect.objectContaining({
        ...{ name: 'InputError', field: 'jobId', hint: expect.stringContaining('owner/app/requests/ID') },
      }),
    );
  });

  it('encode what stands in an id', () => {
    expect(backend.status('a?b/c#d/requests/e f').url).toBe('/a%3Fb/c%23d/requests/e%20f/status?logs=1');
    expect(() => backend.status('a/../requests/b')).toThrow(expect.objectContaining({ field: 'jobId' }));
  });

  it('can be tried for a request that nobody has, without a model', () => {
    expect(fal().status('00000000-0000-0000-0000-000000000000').url).toMatch(/\/requests\/0{8}-/);
  });
});

describe('an event of a request’s own stream', () => {
  const said = (data: unknown, jobId: string | undefined = JOB) =>
    backend.sse?.parse(typeof data === 'string' ? data : JSON.stringify(data), { event: 'message', jobId });

  it('tells what a status call does, and its last line', () => {
    const logs = [{ message: 'Loading' }, { message: 'Sampling 3/50\n' }];
    expect(said({ status: 'IN_PROGRESS', request_id: ID, logs })).toMatchObject({
      type: 'update',
      update: { jobId: JOB, status: 'processing', message: 'Sampling 3/50' },
    });
    expect(said({ status: 'IN_QUEUE', request_id: ID, queue_position: 7 })).toMatchObject({
      update: { status: 'queued', queuePosition: 7 },
    });
  });

  it('has the result asked for where the request has ended, which may be a failure', () => {
    expect(said({ status: 'COMPLETED', request_id: ID, logs: [] })).toEqual({ type: 'ask', jobId: JOB });
    expect(said({ status: 'COMPLETED', error: 'Runner disconnected' })).toMatchObject({
      type: 'update',
      update: { jobId: JOB, status: 'failed', error: 'Runner disconnected' },
    });
  });

  it('is of the job that the stream is of, or of the one that it names', () => {
    expect(said({ status: 'IN_QUEUE', request_id: 'other' })).toMatchObject({ update: { jobId: 'other' } });
    expect(said({ status: 'COMPLETED', request_id: 'other' })).toEqual({ type: 'ask', jobId: 'other' });
    expect(backend.sse?.parse(JSON.stringify({ status: 'IN_QUEUE', request_id: ID }))).toMatchObject({
      update: { jobId: ID },
    });
  });

  it.each(['', '{', '[]', 'null', '{}', '{"detail":"no"}', '{"status":{}}'])(
    'that is %j is a problem',
    (data) => {
      expect(said(data)).toMatchObject({ type: 'problem', jobId: JOB });
    },
  );
});

describe('a submit', () => {
  const sent = (given: FalRequest, options: FalOptions = {}) =>
    fal({ ...options, model: MODEL }).generate(given);
  const input = { prompt: 'A boat', duration: '8s' };

  it('posts the input itself to the path of the model, and adds nothing', async () => {
    expect(await sent({ input })).toEqual({
      method: 'POST',
      url: `/${MODEL}`,
      headers: undefined,
      body: { type: 'json', value: input },
    });
    for (const model of [
      'minimax/h3/text-to-video',
      'workflows/acme/reel',
      'luma/agent/ray/v3.2/text-to-video',
    ])
      expect((await sent({ model, input })).url).toBe(`/${model}`);
  });

  it('leaves a duration as it is, which is a text, a number or digits as the model has it', async () => {
    for (const duration of ['8s', 8, '8'])
      expect((await sent({ input: { duration } })).body).toMatchObject({ value: { duration } });
  });

  it('needs a model, which the types say as well', async () => {
    const without = fal();
    expectTypeOf(without.generate).parameter(0).toHaveProperty('model').toEqualTypeOf<string>();
    expectTypeOf(backend.generate).parameter(0).toEqualTypeOf<FalRequest>();
    await expect(without.generate({ input } as never)).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'model' },
    });
  });

  it('reports to a webhook only where it was asked to, in the query, encoded', async () => {
    const hook = 'https://app.example.com/hook?a=1&b=2';
    const query = `?fal_webhook=${encodeURIComponent(hook)}`;
    expect((await sent({ input }, { webhookUrl: hook })).url).toBe(`/${MODEL}${query}`);
    expect((await sent({ input, webhookUrl: hook }, { webhookUrl: 'https://x.test' })).url).toBe(
      `/${MODEL}${query}`,
    );
    expect((await sent({ input }, { webhookUrl: () => hook })).url).toBe(`/${MODEL}${query}`);
  });

  it('has a priority only where it was given one', async () => {
    for (const priority of ['low', 'normal'] as const)
      expect((await sent({ input }, { priority })).headers).toEqual({ 'x-fal-queue-priority': priority });
  });

  it('sends files anywhere in the input as data URLs', async () => {
    const image_url = new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' });
    const { body } = await sent({ input: { image_url, keyframes: [{ url: image_url }] } });
    const url = 'data:image/png;base64,AQID';
    expect(body).toEqual({ type: 'json', value: { image_url: url, keyframes: [{ url }] } });
  });

  it('refuses files of more than 10 MiB together, by their path', async () => {
    const half = new Uint8Array(4 * 1_048_576);
    await sent({ input: { image_url: half } });
    await expect(sent({ input: { image_url: half, end_image_url: half } })).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'input.end_image_url' },
    });
  });

  it.each([
    [{ input: 'A boat' }, 'input'],
    [{ input: new Uint8Array(1) }, 'input'],
    [{}, 'input'],
    [{ input: {}, model: 'veo3.1' }, 'model'],
    [{ input: {}, model: '/fal-ai/veo3.1' }, 'model'],
    [{ input: {}, model: 'fal-ai/veo3.1/' }, 'model'],
    [{ input: {}, model: 'fal-ai/../admin' }, 'model'],
    [{ input: {}, model: 'fal-ai/veo 3' }, 'model'],
    [{ input: {}, model: 'fal-ai/veo3.1?fal_webhook=x' }, 'model'],
    [{ input: {}, model: `fal-ai/veo3.1/requests/${ID}` }, 'model'],
    [{ input: {}, model: 'https://fal.run/fal-ai/veo3.1' }, 'model'],
    [{ input: {}, webhookUrl: 'app.example.com' }, 'webhookUrl'],
    [{ input: {}, webhook: 'https://app.example.com' }, 'webhook'],
    [{ input: {}, priority: 'low' }, 'priority'],
    [{ prompt: 'A boat' }, 'prompt'],
  ])('refuses %j before anything is sent', async (given, field) => {
    await expect(backend.generate(given as never)).rejects.toMatchObject({ name: 'InputError', field });
  });

  it.each([
    [{ model: 'veo' }, 'model'],
    [{ webhookUrl: 'ftp://host.test' }, 'webhookUrl'],
    [{ priority: 'high' }, 'priority'],
    [{ credentials: 'id:secret' }, 'credentials'],
  ])('is not possible with the option %j', (options, option) => {
    expect(() => fal(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });

  it('has its key as fal has it, and no idempotency key, which is nothing to fal', () => {
    expect(backend.credential).toEqual({ header: 'authorization', scheme: 'Key' });
    expect(backend.idempotency).toBe('none');
  });
});

describe('a download', () => {
  const jobOf = (name: string) => {
    const update = result().parse(answer(fixture('fal', name).body)) as JobUpdate;
    return applyUpdate(undefined, update, 'polling', 0) as CompletedJob;
  };
  const urlOf = (name: string, output?: number) =>
    backend.download({ id: JOB, snapshot: jobOf(name) }, 'video', output);

  it('is of the file that the result names, each by its number', () => {
    expect(urlOf('result-videos')).toEqual({
      method: 'GET',
      url: 'https://v3.fal.media/files/zebra/boat.mp4',
    });
    expect(urlOf('result-videos', 1)).toEqual({
      method: 'GET',
      url: 'https://v3b.fal.media/files/zebra/two.mp4',
    });
  });

  it('waits for a result that has one', () => {
    expect(backend.download({ id: JOB }, 'video', 0)).toBeUndefined();
    expect(urlOf('result-without-video')).toBeUndefined();
  });

  it('has no variants', () => {
    expect(() => backend.download({ id: JOB }, 'reels' as never, 0)).toThrow('there is no variant "reels"');
  });
});

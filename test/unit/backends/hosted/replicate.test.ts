import { describe, expect, expectTypeOf, it } from 'vitest';
import { type ReplicatePrediction, replicate } from '../../../../src/backends/hosted/replicate.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { CompletedJob, JobUpdate } from '../../../../src/core/model.js';
import { answer, fixture, fixtures, plain, statusOf } from '../fixtures.js';

const MODEL = 'google/veo-3.1';
const VERSION = '9f3c'.repeat(16);
const backend = replicate({ model: MODEL });
const { list, account } = backend.operations ?? {};

async function bodyOf(given: ReplicatePrediction, options = {}): Promise<unknown> {
  const { body } = await replicate({ model: MODEL, ...options }).generate(given);
  return body?.type === 'json' ? body.value : undefined;
}

/** The job that a recorded status answer makes. */
function jobOf(name: string): CompletedJob {
  const update = statusOf(backend, answer(fixture('replicate', name).body), ID);
  return applyUpdate(undefined, update, 'polling', 0) as CompletedJob;
}
const ID = (fixture('replicate', 'generate').expect as JobUpdate).jobId;

describe('replicate understands', () => {
  it.each(fixtures('replicate', 'list'))('a page of the list: $name', ({ body, expect: wanted }) => {
    expect(plain(list?.parse(answer(body)))).toEqual(wanted);
  });

  it('the account', () => {
    const { body, expect: wanted } = fixture('replicate', 'account');
    expect(account?.parse(answer(body))).toEqual(wanted);
  });

  it('each word for a status in any case, and no other', () => {
    const words = ['Starting', 'PROCESSING', 'succeeded', 'failed', 'canceled', 'aborted', 'warming'];
    const statuses = words.map((status) => statusOf(backend, answer({ id: ID, status }), ID).status);
    expect(statuses).toEqual(['queued', 'processing', 'completed', 'failed', 'failed', 'failed', undefined]);
  });

  it('errors that are no object', () => {
    expect(plain(backend.parseError?.(['what']))).toEqual({ details: ['what'] });
    expect(plain(backend.parseError?.(null))).toEqual({});
  });

  it('neither a list nor an account where there is none', () => {
    expect(() => list?.parse(answer([]))).toThrow('the list of predictions holds no results');
    expect(() => account?.parse(answer({ detail: 'no' }))).toThrow('the account has no username');
    expect(list?.parse(answer({ results: [null, { status: 'starting' }] }))).toEqual({ jobs: [] });
  });

  it('no time of removal that no date can be', () => {
    const last = '+275760-09-13T00:00:00Z';
    const update = statusOf(backend, answer({ id: ID, status: 'succeeded', completed_at: last }), ID);
    expect(update.expiresAt).toBeUndefined();
  });

  it('no more than a thousand files, and none that lies deep', () => {
    const many = Array.from({ length: 1_100 }, (_, index) => `https://replicate.delivery/${index}.mp4`);
    let deep: unknown = 'https://replicate.delivery/a.mp4';
    for (let level = 0; level < 50; level++) deep = { deep };
    const outputsOf = (output: unknown) =>
      statusOf(backend, answer({ id: ID, status: 'succeeded', output }), ID).outputs;
    expect(outputsOf(many)).toHaveLength(1_000);
    expect(outputsOf(deep)).toBeUndefined();
  });
});

describe('a submit', () => {
  it('posts the model as a version, which runs official models and all others', async () => {
    for (const model of [MODEL, `someone/film:${VERSION}`, VERSION]) {
      expect(await backend.generate({ model, input: { prompt: 'A boat' } })).toEqual({
        method: 'POST',
        url: '/predictions',
        body: { type: 'json', value: { version: model, input: { prompt: 'A boat' } } },
      });
    }
    expect(await bodyOf({ input: {} })).toEqual({ version: MODEL, input: {} });
  });

  it('needs a model, which the types say as well', async () => {
    const withoutModel = replicate();
    expectTypeOf(withoutModel.generate).parameter(0).toHaveProperty('model').toEqualTypeOf<string>();
    expectTypeOf(backend.generate).parameter(0).toEqualTypeOf<ReplicatePrediction>();
    await expect(withoutModel.generate({ input: {} } as never)).rejects.toMatchObject({
      name: 'InputError',
      field: 'model',
    });
    const { body } = await withoutModel.generate({ input: {}, extra: { version: MODEL } } as never);
    expect(body).toMatchObject({ value: { version: MODEL } });
  });

  it('reports to a webhook only where it was asked to', async () => {
    const webhook = 'https://app.example.com/hook';
    expect(await bodyOf({ input: {} }, { webhook, webhookEventsFilter: ['completed'] })).toEqual({
      version: MODEL,
      input: {},
      webhook,
      webhook_events_filter: ['completed'],
    });
    const own = { webhook: `${webhook}/2`, webhook_events_filter: ['start', 'logs', 'output'] as const };
    expect(await bodyOf({ input: {}, ...own }, { webhook })).toMatchObject(own);
    expect(await bodyOf({ input: {} }, { webhook: () => `${webhook}/3` })).toMatchObject({
      webhook: `${webhook}/3`,
    });
  });

  it('sends files anywhere in the input as data URLs', async () => {
    const image = new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' });
    const input = { image, nested: { reference_images: [image, 'https://host.test/a.png'] } };
    expect(await bodyOf({ input, extra: { mask: new Uint8Array([0xff, 0xd8, 0xff]) } })).toEqual({
      version: MODEL,
      input: {
        image: 'data:image/png;base64,AQID',
        nested: { reference_images: ['data:image/png;base64,AQID', 'https://host.test/a.png'] },
      },
      mask: 'data:image/jpeg;base64,/9j/',
    });
  });

  it('refuses files of more than 10 MiB together, by their path', async () => {
    const half = new Uint8Array(4 * 1_048_576);
    await bodyOf({ input: { image: half } });
    await expect(bodyOf({ input: { image: half, last_frame: half } })).rejects.toMatchObject({
      name: 'InputError',
      field: 'input.last_frame',
    });
  });

  it('takes fields that are not ours last', async () => {
    expect(await bodyOf({ input: {}, extra: { stream: true, version: VERSION } })).toEqual({
      version: VERSION,
      input: {},
      stream: true,
    });
  });

  it.each([
    [{ input: 'A boat' }, 'input'],
    [{ input: new Uint8Array(1) }, 'input'],
    [{}, 'input'],
    [{ input: {}, model: 'veo-3.1' }, 'model'],
    [{ input: {}, model: 'google/veo 3' }, 'model'],
    [{ input: {}, model: 'https://replicate.com/google/veo-3.1' }, 'model'],
    [{ input: {}, webhook: 'app.example.com' }, 'webhook'],
    [{ input: {}, webhook_events_filter: ['end'] }, 'webhook_events_filter'],
    [{ input: {}, webhook_events_filter: 'start' }, 'webhook_events_filter'],
    [{ input: {}, webhookEventsFilter: ['start'] }, 'webhookEventsFilter'],
    [{ input: {}, extra: 1 }, 'extra'],
  ])('refuses %j before anything is sent', async (given, field) => {
    await expect(backend.generate(given as never)).rejects.toMatchObject({ name: 'InputError', field });
  });

  it.each([
    [{ model: 'veo' }, 'model'],
    [{ webhook: 'ftp://host.test' }, 'webhook'],
    [{ webhookEventsFilter: ['end'] }, 'webhookEventsFilter'],
    [{ token: 'r8_x' }, 'token'],
  ])('is not possible with the option %j', (options, option) => {
    expect(() => replicate(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });
});

describe('the calls about a prediction', () => {
  it('are by its id below the base URL of the official client', () => {
    expect(backend.baseUrl).toBe('https://api.replicate.com/v1');
    expect(backend.status('a/b')).toEqual({ method: 'GET', url: '/predictions/a%2Fb' });
    expect(backend.cancel?.('a/b')).toEqual({ method: 'POST', url: '/predictions/a%2Fb/cancel' });
    expect(() => backend.status('..')).toThrow(expect.objectContaining({ field: 'jobId' }));
    expect(account?.request(undefined)).toEqual({ method: 'GET', url: '/account' });
  });

  it('list by time, or by the next of a page', () => {
    const urlOf = (given?: object) => list?.request(given as never).url;
    expect(urlOf()).toBe('/predictions');
    const since = '/predictions?created_after=2026-11-26T12%3A00%3A00.000Z';
    expect(urlOf({ created_after: new Date('2026-11-26T12:00:00Z') })).toBe(since);
    expect(urlOf({ created_after: '2026-11-26T13:00:00+01:00' })).toBe(since);
    const { next } = list?.parse(answer(fixture('replicate', 'list').body)) ?? {};
    expect(urlOf({ cursor: next })).toBe(
      '/predictions?cursor=cD0yMDI2LTExLTI2&created_after=2026-11-26T00%3A00%3A00Z',
    );
  });

  it.each([
    [{ created_after: 'yesterday' }, 'created_after'],
    [{ created_after: 1_764_158_400 }, 'created_after'],
    [{ cursor: 'a#b' }, 'cursor'],
    [{ limit: 5 }, 'limit'],
  ])('list nothing by %j', (given, field) => {
    expect(() => list?.request(given as never)).toThrow(
      expect.objectContaining({ name: 'InputError', field }),
    );
  });
});

describe('a download', () => {
  it('is of the file that the completed prediction names, each by its number', () => {
    const snapshot = jobOf('status-succeeded-list');
    const urlOf = (output?: number) => backend.download({ id: ID, snapshot }, 'video', output);
    expect(urlOf()).toEqual({ method: 'GET', url: 'https://replicate.delivery/czjl/Q7f3/one.mp4' });
    expect(urlOf(1)).toEqual({ method: 'GET', url: 'https://replicate.delivery/czjl/Q7f3/two.mp4' });
  });

  it('waits for a prediction that has ended with one', () => {
    expect(backend.download({ id: ID }, 'video', 0)).toBeUndefined();
    expect(backend.download({ id: ID, snapshot: jobOf('status-processing') }, 'video', 0)).toBeUndefined();
    const text = jobOf('status-succeeded-text');
    expect(backend.download({ id: ID, snapshot: text }, 'video', 0)).toBeUndefined();
  });

  it('has the place that a webhook or another reader gave', () => {
    const snapshot = { ...jobOf('status-succeeded-text'), videoUrl: 'https://replicate.delivery/x.mp4' };
    expect(backend.download({ id: ID, snapshot }, 'video', 0)).toMatchObject({ url: snapshot.videoUrl });
    expect(backend.download({ id: ID, snapshot }, 'video', 1)).toBeUndefined();
  });

  it('has no variants', () => {
    expect(() => backend.download({ id: ID }, 'reels' as never, 0)).toThrow('there is no variant "reels"');
  });
});

it('an idempotency key is nothing to Replicate', () => {
  expect(backend.idempotency).toBe('none');
});

import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, mockMedia } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { get, golden, post } from './support.js';

const CREATE = '/v1/videos';

/** The golden object with what changes from run to run taken from the real one. */
function expected(name: string, actual: Record<string, unknown>): Record<string, unknown> {
  const body = golden(`openai-videos/${name}`);
  const varying = ['id', 'created_at', 'completed_at', 'expires_at', 'remixed_from_video_id'];
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => {
      if (!varying.includes(key)) return [key, value];
      expect(typeof actual[key]).toBe(typeof value);
      return [key, actual[key]];
    }),
  );
}

async function create(server: MockServer, input: object = {}): Promise<string> {
  return String((await post(server, CREATE, { prompt: 'A cat', ...input })).body.id);
}

describe('openAIVideos of the mock server', () => {
  it('creates a video of JSON or of a form with a picture', async () => {
    await using server = await createMockServer({ manual: true });
    const { body, headers } = await post(server, CREATE, { prompt: 'A cat' });
    expect(body).toMatchObject(expected('create', body));
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    const form = new FormData();
    for (const [name, value] of Object.entries({ model: 'sora-2-pro', prompt: 'A dog', seconds: '8' }))
      form.set(name, value);
    form.set('input_reference', new Blob([Uint8Array.of(137)], { type: 'image/png' }), 'in.png');
    const response = await fetch(server.url + CREATE, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ model: 'sora-2-pro', seconds: '8', status: 'queued' });
    expect(server.requests[1]?.files).toMatchObject([{ name: 'input_reference', filename: 'in.png' }]);
  });

  it('tells every status in its own words', async () => {
    await using server = await createMockServer({ manual: true });
    const id = await create(server);
    const job = server.jobs.get(id);
    const status = async () => (await get(server, `${CREATE}/${id}`)).body;
    expect(await status()).toMatchObject(expected('status-queued', await status()));
    job?.advance({ status: 'processing', progress: 33 });
    expect(await status()).toMatchObject(expected('status-in-progress', await status()));
    job?.complete();
    const completed = await status();
    expect(completed).toMatchObject(expected('status-completed', completed));
    expect(Number(completed.expires_at)).toBeGreaterThan(Number(completed.completed_at));
    const other = server.jobs.get(await create(server));
    other?.advance({ status: 'processing', progress: 50 });
    other?.fail('Your request was blocked by our moderation system.', 'moderation_blocked');
    const failed = (await get(server, `${CREATE}/${other?.id}`)).body;
    expect(failed).toMatchObject(expected('status-failed', failed));
  });

  it('serves the video, a thumbnail and a spritesheet', async () => {
    await using server = await createMockServer({ manual: true });
    const id = await create(server);
    const path = `${CREATE}/${id}/content`;
    expect((await get(server, path)).status).toBe(404);
    server.jobs.get(id)?.complete();
    const file = async (variant: string) => {
      const response = await fetch(`${server.url}${path}?variant=${variant}`);
      return [response.headers.get('content-type'), new Uint8Array(await response.arrayBuffer())];
    };
    expect(await file('video')).toEqual(['video/mp4', mockMedia()]);
    expect(await file('thumbnail')).toEqual(['image/webp', mockMedia('thumbnail')]);
    expect(await file('spritesheet')).toEqual(['image/jpeg', mockMedia('spritesheet')]);
    expect((await get(server, `${path}?variant=hologram`)).status).toBe(400);
  });

  it('lets the content expire', async () => {
    await using server = await createMockServer({ manual: true, urlLifetimeMs: 50 });
    const id = await create(server);
    server.jobs.get(id)?.complete();
    await until(async () => (await fetch(`${server.url}${CREATE}/${id}/content`)).status === 410);
  });

  it('lists in pages, newest first', async () => {
    await using server = await createMockServer({ manual: true });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift(await create(server));
    server.jobs.create({ dialect: 'vidBuilder' });
    const first = (await get(server, `${CREATE}?limit=2`)).body;
    expect(Object.keys(first).sort()).toEqual(Object.keys(golden('openai-videos/list')).sort());
    expect(first).toMatchObject({ object: 'list', first_id: ids[0], last_id: ids[1], has_more: true });
    const second = (await get(server, `${CREATE}?limit=2&after=${first.last_id}`)).body;
    expect(second).toMatchObject({ data: [{ id: ids[2] }], has_more: false });
    const ascending = (await get(server, `${CREATE}?order=asc`)).body;
    expect((ascending.data as { id: string }[]).map(({ id }) => id)).toEqual(ids.toReversed());
    expect((await get(server, `${CREATE}?limit=1000`)).status).toBe(400);
  });

  it('deletes', async () => {
    await using server = await createMockServer({ manual: true });
    const id = await create(server);
    const response = await fetch(`${server.url}${CREATE}/${id}`, { method: 'DELETE' });
    expect(await response.json()).toEqual({ ...golden('openai-videos/delete'), id });
    expect((await get(server, `${CREATE}/${id}`)).status).toBe(404);
  });

  it('remixes a completed video into a new job', async () => {
    await using server = await createMockServer({ manual: true });
    const id = await create(server, { size: '1280x720' });
    const path = `${CREATE}/${id}/remix`;
    expect((await post(server, path, { prompt: 'Bluer' })).status).toBe(400);
    server.jobs.get(id)?.complete();
    const { body } = await post(server, path, { prompt: 'Bluer' });
    expect(body).toMatchObject({ ...expected('remix', body), remixed_from_video_id: id, size: '1280x720' });
    expect(body.id).not.toBe(id);
  });

  it('has an error shape of its own', async () => {
    await using server = await createMockServer({ auth: { type: 'bearer', token: 'sk' } });
    const authorization = 'Bearer sk';
    const answers = [
      await get(server, `${CREATE}/x`),
      await get(server, `${CREATE}/x`, { authorization }),
      await post(server, CREATE, {}, { authorization }),
      await post(server, CREATE, { prompt: 'x', seconds: 99 }, { authorization }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 400, 400]);
    for (const { body, headers } of answers) {
      expect(Object.keys(body.error as object)).toEqual(['message', 'type', 'param', 'code']);
      expect(headers.get('x-request-id')).toMatch(/^req_/);
    }
  });

  it('has that shape for routes and methods that it has not, too', async () => {
    await using server = await createMockServer({ manual: true });
    const id = await create(server);
    const told = [await get(server, '/v1/video'), await post(server, `${CREATE}/edits`, { prompt: 'x' })];
    expect(told.map(({ status }) => status)).toEqual([404, 405]);
    told.push(await post(server, `${CREATE}/${id}`, {}));
    for (const { body } of told)
      expect(Object.keys(body.error as object)).toEqual(['message', 'type', 'param', 'code']);
  });

  it.each([
    ['multipart', [400, 200]],
    ['json', [200, 400]],
  ] as const)('takes %s alone where so told', async (encoding, [json, multipart]) => {
    await using server = await createMockServer({ openAI: { encoding } });
    const sent = await post(server, CREATE, { prompt: 'x' });
    expect(sent.status).toBe(json);
    const form = new FormData();
    form.set('prompt', 'x');
    const answer = await fetch(server.url + CREATE, { method: 'POST', body: form });
    expect(answer.status).toBe(multipart);
    const refused = json === 400 ? sent.body : await answer.json();
    expect(refused).toMatchObject({ detail: [{ loc: ['body', 'prompt'], msg: 'Field required' }] });
    expect(server.jobs.size).toBe(1);
  });
});

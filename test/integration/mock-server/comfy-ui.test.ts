import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';
import { call, run, startServer } from './comfy-ui-support.js';

describe('a submit', () => {
  it.each<[string, unknown, number, string | undefined]>([
    ['is no JSON object', [], 500, undefined],
    ['has no prompt', {}, 400, 'no_prompt'],
    ['has an id that is none', { prompt: workflow(), prompt_id: 'x' }, 400, 'invalid_prompt_id'],
    [
      'has an id in capitals',
      { prompt: workflow(), prompt_id: crypto.randomUUID().toUpperCase() },
      400,
      'invalid_prompt_id',
    ],
    ['has a node without a class', { prompt: { 1: { inputs: {} } } }, 400, 'missing_node_type'],
  ])('is refused that %s', async (_, body, status, type) => {
    const answer = await call(await startServer(), '/prompt', body);
    expect(answer.status).toBe(status);
    expect(answer.body?.error?.type).toBe(type);
  });

  it('has the id that it wanted, and the next number; one to the front a number before all', async () => {
    const server = await startServer({ manual: true });
    const id = crypto.randomUUID();
    expect((await call(server, '/api/prompt', { prompt: workflow(), prompt_id: id })).body).toEqual({
      ...{ prompt_id: id, number: 0, node_errors: {} },
    });
    expect((await call(server, '/prompt', { prompt: workflow(), front: true })).body.number).toBe(-1);
    expect((await call(server, '/prompt', { prompt: workflow(), number: 7.5 })).body.number).toBe(7.5);
  });

  it('waits until those before it have run: one runs at a time', async () => {
    const server = await startServer({ durationMs: 100 });
    const ids = await Promise.all([1, 2, 3].map((seed) => run(server, undefined, workflow(seed))));
    let most = 0;
    await until(async () => {
      const { body } = await call(server, '/queue');
      most = Math.max(most, body.queue_running.length);
      return body.queue_running.length + body.queue_pending.length === 0;
    }, 'all have run');
    expect(most).toBe(1);
    expect(Object.keys((await call(server, '/history')).body).sort()).toEqual([...ids].sort());
  });
});

it('it turns away who is not of its own origin, on any route, a socket too', async () => {
  const server = await startServer();
  const { port } = server;
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const sent = request({ port, path: '/comfyui/prompt', headers }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode as number;
  };
  const host = `127.0.0.1:${port}`;
  expect(await ask({ host })).toBe(200);
  expect(await ask({ host, origin: `http://${host}` })).toBe(200);
  expect(await ask({ host, origin: 'http://127.0.0.1:5173' })).toBe(403);
  expect(await ask({ host, origin: 'http://localhost' })).toBe(403);
  expect(await ask({ host, origin: 'http://127.0.0.1' })).toBe(200);
  expect(await ask({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await ask({ host: 'studio', origin: `http://${host}` })).toBe(200);
  const socket = new WebSocket(`ws://${host}/comfyui/ws`, { origin: 'http://127.0.0.1:5173' });
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('403');
});

it('a server of before the jobs API has neither that, nor ids of clients, and interrupts whatever runs', async () => {
  const server = await startServer({ manual: true, comfyUI: { version: '0.3' } });
  const prompt_id = crypto.randomUUID();
  const { body } = await call(server, '/prompt', { prompt: workflow(), prompt_id });
  expect(body.prompt_id).not.toBe(prompt_id);
  expect(await call(server, `/api/jobs/${body.prompt_id}`)).toMatchObject({
    status: 404,
    body: '404: Not Found',
  });
  expect((await call(server, `/api/jobs/${body.prompt_id}/cancel`, {})).status).toBe(405);
  server.jobs.get(body.prompt_id)?.advance({ status: 'processing', progress: 20 });
  expect(await call(server, '/interrupt', { prompt_id })).toMatchObject({ status: 200, body: '' });
  expect(server.jobs.get(body.prompt_id)?.word).toBe('cancelled');
});

it('a file is shown by its name, its folder and its kind, in parts too, and is called by its name alone', async () => {
  const server = await startServer();
  const id = await run(server, undefined);
  await until(
    async () => (await call(server, `/api/jobs/${id}`)).body.status === 'completed',
    'it has ended',
  );
  const { outputs } = (await call(server, `/api/jobs/${id}`)).body;
  const { filename = '', subfolder = '', type = '' } = outputs['10']?.images[0] ?? {};
  const query = new URLSearchParams({ filename, subfolder, type });
  const part = await call(server, `/view?${query}`, undefined, { range: 'bytes=0-3' });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-disposition')).toBe(`filename="${filename}"`);
  expect((await call(server, `/view?filename=${filename}`)).status).toBe(404);
  expect((await call(server, '/view?filename=../x.mp4')).status).toBe(400);
  expect((await call(server, '/view')).status).toBe(404);
  expect((await call(server, `/view?filename=${filename}&type=root`)).status).toBe(400);
});

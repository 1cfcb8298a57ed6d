import { Client } from '@stable-canvas/comfyui-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';

async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ durationMs: 200, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** What others wrote for ComfyUI; there is no official client that takes the URL of a server. */
async function connect(server: MockServer): Promise<Client> {
  const { host, pathname } = new URL(server.urlOf('comfyui'));
  /** It has its socket at the root, whatever the base is. */
  class Mounted extends WebSocket {
    constructor(url: string) {
      super(url.replace('/ws?', `${pathname}/ws?`));
    }
  }
  const client = new Client({
    ...{ api_host: host, api_base: pathname, clientId: 'canvas' },
    ...{ WebSocket: Mounted, fetch },
  });
  onTestFinished(() => client.close());
  client.connect();
  await until(() => server.streams.open.length === 1, 'it has a socket');
  return client;
}

/** The video that a node tells of, wherever it does. */
const resolver = (found: { data?: unknown }, output: Record<string, unknown>) => ({
  ...found,
  data: [found.data ?? [], ...Object.values(output)].flat(),
});

describe('a client of others cannot tell the mock server from ComfyUI', () => {
  it('when it submits, follows by its socket and has the outputs', async () => {
    const server = await startServer();
    const client = await connect(server);
    const told: number[] = [];
    const { prompt_id, data } = await client.enqueue(workflow() as never, {
      disable_random_seed: true,
      progress: ({ value, max }) => told.push(value / max),
      resolver: resolver as never,
    });
    expect(prompt_id).toBe(server.jobs.last?.id);
    expect(data).toContainEqual(expect.objectContaining({ filename: expect.stringMatching(/\.mp4$/) }));
    expect(told.at(-1)).toBe(1);
  });

  it('when it submits, polls the history and reads queue and results', async () => {
    const server = await startServer();
    const client = await connect(server);
    const { prompt_id } = await client._enqueue_prompt(workflow(2) as never);
    expect(await client.getPromptStatus(prompt_id)).toMatchObject({ done: false });
    await client.waitForPrompt(prompt_id, 20, 10_000);
    expect(await client.getPromptStatus(prompt_id)).toEqual({ running: false, pending: false, done: true });
    expect(Object.values(await client.getPromptOutputs(prompt_id))[0]).toHaveProperty('images');
    expect(await client.getQueue()).toEqual({ Running: [], Pending: [] });
  });

  it('when its workflow is wrong', async () => {
    const client = await connect(await startServer());
    const wrong = { ...workflow(), '9': { class_type: 'CreateVideo', inputs: {} } };
    await expect(client._enqueue_prompt(wrong as never)).rejects.toThrow(/400 Bad Request/);
  });

  it('when it interrupts', async () => {
    const server = await startServer({ durationMs: 60_000 });
    const client = await connect(server);
    const { prompt_id } = await client._enqueue_prompt(workflow() as never);
    server.jobs.get(prompt_id)?.advance({ status: 'processing', progress: 20 });
    await client.interrupt(prompt_id);
    expect(server.jobs.get(prompt_id)).toMatchObject({ status: 'failed', word: 'cancelled' });
  });
});

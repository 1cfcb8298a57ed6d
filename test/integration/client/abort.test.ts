import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { errorOf } from '../../support/rejection.js';
import { countedSignal, json } from '../http/support.js';
import { connect, input, startServer } from './support.js';
import { gate, startVideos } from './videos.js';

const prompt = { prompt: 'a cat' };

async function readAll(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}

describe('a signal that is aborted already', () => {
  it('has nothing sent, by any method', async () => {
    const server = await startServer();
    const signal = AbortSignal.abort('no');
    const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
    const calls: (() => Promise<unknown>)[] = [
      () => client.generate(prompt, { signal }),
      () => client.generate(prompt, { signal, onAbort: 'cancel' }),
      () => client.generate(prompt, { signal, onAbort: 'cancel', idempotencyKey: 'key-1' }),
      () => client.backend.remix({ jobId: 'v1', prompt: 'a dog' }, { signal, onAbort: 'cancel' }),
      () => client.backend.list({}, { signal }),
      () => client.backend.delete('v1', { signal }),
      () => client.status('v1', { signal }),
      () => client.poll('v1', { signal, onUpdate: () => {} }),
      () => client.download('v1', { signal }),
      () => client.cancel('v1', { signal }),
      () => client.subscribe('v1', { signal }).completed(),
      () => client.subscribe('v1').completed({ signal }),
      () => client.subscribe('v1').cancel({ signal }),
      () => client.subscribe('v1').download({ signal }),
      () => client.generateMany([prompt], { signal }).next(),
      () => client.diagnose({ signal }),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toBe('no');
    expect(server.requests).toHaveLength(0);
  });
});

describe("onAbort: 'cancel'", () => {
  it('sends nothing where the signal aborts while the input is encoded', async () => {
    const server = await startVideos();
    const controller = new AbortController();
    const encoding = gate();
    const own = openAIVideos({ model: 'm' });
    const client = server.connect({
      backend: {
        ...own,
        generate: async (given) => {
          await encoding.promise;
          return own.generate(given);
        },
      },
    });
    const generating = client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    controller.abort('enough');
    await expect(generating).rejects.toBe('enough');
    encoding.open();
    await client.close();
    expect(server.seen).toHaveLength(0);
  });

  it('sends nothing where the signal aborts while the token is asked for', async () => {
    const server = await startVideos();
    const controller = new AbortController();
    const client = server.connect({
      auth: { type: 'bearer', token: () => new Promise<string>(() => {}) },
    });
    const generating = client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    setTimeout(() => controller.abort('enough'));
    await expect(generating).rejects.toBe('enough');
    await client.close();
    expect(server.seen).toHaveLength(0);
  });

  it('cancels the job that the answer names after the abort, of a further submit of the backend too', async () => {
    const answer = gate();
    const server = await startVideos({
      submit: async (response) => {
        await answer.promise;
        json(response, 200, { id: 'v1', status: 'queued' });
      },
    });
    const client = server.connect();
    const controller = new AbortController();
    const options = { signal: controller.signal, onAbort: 'cancel' } as const;
    const works = [
      client.generate(prompt, options),
      client.backend.remix({ jobId: 'v0', prompt: 'a dog' }, options),
    ];
    await expect.poll(() => server.seen.length).toBe(2);
    controller.abort('enough');
    for (const work of works) await expect(work).rejects.toBe('enough');
    answer.open();
    await expect.poll(() => server.methods().filter((method) => method === 'DELETE').length).toBe(2);
  });

  it('cancels where the signal aborts between the answer and its return', async () => {
    const server = await startVideos();
    const controller = new AbortController();
    const own = openAIVideos({ model: 'm' });
    const client = server.connect({
      backend: {
        ...own,
        parseGenerate: (response) => {
          controller.abort('enough');
          return own.parseGenerate(response);
        },
      },
    });
    const options = { signal: controller.signal, onAbort: 'cancel' } as const;
    await expect(client.generate(prompt, options)).rejects.toBe('enough');
    await expect.poll(() => server.methods()).toContain('DELETE');
  });

  it('tries again where the status route has not heard of the job yet, and where the cancel meets a 503', async () => {
    const server = await startVideos({
      status: (response, index) => json(response, index === 0 ? 404 : 200, { id: 'v1', status: 'queued' }),
      cancel: (response, index) => json(response, index === 0 ? 503 : 200, {}),
    });
    const controller = new AbortController();
    await server.connect().generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    controller.abort('enough');
    await expect.poll(() => server.methods().filter((method) => method === 'DELETE').length).toBe(2);
    expect(server.warned).toEqual([]);
  });

  it('tells the job that could not be cancelled, and how to go on', async () => {
    const server = await startVideos({ cancel: (response) => json(response, 403, { error: 'not yours' }) });
    const controller = new AbortController();
    await server.connect().generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    controller.abort('enough');
    await expect.poll(() => server.warned.length).toBe(1);
    expect(server.warned[0]).toMatch(/"v1".*not yours.*client\.cancel\("v1"\)/s);
  });

  it('tells of a submit whose answer is lost after the abort: a job may have been made', async () => {
    const answer = gate();
    const server = await startVideos({
      submit: async (response) => {
        await answer.promise;
        response.destroy();
      },
    });
    const controller = new AbortController();
    const options = { signal: controller.signal, onAbort: 'cancel' } as const;
    const generating = server.connect().generate(prompt, options);
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort('enough');
    await expect(generating).rejects.toBe('enough');
    answer.open();
    await expect.poll(() => server.warned.length).toBe(1);
    expect(server.warned[0]).toContain('may have made a job');
  });

  it('sends a submit that is refused after the abort no more, and has nothing to tell', async () => {
    const answer = gate();
    const server = await startVideos({
      submit: async (response) => {
        await answer.promise;
        json(response, 429, {}, { 'retry-after': '0' });
      },
    });
    const client = server.connect();
    const controller = new AbortController();
    const generating = client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort('enough');
    await expect(generating).rejects.toBe('enough');
    answer.open();
    await client.close();
    expect(server.methods()).toEqual(['POST']);
    expect(server.warned).toEqual([]);
  });

  it('that failed leaves no listener, and a later abort tells nothing', async () => {
    const server = await startVideos({ submit: (response) => json(response, 400, { error: 'no' }) });
    const { controller, listeners } = countedSignal();
    const client = server.connect();
    const options = { signal: controller.signal, onAbort: 'cancel' } as const;
    expect((await errorOf(client.generate(prompt, options))).code).toBe('bad-request');
    expect(listeners()).toBe(0);
    controller.abort('late');
    await client.close();
    expect([server.methods(), server.warned]).toEqual([['POST'], []]);
  });

  it('lets go of the signal once the job is known to have ended', async () => {
    const server = await startVideos();
    const { controller, listeners } = countedSignal();
    const client = server.connect();
    const job = await client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    expect(listeners()).toBe(1);
    server.say('completed');
    await job.completed();
    expect(listeners()).toBe(0);
    controller.abort('late');
    await client.close();
    expect(server.methods()).not.toContain('DELETE');
  });

  it('of another word is refused', async () => {
    const server = await startVideos();
    const onAbort = 'canceled' as 'cancel';
    expect(await errorOf(server.connect().generate(prompt, { onAbort }))).toMatchObject({
      code: 'configuration',
      option: 'onAbort',
    });
    expect(server.seen).toHaveLength(0);
  });
});

describe('the caller’s signal', () => {
  it('has one listener, whatever hangs on it, and none when all is over', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 50 }] });
    const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
    const { id } = await client.generate(prompt);
    server.jobs.get(id)?.complete();
    const { controller, listeners } = countedSignal();
    const { signal } = controller;
    const all = Array.from({ length: 12 }, () => [
      client.download(id, { signal }).then((video) => video.bytes()),
      client.generate(prompt, { signal }),
      client.generate(prompt, { signal, onAbort: 'cancel' }),
      readAll(client.generateMany([prompt], { signal })),
      client.status(id, { signal }),
      client.cancel(id, { signal }),
      client.poll(id, { signal }),
      client.subscribe(id, { signal }).completed(),
      client.backend.list({}, { signal }),
    ]).flat();
    expect(listeners()).toBe(1);
    await expect.poll(() => server.requests.length).toBeGreaterThan(50);
    expect(listeners()).toBe(1);
    await Promise.all(all);
    await client.close();
    expect(listeners()).toBe(0);
  });

  it('ends a download that is read, and one that is read only after the abort', async () => {
    const server = await startServer({ videoBytes: 3_000_000 });
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.complete();
    const { controller, listeners } = countedSignal();
    const { signal } = controller;
    const [read, unread] = [await client.download(id, { signal }), await client.download(id, { signal })];
    const reader = read.stream().getReader();
    await reader.read();
    controller.abort('enough');
    await expect(
      (async () => {
        for (;;) if ((await reader.read()).done) return 'whole';
      })(),
    ).rejects.toBe('enough');
    await expect(unread.bytes()).rejects.toBe('enough');
    await expect(unread.bytes()).rejects.toBe('enough');
    expect(listeners()).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { MockServer } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';
import { call, isEnd, listen, run, startServer } from './comfy-ui-support.js';

describe('the frames of a job', () => {
  it('come in the order of the server, each node with its own, and the end after the history', async () => {
    const server = await startServer();
    const { frames } = await listen(server, 'me');
    expect(frames[0]).toEqual({
      type: 'status',
      data: { status: { exec_info: { queue_remaining: 0 } }, sid: 'me' },
    });
    const id = await run(server, 'me');
    await until(() => frames.some(isEnd), 'the end');
    const own = frames.filter(({ data }) => data?.prompt_id === id);
    const order = own.map(({ type }) => type);
    expect(order.slice(0, 4)).toEqual(['execution_start', 'execution_cached', 'progress_state', 'executing']);
    expect(order.slice(-3)).toEqual(['progress_state', 'execution_success', 'executing']);
    // Before it the queue is told to have one less.
    expect(frames.at(-2)).toEqual({
      type: 'status',
      data: { status: { exec_info: { queue_remaining: 0 } } },
    });
    for (const node of Object.keys(workflow())) {
      const begins = own.findIndex(({ type, data }) => type === 'executing' && data.node === node);
      expect(own[begins - 1]).toMatchObject({
        type: 'progress_state',
        data: { nodes: { [node]: { state: 'running', value: 0, max: 1 } } },
      });
      const ends = own.findIndex(
        ({ type, data }) => type === 'progress_state' && data.nodes?.[node]?.state === 'finished',
      );
      expect(ends).toBeGreaterThan(begins);
    }
    // A node that samples: state, progress, preview.
    const sampled = frames.findIndex(({ type }) => type === 'progress');
    expect(frames[sampled - 1]).toMatchObject({
      type: 'progress_state',
      data: { nodes: { 7: frames[sampled] && { max: 20 } } },
    });
    expect(frames[sampled + 1]?.type).toBe('binary');
    const saved = own.find(({ type }) => type === 'executed');
    expect(saved?.data).toMatchObject({
      node: '10',
      output: { images: [{ type: 'output' }], animated: [true] },
    });
  });

  it('go to whoever submitted; to all others no more than the state of the queue', async () => {
    const server = await startServer();
    const mine = await listen(server, 'me');
    const others = await listen(server);
    expect(others.frames[0]?.data.sid).toMatch(/^[\da-f]{32}$/);
    await run(server, 'me');
    await until(() => mine.frames.some(isEnd), 'the end');
    expect(new Set(others.types())).toEqual(new Set(['status']));
  });

  it('of a job without a client are its progress alone, for all', async () => {
    const server = await startServer();
    const { frames, types } = await listen(server, 'me');
    const id = await run(server, undefined);
    await until(
      async () => (await call(server, `/api/jobs/${id}`)).body.status === 'completed',
      'it has ended',
    );
    expect(new Set(types())).toEqual(new Set(['status', 'progress_state', 'progress', 'binary']));
    expect(frames.filter(isEnd)).toEqual([]);
  });

  it.each([
    [
      'execution_error',
      (server: MockServer, id: string) => void server.jobs.get(id)?.fail('out of memory', 'OOM'),
    ],
    [
      'execution_interrupted',
      (server: MockServer, id: string) => call(server, '/interrupt', { prompt_id: id }),
    ],
  ] satisfies [string, (server: MockServer, id: string) => unknown][])(
    'tell a failure, and then the same end: %s',
    async (type, end) => {
      const server = await startServer({ manual: true });
      const { frames, types } = await listen(server, 'me');
      const id = await run(server, 'me');
      server.jobs.get(id)?.advance({ status: 'processing', progress: 30 });
      await end(server, id);
      await until(() => frames.some(isEnd), 'the end');
      expect(
        types()
          .filter((one) => one !== 'status')
          .slice(-2),
      ).toEqual([type, 'executing']);
      const { body } = await call(server, `/api/jobs/${id}`);
      expect(body.status).toBe(type === 'execution_error' ? 'failed' : 'cancelled');
      expect(body.execution_error?.exception_message).toBe(
        type === 'execution_error' ? 'out of memory\n' : undefined,
      );
    },
  );

  it('name what need not run again, as it has before', async () => {
    const server = await startServer();
    const { frames } = await listen(server, 'me');
    await run(server, 'me');
    await until(() => frames.some(isEnd), 'the end');
    await run(server, 'me', workflow(2));
    await until(() => frames.filter(isEnd).length === 2, 'the end of the second');
    const [, second] = frames.filter(({ type }) => type === 'execution_cached');
    expect(Object.values(second?.data.nodes ?? {}).sort()).toEqual(['1', '2', '3', '4', '5', '6']);
  });
});

describe('a socket', () => {
  it('of a session that ends takes that of its successor with it, which is open and silent', async () => {
    const server = await startServer({ manual: true });
    const first = await listen(server, 'me');
    const second = await listen(server, 'me');
    first.socket.close();
    await until(() => server.streams.open.length === 1, 'it is gone');
    const before = second.frames.length;
    const id = await run(server, 'me');
    server.jobs.get(id)?.complete();
    await until(
      async () => (await call(server, `/api/jobs/${id}`)).body.status === 'completed',
      'it has ended',
    );
    expect(second.frames).toHaveLength(before);
    expect(second.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('that comes again while its job runs is told the node, and not the job', async () => {
    const server = await startServer({ manual: true });
    const id = await run(server, 'me');
    server.jobs.get(id)?.advance({ status: 'processing', progress: 55 });
    const { frames } = await listen(server, 'me');
    await until(() => frames.length === 2, 'the node');
    expect(frames[1]).toEqual({ type: 'executing', data: { node: '7' } });
  });

  it('has the flags of the server for its first message', async () => {
    const { socket, frames } = await listen(await startServer(), 'me');
    socket.send(JSON.stringify({ type: 'feature_flags', data: {} }));
    await until(() => frames.some(({ type }) => type === 'feature_flags'), 'the flags');
  });
});

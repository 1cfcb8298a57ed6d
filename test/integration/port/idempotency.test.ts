import { describe, expect, it } from 'vitest';
import type { SubmitOperation } from '../../../src/backends/backend.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { connect, plain, updateOf } from './support.js';

const job = { id: 'a', status: 'queued' };
const keysOf = (seen: readonly { headers: Record<string, unknown> }[]) =>
  seen.map(({ headers }) => headers['idempotency-key']);

describe('a server that ignores idempotency keys', () => {
  const backend = plain({ name: 'deaf', idempotency: 'none' as const });

  it('is sent nothing where the caller gives one', async () => {
    const server = await serve((_seen, response) => json(response, 200, job));
    const error = await errorOf(connect(server.url, backend).generate({}, { idempotencyKey: 'key' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(error.message).toContain('deaf');
    expect(server.seen).toEqual([]);
  });

  it('is told of no key in the hint, where a submit is lost', async () => {
    const server = await serve((_seen, response) => response.destroy());
    const error = await errorOf(connect(server.url, backend).generate({}));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(error.hint).toContain('look for the job');
    expect(error.hint).not.toContain('idempotencyKey');
    expect(server.seen).toHaveLength(1);
  });
});

describe('a server that honours idempotency keys', () => {
  const backend = plain({ idempotency: { windowMs: 60_000 } });

  it('is asked again with the same key, minted for each job, after an answer that was lost', async () => {
    const server = await serve((_seen, response, index) =>
      index < 2 ? response.destroy() : json(response, 200, job),
    );
    const client = connect(server.url, backend);
    expect((await client.generate({})).id).toBe('a');
    await client.generate({});
    const keys = keysOf(server.seen);
    expect(keys.slice(0, 3)).toEqual(Array(3).fill(expect.stringMatching(/^\S{16,}$/)));
    expect([new Set(keys.slice(0, 3)).size, new Set(keys).size]).toEqual([1, 2]);
  });

  it("is given the caller's key where there is one", async () => {
    const server = await serve((_seen, response) => json(response, 200, job));
    await connect(server.url, backend).generate({}, { idempotencyKey: 'mine' });
    expect(keysOf(server.seen)).toEqual(['mine']);
  });

  it('is given one by generateMany and by operations that submit, too', async () => {
    const server = await serve((_seen, response, index) =>
      index % 2 === 0 ? response.destroy() : json(response, 200, job),
    );
    const remix: SubmitOperation<undefined> = {
      submits: true,
      request: () => ({ method: 'POST', url: '/remix' }),
      parse: ({ body }) => updateOf(body),
    };
    const client = connect(server.url, { ...backend, operations: { remix } });
    await (client.backend as unknown as { remix(): Promise<unknown> }).remix();
    for await (const result of client.generateMany([{}]))
      expect(result).toMatchObject({ index: 0, job: { id: 'a' } });
    expect(server.seen).toHaveLength(4);
    expect(new Set(keysOf(server.seen)).size).toBe(2);
  });

  it('is not asked again once it may have forgotten the key', async () => {
    const server = await serve((_seen, response) => response.destroy());
    const forgetful = plain({ idempotency: { windowMs: 0 } });
    const error = await errorOf(connect(server.url, forgetful).generate({}));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(error.hint).toContain('look for the job');
    expect(server.seen).toHaveLength(1);
  });
});

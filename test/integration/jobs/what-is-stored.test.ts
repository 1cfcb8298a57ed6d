import { expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { createMockServer } from '../../../src/mock-server/index.js';
import { connect, errorOf, ignoring, input, startServer, storeWith } from './support.js';

const FIELDS = [
  ...['version', 'key', 'group', 'backend', 'baseUrl', 'state', 'idempotencyKey', 'inputDigest', 'decidedBy'],
  ...['jobId', 'error', 'metadata', 'createdAt', 'updatedAt'],
];

/** A store that keeps all that was ever written to it. */
function recording() {
  const written: JobRecord[] = [];
  const { store } = storeWith((inner) => ({
    add(record) {
      written.push(record);
      return inner.add(record);
    },
    put(record) {
      written.push(record);
      return inner.put(record);
    },
  }));
  return { store, written };
}

it('no input, credential, header, query, URL of a video, server’s raw words or progress is ever written', async () => {
  const secrets = {
    ...{ token: 'tok-3c1f9a', header: 'hdr-77ab10', prompt: 'prompt-of-the-caller', wallet: '0xdeadbeef' },
    ...{ signature: 'sig-5e5e5e', words: 'words-of-the-server' },
  };
  const server = await startServer({
    auth: { type: 'bearer', token: secrets.token },
    faults: [
      {
        ...{ route: 'generate', type: 'status', status: 422, after: 2, times: 1 },
        body: { error: `bad prompt ${secrets.prompt}`, message: secrets.words },
      },
    ],
  });
  const { store, written } = recording();
  const client = connect(server, {
    backend: ignoring(),
    auth: { type: 'bearer', token: secrets.token },
    headers: { 'x-tenant': secrets.header },
    jobs: jobsOver(store),
  });
  const given = { walletAddress: secrets.wallet, script: secrets.prompt };
  const [completed, failed] = [
    await client.generate(given, { key: 'completed', group: 'ada', metadata: { order: 7 } }),
    await client.generate(given, { key: 'failed' }),
  ];
  await errorOf(client.generate(given, { key: 'refused' }));
  server.jobs.get(completed.id)?.advance({ progress: 40 });
  server.jobs.get(completed.id)?.complete();
  server.jobs
    .get(failed.id)
    ?.fail(
      `could not fetch https://files.test/in.png?X-Signature=${secrets.signature} with ${secrets.token}`,
    );
  const { videoUrl } = await completed.completed();
  await errorOf(failed.completed());
  await client.close();

  expect(written.map(({ key, state }) => `${key} ${state}`)).toEqual(
    expect.arrayContaining([
      ...['completed submitting', 'completed submitted', 'completed completed'],
      ...['failed submitting', 'failed submitted', 'failed failed', 'refused submitting', 'refused refused'],
    ]),
  );
  const text = JSON.stringify(written);
  for (const secret of [...Object.values(secrets), videoUrl ?? 'no URL'].filter((s) => s !== secrets.words))
    expect(text, secret).not.toContain(secret);
  expect(text).not.toContain(secrets.words);
  // Why it failed is kept, without what was signed.
  expect(written.find(({ state }) => state === 'failed')?.error).toContain(
    'could not fetch https://files.test/in.png?…',
  );
  for (const record of written) expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(record)));
});

it('an operation that submits is recorded under its name: the same arguments of another are another input', async () => {
  const server = await createMockServer({ manual: true });
  const { store, written } = recording();
  await using client = new VideoClient({
    baseUrl: server.url,
    backend: openAIVideos(),
    jobs: jobsOver(store),
  });
  const first = await client.generate({ prompt: 'A cat' });
  server.jobs.get(first.id)?.complete();
  const remix = await client.backend.remix(
    { jobId: first.id, prompt: 'A dog' },
    { key: 'remix-1', group: 'ada' },
  );
  expect(remix.key).toBe('remix-1');
  const again = await client.backend.remix(
    { jobId: first.id, prompt: 'A dog' },
    { key: 'remix-1', group: 'ada' },
  );
  expect(again.id).toBe(remix.id);
  expect(server.requests.filter(({ route }) => route === 'remix')).toHaveLength(1);
  expect(await errorOf(client.generate({ prompt: 'A dog' }, { key: 'remix-1', group: 'ada' }))).toMatchObject(
    { field: 'key' },
  );
  expect(written.map(({ state }) => state)).toEqual(expect.arrayContaining(['submitting', 'submitted']));
  await server.close();
});

it('nothing is written of a bad input', async () => {
  const server = await startServer();
  const { store, written } = recording();
  const client = connect(server, { jobs: jobsOver(store) });
  expect(await errorOf(client.generate({ ...input, script: '' }, { key: 'order-7' }))).toMatchObject({
    field: 'script',
  });
  for (const [options, field] of [
    [{ key: '' }, 'key'],
    [{ key: 'a b' }, 'key'],
    [{ key: 'é' }, 'key'],
    [{ key: 'x'.repeat(256) }, 'key'],
    [{ key: 7 }, 'key'],
    [{ group: '' }, 'group'],
    [{ group: 'a\nb' }, 'group'],
    [{ metadata: { text: 'x'.repeat(4_096) } }, 'metadata'],
    [{ metadata: 10n }, 'metadata'],
    [{ metadata: () => {} }, 'metadata'],
    [{ idempotencyKey: 'a b' }, 'idempotencyKey'],
  ] as const)
    expect(await errorOf(client.generate(input, options as object))).toMatchObject({
      code: 'invalid-input',
      field,
    });
  expect(await errorOf(client.generate(input, { keys: 'x' } as object))).toMatchObject({
    code: 'configuration',
    option: 'keys',
  });
  expect(written).toEqual([]);
  expect(server.requests).toHaveLength(0);
});

import { expect, it } from 'vitest';
import { connect, input, startServer, submits } from './support.js';

/** As plain JavaScript calls: what is misspelt would be ignored, an idempotency key among it. */
const calls = async () => {
  const server = await startServer({ manual: true });
  const client = connect(server);
  const job = await client.generate(input);
  const many = async (options: object) => {
    for await (const { job } of client.generateMany([input], options)) job?.close();
  };
  return { client, job, many, server };
};

it.each([
  ['generate', 'idempotencykey', 'idempotencyKey'],
  ['generate', 'onabort', 'onAbort'],
  ['many', 'concurency', 'concurrency'],
] as const)('%s sends nothing for an option there is not: %s', async (name, wrong, meant) => {
  const { client, many, server } = await calls();
  const call = name === 'generate' ? client.generate(input, { [wrong]: 'k' }) : many({ [wrong]: 2 });
  await expect(call).rejects.toMatchObject({
    code: 'configuration',
    option: wrong,
    hint: `Did you mean "${meant}"?`,
  });
  expect(submits(server)).toBe(1);
});

it('waits and downloads refuse an option there is not, and name their job', async () => {
  const { client, job } = await calls();
  const refused = { code: 'configuration', option: 'timeout', jobId: job.id };
  const options = { timeout: 5 } as object;
  await expect(job.completed(options)).rejects.toMatchObject(refused);
  await expect(client.download(job.id, options)).rejects.toMatchObject(refused);
});

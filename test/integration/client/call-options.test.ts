import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import type { ConfigurationError } from '../../../src/errors.js';
import { connect, errorOf, input, startServer, submits } from './support.js';

/** As plain JavaScript calls: what is misspelt would be ignored, an idempotency key among it. */
const calls = async () => {
  const server = await startServer({ manual: true });
  const client = connect(server, { backend: openAIVideos() });
  const job = await client.generate({ prompt: 'A paper boat' });
  const many = async (options: object) => {
    for await (const { job } of client.generateMany([{ prompt: 'A paper boat' }], options)) job?.close();
  };
  const { backend } = client;
  /** Each call that takes options, with the right name of one of its own. */
  const byName: Record<string, (options: object) => unknown> = {
    generate: (options) => client.generate({ prompt: 'A paper boat' }, options),
    generateMany: many,
    subscribe: (options) => client.subscribe(job.id, options),
    status: (options) => client.status(job.id, options),
    poll: (options) => client.poll(job.id, options),
    download: (options) => client.download(job.id, options),
    cancel: (options) => client.cancel(job.id, options),
    diagnose: (options) => client.diagnose(options),
    'backend.list': (options) => backend.list({}, options),
    'backend.remix': (options) => backend.remix({ jobId: job.id, prompt: 'In the rain' }, options),
    'job.completed': (options) => job.completed(options),
    'job.download': (options) => job.download(options),
    'job.cancel': (options) => job.cancel(options),
  };
  return { server, job, byName };
};

const NAMES = {
  generate: { wrong: 'idempotencykey', meant: 'idempotencyKey' },
  generateMany: { wrong: 'concurency', meant: 'concurrency' },
  subscribe: { wrong: 'timeout', meant: 'timeoutMs' },
  status: { wrong: 'signals', meant: 'signal' },
  poll: { wrong: 'onupdate', meant: 'onUpdate' },
  download: { wrong: 'varient', meant: 'variant' },
  cancel: { wrong: 'sginal', meant: 'signal' },
  diagnose: { wrong: 'Signal', meant: 'signal' },
  'backend.list': { wrong: 'signall', meant: 'signal' },
  'backend.remix': { wrong: 'onabort', meant: 'onAbort' },
  'job.completed': { wrong: 'timeout', meant: 'timeoutMs' },
  'job.download': { wrong: 'onprogress', meant: 'onProgress' },
  'job.cancel': { wrong: 'signals', meant: 'signal' },
};

describe.each(Object.entries(NAMES))('%s', (name, { wrong, meant }) => {
  const isAboutJob = !/^(generate|diagnose|backend)/.test(name);

  it.each([
    ['an option there is not', { [wrong]: 5 }, wrong, `Did you mean "${meant}"?`],
    ['a signal that is none', { signal: 'now' }, 'signal', undefined],
    ['options that are none', 7, 'options', undefined],
  ])('refuses %s, and sends nothing', async (_, options, option, hint) => {
    const { server, job, byName } = await calls();
    const before = server.requests.length;
    const error = await errorOf(async () => byName[name]?.(options as object));
    const told = { code: error.code, option: (error as ConfigurationError).option, hint: error.hint };
    expect(told).toEqual({ code: 'configuration', option, hint });
    expect(error.jobId).toBe(isAboutJob ? job.id : undefined);
    expect(server.requests).toHaveLength(before);
  });
});

it('generate of the default backend, too, sends nothing for a key that is misspelt', async () => {
  const server = await startServer();
  const options = { idempotencykey: 'k' } as object;
  await expect(connect(server).generate(input, options)).rejects.toMatchObject({ option: 'idempotencykey' });
  expect(submits(server)).toBe(0);
});

it('download refuses an onProgress that is no function', async () => {
  const { job, byName } = await calls();
  const refused = { code: 'configuration', option: 'onProgress', jobId: job.id };
  await expect(byName.download?.({ onProgress: 'bar' })).rejects.toMatchObject(refused);
});
